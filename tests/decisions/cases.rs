//! Random instances under a few policies, some with a past in which they were duly warned.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{
    EndedStop, Evidence, Freeze, History, InstanceFacts, NoticeState, PastNotice, Source, StopKey, StopResult, Use,
};
use lightsout::policy::Policy;
use lightsout::rules::{Moment, Verdict, evaluate, terms_of};
use lightsout::units::{InstanceId, When};
use proptest::prelude::*;

use crate::cloud::heard::{account, later, quiet};
use crate::cloud::{Compute, workspace_id};
use crate::policies::policy_of;

/// Policies of every kind, in words that hold for all of them: `mode`, `scope` and the cap on idle stops are added.
pub(crate) const POLICIES: [&str; 6] = [
    "hours = { zone = \"Europe/Madrid\", allowed = [\"Mon-Fri 08:00-20:00\"] }",
    "hours = { zone = \"Asia/Kolkata\", allowed = [\"daily 06:00-02:30\"], respect_start_for = \"2h\", catch_up = \"3h\", spread = \"10m\" }",
    "idle.after = \"90m\"",
    "uptime.max = \"20h\"\nbusy.cap = \"1h\"",
    "hours = { zone = \"America/New_York\", allowed = [\"Mon-Fri 07:00-19:00\"] }\nidle.after = \"2h\"\nuptime.max = \"30h\"\nguard.include_unknown_owner = true",
    "hours = { zone = \"Europe/Madrid\", allowed = [\"Mon-Fri 08:00-20:00\"], no_action = [\"2026-03-25\"] }\nidle.after = \"1h\"\nwarning = { lead = \"5m\", proof = \"recorded\" }",
];

/// A policy of this text, which acts everywhere.
pub(crate) fn policy(text: &str) -> Arc<Policy> {
    policy_of(&format!("name = \"p\"\nmode = \"enforce\"\nscope.workspaces = [\"*\"]\n{text}\n"))
}

/// Everything that one verdict depends on.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) policy: Arc<Policy>,
    pub(crate) facts: InstanceFacts,
    pub(crate) evidence: Evidence,
    pub(crate) history: History,
    pub(crate) freeze: Freeze,
    pub(crate) now: Timestamp,
}

impl Case {
    pub(crate) fn verdict(&self) -> Verdict {
        evaluate(&Moment::new(&self.policy, self.now), &self.facts, &self.evidence, &self.history, &self.freeze)
    }

    /// The lead of its warnings.
    pub(crate) fn lead(&self) -> SignedDuration {
        let warning = &terms_of(&self.policy, &self.facts).warning;
        if self.facts.owner.is_unknown() { warning.lead_unknown_owner.duration() } else { warning.lead.duration() }
    }

    /// Lives on for some minutes, and is warned as it would be.
    fn live(&mut self, minutes: u16) {
        for _ in 0..minutes {
            if let Some(key) = self.verdict().notice {
                let state = NoticeState::Delivered { at: self.now };
                self.history.notices.push(PastNotice { key: *key, recorded_at: self.now, state });
            }
            self.now = self.now.checked_add(SignedDuration::from_mins(1)).unwrap();
            self.facts.observed_at = self.now;
            self.evidence.tracks.iter_mut().for_each(|track| *track = later(track, self.now));
        }
    }
}

fn ago(now: Timestamp, minutes: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_mins(minutes)).unwrap()
}

/// Minutes into the week, of the start, of the quiet time, and lived until the verdict.
type Times = (i64, i64, i64, u16);

fn built(index: usize, (minute, started, silent, lived): Times, (owner, stopped, known): (bool, bool, bool)) -> Case {
    let monday: Timestamp = "2026-03-23T00:00:00Z".parse().unwrap();
    let now = monday.checked_add(SignedDuration::from_mins(minute)).unwrap();
    let id = InstanceId::new(workspace_id("ws-a"), "ci-a").unwrap();
    let mut facts = Compute::started(id, ago(now, started)).read(now);
    if !owner {
        facts.owner = Arc::default();
    }
    let mut evidence = Evidence::default();
    if known {
        evidence.tracks.push(quiet(ago(now, silent), 100, now));
    }
    let mut history =
        History { first_seen: When::at(ago(now, 5000)), on_since: When::at(ago(now, started)), ..History::default() };
    if stopped {
        let (asked_at, ended_at) = (ago(now, started + 20), ago(now, started + 19));
        history.stops.push(EndedStop {
            key: StopKey("idle/p/earlier".into()),
            asked_at,
            ended_at,
            result: StopResult::Stopped,
        });
    }
    let policy = policy(POLICIES.get(index).unwrap());
    let mut case = Case { policy, facts, evidence, history, freeze: Freeze::Off, now };
    case.live(lived);
    case
}

/// Any instance that is on.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    let times = (0_i64..10_080, 0_i64..4_320, 0_i64..600, 0_u16..40);
    let flags = (prop::bool::weighted(0.8), any::<bool>(), prop::bool::weighted(0.8));
    (0..POLICIES.len(), times, flags).prop_map(|(index, times, flags)| built(index, times, flags))
}

/// What a source says on top of what was heard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    source: Source,
    now: Use,
    /// Minutes before now: of its word, and of the newest use that it saw.
    word: i64,
    used: i64,
}

impl Told {
    pub(crate) const fn source(&self) -> Source {
        self.source
    }

    /// Tells it: what the same source said before stays said, and nobody saw less use for it.
    pub(crate) fn tell(self, case: &mut Case) {
        let (word, used) = (ago(case.now, self.word.min(self.used)), ago(case.now, self.used));
        let held = case.evidence.of(self.source).cloned();
        let fresh = account(self.source, self.now, used, word);
        let mut track = held.filter(|held| held.as_of >= word).unwrap_or(fresh);
        if self.now == Use::Busy {
            track.now = Use::Busy;
        }
        track.last_busy = track.last_busy.max(used.into());
        case.evidence.tracks.retain(|held| held.source != self.source);
        case.evidence.tracks.push(track);
    }
}

/// Any source, with any word.
pub(crate) fn told() -> impl Strategy<Value = Told> {
    let source = prop::sample::select(vec![Source::Agent, Source::Monitor, Source::Promql, Source::Queue]);
    let now = prop::sample::select(vec![Use::Busy, Use::Connected, Use::Quiet, Use::Unknown]);
    (source, now, 0_i64..30, 0_i64..600).prop_map(|(source, now, word, used)| Told { source, now, word, used })
}

impl Case {
    /// A source says nothing any more since so many minutes before now; what it said before is what there is.
    pub(crate) fn lose(&mut self, source: Source, minutes: i64) {
        let end = ago(self.now, minutes);
        for track in self.evidence.tracks.iter_mut().filter(|track| track.source == source) {
            track.as_of = track.as_of.min(end);
            for stretch in &mut track.watched {
                (stretch.from, stretch.to) = (stretch.from.min(end), stretch.to.min(end));
            }
        }
    }
}
