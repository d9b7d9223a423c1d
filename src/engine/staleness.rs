//! How old what is known of each workspace becomes, and why: measured from reading to reading, since right after one everything
//! is new.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::book::{Place, Rule};
use super::state::{Engine, State};
use crate::ports::World;
use crate::report::{FaultLine, PolicyStaleness, Staleness, StalenessView};
use crate::units::PolicyId;

/// The label of a bound that is not kept.
pub(super) const STALE: &str = "stale";

/// Being read so much after its time is no waiting: a sweep takes as long as it takes.
const LATE: SignedDuration = SignedDuration::from_secs(10);

/// From the reading before the last to the last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gap {
    length: SignedDuration,
    cause: Staleness,
}

impl Place {
    /// Notes a reading that worked.
    pub(super) fn read_again(&mut self, at: Timestamp) {
        if let Some(before) = self.read_at {
            self.gap = Gap { length: at.duration_since(before).max(SignedDuration::ZERO), cause: self.cause(at) };
        }
        self.read_at = Some(at);
    }

    /// Why it is not read sooner than `at`.
    fn cause(&self, at: Timestamp) -> Staleness {
        let waited = self.pace.wanted_at.map_or(SignedDuration::ZERO, |wanted| at.duration_since(wanted));
        if self.failures > 0 {
            Staleness::Failed
        } else if waited > LATE.max(self.pace.spared) {
            Staleness::Waited
        } else if self.pace.spared.is_positive() {
            Staleness::Quiet
        } else {
            Staleness::Interval
        }
    }

    /// How old what is known of it is, or became before it was last read.
    fn staleness(&self, now: Timestamp) -> Option<(i64, Staleness)> {
        let age = now.duration_since(self.read_at?);
        let now_or_then =
            if age > self.gap.length { (age, self.cause(now)) } else { (self.gap.length, self.gap.cause) };
        Some((now_or_then.0.as_secs(), now_or_then.1))
    }
}

impl<W: World> Engine<W> {
    /// The bound of a policy that names none.
    fn usual_bound(&self) -> i64 {
        i64::from(self.options.interval.as_secs()).saturating_mul(i64::from(self.options.quiet).saturating_add(1))
    }

    /// For every face.
    pub(super) fn staleness(&self, now: Timestamp) -> StalenessView {
        self.lock().staleness(now, self.usual_bound())
    }

    /// What is known of a workspace is older than its policy wants it, and nothing else says so.
    pub(super) fn stale(&self, now: Timestamp) -> Vec<FaultLine> {
        let usual = self.usual_bound();
        let state = self.lock();
        let mut worst: BTreeMap<&PolicyId, (i64, i64, &Place, usize)> = BTreeMap::new();
        for place in state.places.values().filter(|place| place.failures == 0) {
            let Some((policy, bound)) = bound_of(place, usual) else { continue };
            let Some(age) = place.read_at.map(|at| now.duration_since(at).as_secs()).filter(|age| *age > bound) else {
                continue;
            };
            let entry = worst.entry(policy).or_insert((age, bound, place, 0));
            entry.3 = entry.3.saturating_add(1);
            if age > entry.0 {
                (entry.0, entry.2) = (age, place);
            }
        }
        let line = |(policy, (age, bound, place, count)): (&PolicyId, (i64, i64, &Place, usize))| FaultLine {
            workspace: None,
            label: STALE,
            words: format!(
                "policy {policy}: {count} workspaces were last read longer ago than {bound} s, which is as old as what is known \
                 of them may become; {} was {age} s ago: {}",
                place.facts.id.name(),
                place.cause(now).words()
            ),
        };
        worst.into_iter().map(line).collect()
    }
}

/// Under which policy a workspace stands, and how old what is known of it may become, in seconds.
fn bound_of(place: &Place, usual: i64) -> Option<(&PolicyId, i64)> {
    match &place.rule {
        Rule::Governed(policy) => {
            Some((&policy.id, policy.seen_within.map_or(usual, |within| i64::from(within.as_secs()))))
        }
        Rule::Ungoverned | Rule::Conflict(_) => None,
    }
}

impl State {
    fn staleness(&self, now: Timestamp, usual: i64) -> StalenessView {
        let mut all: Vec<(i64, Staleness)> = Vec::with_capacity(self.places.len());
        let mut policies: BTreeMap<&PolicyId, PolicyStaleness> = BTreeMap::new();
        for place in self.places.values() {
            let Some((length, cause)) = place.staleness(now) else { continue };
            all.push((length, cause));
            let Some((policy, bound)) = bound_of(place, usual) else { continue };
            let is_worse = policies.get(policy).is_none_or(|found| found.worst < length);
            if is_worse {
                let (policy_name, workspace) = (policy.clone(), place.facts.id.clone());
                let found = PolicyStaleness { policy: policy_name, worst: length, bound, cause, workspace };
                policies.insert(policy, found);
            }
        }
        all.sort_unstable();
        // the last of each hundred is left out
        let at = all.len().saturating_sub(1).saturating_sub(all.len().checked_div(100).unwrap_or(0));
        let (p99, cause) = all.get(at).copied().unwrap_or_default();
        StalenessView { p99, cause, policies: policies.into_values().collect() }
    }
}
