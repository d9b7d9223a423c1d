//! The simulated Azure, which shares no type with the client: what its people do is what the client hears.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use lightsout::azure::{Azure, IdentityOptions, JobsOptions};
use lightsout::facts::{Source, Use};
use lightsout::ports::{Heard, Observe as _, Question, Witness as _};
use lightsout::sandbox::{DEMO_SUBSCRIPTIONS, Sandbox, SandboxClock, SandboxOptions, State, UseKind, demo};
use lightsout::units::SubscriptionId;

use crate::world::{TOKEN, TestClock, custom, token_file};
use crate::{REFRESH, monitor, of, remember};

struct Hand(Mutex<Timestamp>);

impl SandboxClock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct Estate {
    sandbox: Sandbox,
    clock: Arc<Hand>,
    azure: Azure<TestClock>,
    questions: Vec<Question>,
    _token: tempfile::NamedTempFile,
}

async fn estate(pages_max: usize) -> Estate {
    let beginning: Timestamp = "2026-03-16T00:00:00Z".parse().unwrap();
    let clock = Arc::new(Hand(Mutex::new(beginning)));
    let mut options = SandboxOptions::new(demo(1, beginning), clock.clone());
    options.static_token = Some(TOKEN.into());
    options.page_size = 3;
    let sandbox = Sandbox::start(options).await.unwrap();
    let token = token_file();
    let mut options = custom(&sandbox.base_url(), IdentityOptions::TokenFile { path: token.path().to_owned() });
    options.watch.subscriptions = DEMO_SUBSCRIPTIONS.iter().map(|id| SubscriptionId::new(id)).collect();
    options.monitor = Some(monitor(&sandbox.base_url()));
    options.jobs = Some(JobsOptions { refresh: REFRESH, pages_max });
    let azure = Azure::new(options, TestClock::new()).unwrap();
    let mut questions = Vec::new();
    for workspace in azure.discover().await.workspaces {
        let listed = azure.inventory(&workspace).await.unwrap();
        questions.extend(
            listed.instances.iter().map(|facts| of(workspace.id.clone(), workspace.region.clone(), facts.id.name())),
        );
    }
    Estate { sandbox, clock, azure, questions, _token: token }
}

impl Estate {
    async fn ask(&self) -> (Heard, Timestamp) {
        let now = self.clock.now();
        let heard = self.azure.ask(&self.questions, now).await;
        (heard, now)
    }

    /// Whether a job truly ran in some time.
    fn job_in(&self, id: &str, from: Timestamp, to: Timestamp) -> bool {
        self.sandbox.look(|world| world.truth(id).is_some_and(|one| one.used_in(UseKind::Job, from, to)))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_people_is_heard_as_it_was() {
    let mut estate = estate(500).await;
    assert!(estate.questions.len() > 10);
    let (mut busy, mut queued, mut taken_back) = (0, 0, 0);
    for _ in 0..144 {
        *estate.clock.0.lock().unwrap() += SignedDuration::from_mins(10);
        let (heard, now) = estate.ask().await;
        assert!(heard.faults.is_empty(), "{:?}", heard.faults);
        remember(&mut estate.questions, &heard);
        for (id, track) in &heard.tracks {
            let id = id.to_string();
            let lately = estate.job_in(&id, now - SignedDuration::from_mins(13), now);
            match (track.source, track.now) {
                (Source::Monitor, Use::Busy) => {
                    assert!(lately, "{id} at {now}: {track:?}");
                    busy += 1;
                }
                (Source::Queue, Use::Busy) => queued += usize::from(track.words.ends_with("Queued")),
                (Source::Queue | Source::Monitor, Use::Quiet) => {
                    assert!(track.watched.is_empty() && track.last_busy.known().is_some(), "{track:?}");
                    taken_back += 1;
                }
                _ => panic!("{track:?}"),
            }
        }
        // whatever runs as a job is in the list
        for question in &estate.questions {
            let id = question.instance.to_string();
            let runs =
                estate.sandbox.look(|world| world.truth(&id).is_some_and(|one| one.state() == State::JobRunning));
            let is_heard = heard
                .tracks
                .iter()
                .any(|(id, track)| *id == question.instance && track.source == Source::Queue && track.now == Use::Busy);
            assert!(is_heard || !runs, "{} at {now}", question.instance);
        }
    }
    assert!(busy > 10 && queued > 0 && taken_back > 10, "{busy} {queued} {taken_back}");
}

/// Three jobs of a list are seen: who was in use by one of them is asked about by its name, and is free again when it ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_cut_list_said_is_taken_back_when_its_job_ends() {
    let mut estate = estate(1).await;
    let (mut busy, mut taken_back) = (0, 0);
    for _ in 0..144 {
        *estate.clock.0.lock().unwrap() += SignedDuration::from_mins(10);
        let (heard, now) = estate.ask().await;
        remember(&mut estate.questions, &heard);
        for (id, track) in heard.tracks.iter().filter(|(_, track)| track.source == Source::Queue) {
            let id = id.to_string();
            match track.now {
                Use::Busy => busy += 1,
                Use::Quiet => {
                    taken_back += 1;
                    let runs = estate
                        .sandbox
                        .look(|world| world.truth(&id).is_some_and(|one| one.state() == State::JobRunning));
                    assert!(!runs, "{id} at {now}: {track:?}");
                }
                Use::Connected | Use::Unknown => panic!("{track:?}"),
            }
        }
    }
    let left: usize = estate
        .questions
        .iter()
        .flat_map(|question| &question.busy)
        .filter(|track| track.source == Source::Queue)
        .count();
    assert!(busy > 10 && taken_back > 5 && left < 5, "{busy} {taken_back} {left}");
}
