//! What only grows: counters that are kept from sweep to sweep, fed by the report of each.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::teams::Teams;
use crate::facts::{Created, Verb};
use crate::guard::Refusal;
use crate::ports::FaultKind;
use crate::report::{FleetView, Outcome, StartOutcome, SweepReport};
use crate::rules::Ground;
use crate::units::{InstanceId, WorkspaceId};

/// Two sightings further apart say nothing of the time between: gaps stay gaps.
const GAP_MAX: SignedDuration = SignedDuration::from_hours(1);

/// What a failed stop's reason is held against: every fault's label, and what only a verified stop can fail of.
const FAULT_LABELS: [&str; 14] = [
    FaultKind::Throttled(None).label(),
    FaultKind::Unauthenticated.label(),
    FaultKind::Denied.label(),
    FaultKind::Gone.label(),
    FaultKind::Conflict.label(),
    FaultKind::DiskFull.label(),
    FaultKind::Refused.label(),
    FaultKind::Unreachable.label(),
    FaultKind::Garbled.label(),
    FaultKind::Unclear.label(),
    FaultKind::Storage.label(),
    FaultKind::Undelivered.label(),
    "operation_failed",
    "still_running",
];
const RESULTS: [&str; 3] = ["stopped", "started_again", "gone"];
const EDGES: [&str; 5] = ["not_running", "frozen", "catch_up", "start_not_running", "start_frozen"];
/// Faults of a sweep beside those of single requests.
const TROUBLES: [&str; 9] = [
    "stuck",
    "native_timer",
    "stop_overdue",
    "operation_overdue",
    "shrunk",
    "clock",
    "calendar",
    "freeze_unreadable",
    "stale",
];
/// What becomes of a start that was due.
const STARTS: [&str; 6] = ["would", "asked", "started", "failed", "kept_off", "missed"];
/// What becomes of proposals to delete what stays off.
const DELETIONS: [&str; 5] = ["sent", "deleted", "failed", "refused", "void"];
/// What a stop can be due for.
const GROUNDS: [&str; 4] =
    [Ground::OffHours.label(), Ground::Idle.label(), Ground::Uptime.label(), Ground::UnusedStart.label()];

/// Counters by one label of bounded values.
pub(super) type Counts = BTreeMap<&'static str, u64>;

/// What is counted over the life of the process.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) sweeps: u64,
    pub(super) warned: Counts,
    pub(super) planned: Counts,
    pub(super) refused: Counts,
    pub(super) attempted: Counts,
    pub(super) verified: Counts,
    pub(super) failed: Counts,
    pub(super) edges_missed: Counts,
    pub(super) starts: Counts,
    pub(super) deletions: Counts,
    pub(super) faults: Counts,
    pub(super) running: BTreeMap<WorkspaceId, i64>,
    pub(super) reloaded_at: Option<Timestamp>,
    pub(super) teams: Teams,
    billed: HashMap<InstanceId, (Created, Timestamp)>,
    counted: Option<(Option<Timestamp>, Option<Timestamp>)>,
}

/// Every label that is known stands at nought from the start: what appears with its first event was never seen to
/// increase.
impl Default for Tally {
    fn default() -> Self {
        let nought = |labels: &[&'static str]| -> Counts { labels.iter().map(|label| (*label, 0)).collect() };
        Self {
            sweeps: 0,
            warned: nought(&GROUNDS),
            planned: nought(&GROUNDS),
            refused: nought(&Refusal::ALL.map(Refusal::label)),
            attempted: nought(&GROUNDS),
            verified: nought(&[&RESULTS[..], &["already_stopped"]].concat()),
            failed: nought(&[&FAULT_LABELS[..], &["other"]].concat()),
            edges_missed: nought(&EDGES),
            starts: nought(&STARTS),
            deletions: nought(&DELETIONS),
            faults: nought(&[&FAULT_LABELS[..], &TROUBLES].concat()),
            running: BTreeMap::new(),
            reloaded_at: None,
            teams: Teams::default(),
            billed: HashMap::new(),
            counted: None,
        }
    }
}

impl Tally {
    /// Adds a view. A view that is published again after the same sweep counts nothing twice. True when it was a new sweep.
    pub(super) fn add(&mut self, view: &FleetView) -> bool {
        if let Ok(at) = view.reload {
            self.reloaded_at = self.reloaded_at.max(Some(at));
        }
        self.add_running(view);
        self.teams.meet(&view.money.sums);
        let this = (view.last.began_at, view.last.ended_at);
        if view.last.ended_at.is_none() || self.counted == Some(this) {
            return false;
        }
        self.counted = Some(this);
        self.sweeps = self.sweeps.saturating_add(1);
        self.add_report(&view.last);
        true
    }

