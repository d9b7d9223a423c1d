//! Signs of use from Azure over a real socket: lists of jobs, metrics, and what the simulated people do.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "activity/jobs.rs"]
mod jobs;
#[path = "activity/metrics.rs"]
mod metrics;
#[path = "activity/people.rs"]
mod people;
#[path = "arm/world.rs"]
#[expect(dead_code, reason = "the world of another suite, of which this one needs a part")]
mod world;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::azure::{Azure, AzureOptions, IdentityOptions, JobsOptions, MonitorOptions};
use lightsout::facts::{Created, Tags, Track, Use, WorkspaceFacts};
use lightsout::ports::{Heard, Question, Witness as _};
use lightsout::units::{InstanceId, Percent, Region, Span, WorkspaceId};
use thin_vec::ThinVec;

use crate::world::{NOW, Reply, Seen, Server, TestClock, WS, custom, token_file};

pub(crate) const REFRESH: SignedDuration = SignedDuration::from_mins(5);

/// Minutes after the present of these tests.
pub(crate) fn at(minutes: i64) -> Timestamp {
    NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

pub(crate) fn question(workspace: &str, name: &str) -> Question {
    let id = WorkspaceId::parse(&WS.replace("ws-a", workspace)).unwrap();
    of(id, Region::new("westeurope"), name)
}

pub(crate) fn of(id: WorkspaceId, region: Region, name: &str) -> Question {
    Question {
        instance: InstanceId::new(id.clone(), name).unwrap(),
        created: Created::NONE,
        region: region.clone(),
        workspace: Arc::new(WorkspaceFacts { id, region, tags: Tags::default() }),
        window: Span::minutes(60),
        busy: ThinVec::new(),
        promql: None,
    }
}

/// What was heard of those in use is said with the next question, as the engine does.
pub(crate) fn remember(questions: &mut [Question], heard: &Heard) {
    for (id, track) in &heard.tracks {
        let asked = questions.iter_mut().find(|question| question.instance == *id).unwrap();
        asked.busy.retain(|held| held.source != track.source);
        asked.busy.extend([track.clone()].into_iter().filter(|track| track.now == Use::Busy));
    }
}

pub(crate) fn monitor(endpoint: &str) -> MonitorOptions {
    MonitorOptions {
        busy_from: Percent::new(5).unwrap(),
        refresh: REFRESH,
        endpoint: Some(endpoint.to_owned()),
        token_scope: None,
    }
}

/// An Azure that answers as it is told.
pub(crate) struct Place {
    pub(crate) azure: Azure<TestClock>,
    pub(crate) arm: Server,
    _token: tempfile::NamedTempFile,
}

impl Place {
    pub(crate) async fn with(
        change: impl FnOnce(&mut AzureOptions, &str),
        answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let (arm, token) = (Server::start(answer).await, token_file());
        let mut options = custom(&arm.url(), IdentityOptions::TokenFile { path: token.path().to_owned() });
        options.tries_max = 1;
        change(&mut options, &arm.url());
        Self { azure: Azure::new(options, TestClock::new()).unwrap(), arm, _token: token }
    }

    pub(crate) async fn jobs(pages_max: usize, answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(|options, _| options.jobs = Some(JobsOptions { refresh: REFRESH, pages_max }), answer).await
    }

    pub(crate) async fn metrics(answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(|options, url| options.monitor = Some(monitor(url)), answer).await
    }

    pub(crate) async fn ask(&self, questions: &[Question], minutes: i64) -> Heard {
        self.azure.ask(questions, at(minutes)).await
    }
}

/// Each account as a word.
pub(crate) fn said(heard: &Heard) -> Vec<String> {
    let word = |track: &Track| match track.now {
        Use::Busy => "busy",
        Use::Quiet => "quiet",
        Use::Unknown => "unknown",
        Use::Connected => "connected",
    };
    let mut all: Vec<String> =
        heard.tracks.iter().map(|(id, track)| format!("{} {}", id.name(), word(track))).collect();
    all.sort();
    all
}

#[tokio::test]
async fn without_a_setting_nothing_is_asked() {
    let place = Place::with(|_, _| {}, |_, _| Reply::Say(500, Vec::new(), Vec::new())).await;
    assert!(place.azure.sources().is_empty());
    let heard = place.ask(&[question("ws-a", "ci-a")], 0).await;
    assert!(heard.tracks.is_empty() && heard.faults.is_empty() && place.arm.connections() == 0);
}