    fn add_report(&mut self, report: &SweepReport) {
        for notice in &report.notices {
            one_more(&mut self.warned, known_ground(&notice.ground));
        }
        for (step, refusal) in &report.refused {
            one_more(&mut self.planned, step.ground.label());
            one_more(&mut self.refused, refusal.label());
        }
        for line in &report.stops {
            one_more(&mut self.planned, line.step.ground.label());
            self.add_outcome(line.step.ground.label(), &line.outcome);
        }
        for line in report.ladder.iter().filter(|line| DELETIONS.contains(&line.kind.label())) {
            one_more(&mut self.deletions, line.kind.label());
        }
        for (_, result) in &report.settled {
            // operations beside stops have their verb before the word, and are no stops
            let of = |verb: Verb| Some((verb, result.strip_prefix(verb.label())?.strip_prefix(' ')?));
            match Verb::ALL.into_iter().find_map(of) {
                None => self.add_settled(result),
                Some((Verb::Start, "done")) => one_more(&mut self.starts, "started"),
                Some((Verb::Start, "failed")) => one_more(&mut self.starts, "failed"),
                Some(_) => {}
            }
        }
        for line in &report.starts {
            self.add_start(&line.outcome);
        }
        for (_, missed, reason) in &report.edges_missed {
            let count = self.edges_missed.entry(reason).or_insert(0);
            *count = count.saturating_add(*missed);
        }
        for fault in &report.faults {
            one_more(&mut self.faults, fault.label);
        }
    }

    fn add_outcome(&mut self, ground: &'static str, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted => one_more(&mut self.attempted, ground),
            Outcome::AlreadyStopped => one_more(&mut self.verified, "already_stopped"),
            Outcome::Dropped { refusal, .. } => one_more(&mut self.refused, refusal.label()),
            Outcome::Failed { label, .. } => {
                one_more(&mut self.attempted, ground);
                one_more(&mut self.failed, known_fault(label));
            }
            Outcome::Unclear { .. } => {
                one_more(&mut self.attempted, ground);
                one_more(&mut self.failed, FaultKind::Unclear.label());
            }
        }
    }

    /// What waits is counted when it comes to something.
    fn add_start(&mut self, outcome: &StartOutcome) {
        match outcome {
            StartOutcome::Would | StartOutcome::KeptOff { .. } | StartOutcome::Missed { .. } => {
                one_more(&mut self.starts, outcome.label());
            }
            StartOutcome::Asked | StartOutcome::Unclear { .. } => one_more(&mut self.starts, "asked"),
            StartOutcome::Failed { .. } => {
                one_more(&mut self.starts, "asked");
                one_more(&mut self.starts, "failed");
            }
            StartOutcome::Waits { .. } => {}
        }
    }

    /// A settled stop by its result's word: `stopped`, `started_again`, `gone`, `dropped`, or why it failed.
    fn add_settled(&mut self, result: &str) {
        // an operation beside stops stands there as a verb and its end, and is counted elsewhere
        if Verb::ALL.iter().any(|verb| result.starts_with(&format!("{} ", verb.label()))) {
            return;
        }
        if let Some(seen) = RESULTS.iter().find(|known| **known == result) {
            one_more(&mut self.verified, seen);
        } else if result != "dropped" {
            one_more(&mut self.failed, known_fault(result));
        }
    }

    fn add_running(&mut self, view: &FleetView) {
        let mut billed = HashMap::with_capacity(self.billed.len());
        let mut running = BTreeMap::new();
        for (id, workspace) in &view.workspaces {
            let mut sum = self.running.get(id).copied().unwrap_or(0);
            for instance in workspace.instances.iter().filter(|i| i.facts.state.is_billed()) {
                let facts = &instance.facts;
                let seen_at = instance.seen_at.known().unwrap_or(facts.observed_at);
                let before = self.billed.get(&facts.id).filter(|(created, _)| *created == facts.created);
                let stretch = before.map(|(_, seen)| seen_at.duration_since(*seen));
                if let Some(stretch) = stretch.filter(|s| s.is_positive() && *s <= GAP_MAX) {
                    sum = sum.saturating_add(i64::try_from(stretch.as_millis()).unwrap_or(0));
                }
                let seen = before.map_or(seen_at, |(_, seen)| seen_at.max(*seen));
                billed.insert(facts.id.clone(), (facts.created, seen));
            }
            running.insert(id.clone(), sum);
        }
        self.billed = billed;
        self.running = running;
    }
}

fn one_more(counts: &mut Counts, label: &'static str) {
    let count = counts.entry(label).or_insert(0);
    *count = count.saturating_add(1);
}

fn known_fault(label: &str) -> &'static str {
    FAULT_LABELS.iter().find(|known| **known == label).copied().unwrap_or("other")
}

fn known_ground(label: &str) -> &'static str {
    Ground::ALL.iter().map(|ground| ground.label()).find(|known| *known == label).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::FaultLine;

    #[test]
    fn every_trouble_reads_back_as_itself() {
        for label in TROUBLES.into_iter().chain(EDGES) {
            let line = FaultLine { workspace: None, label, words: String::new() };
            let read: FaultLine = serde_json::from_value(serde_json::to_value(&line).unwrap()).unwrap();
            assert_eq!(read.label, label, "`lightsout status` has it from the service as JSON");
        }
    }
}
