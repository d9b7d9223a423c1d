//! What is known of every workspace and instance, in memory: a mirror of the journal that sightings keep up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::entry::Entry;
use super::pace::Pace;
use super::staleness::Gap;
use crate::facts::{Completeness, EndedStop, InstanceFacts, Inventory, PowerState, StopResult, WorkspaceFacts};
use crate::policy::Policy;
use crate::ports::{Remembered, Sighting};
use crate::units::InstanceId;

/// Who governs a workspace.
#[derive(Debug, Clone)]
pub(super) enum Rule {
    Governed(Arc<Policy>),
    Ungoverned,
    Conflict(String),
}

/// One workspace.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) facts: WorkspaceFacts,
    pub(super) rule: Rule,
    pub(super) read_at: Option<Timestamp>,
    pub(super) tried_at: Option<Timestamp>,
    pub(super) pace: Pace,
    pub(super) gap: Gap,
    pub(super) read_ms: u64,
    pub(super) fault: Option<(&'static str, String)>,
    pub(super) failures: u32,
    /// Boxed: a map keeps room for more entries than it has.
    pub(super) entries: BTreeMap<InstanceId, Box<Entry>>,
    pub(super) skipped: u32,
    pub(super) partial: Vec<String>,
    /// Not in the last answer to what workspaces there are.
    pub(super) absent: bool,
    /// When it came from another replica; none where this process has had it since its start.
    pub(super) taken_at: Option<Timestamp>,
    /// Instances that are gone, for the case that they come back: holds outlast a list that left them out twice.
    departed: BTreeMap<InstanceId, Box<Entry>>,
}

/// What one inventory changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) sightings: Vec<Sighting>,
    pub(super) gone: Vec<(InstanceId, Timestamp)>,
    /// Instances that are absent for the first time.
    pub(super) absent: Vec<InstanceId>,
    /// Intents whose instance is gone, or another one by now (fault 16, 28).
    pub(super) closed: Vec<(InstanceId, String)>,
    /// Instances that a reading left out for the first time, and when they were last seen.
    pub(super) unseen: Vec<(InstanceId, Timestamp)>,
    /// Instances that are seen again after they were left out.
    pub(super) seen_again: Vec<InstanceId>,
}

impl Changes {
    /// Those of another workspace beside these.
    pub(super) fn add(&mut self, other: Self) {
        self.sightings.extend(other.sightings);
        self.gone.extend(other.gone);
        self.absent.extend(other.absent);
        self.closed.extend(other.closed);
        self.unseen.extend(other.unseen);
        self.seen_again.extend(other.seen_again);
    }
}

/// So long after an operation an answer that does not know of it is a lagging replica's; then it is believed.
const LAGS: SignedDuration = SignedDuration::from_mins(10);

/// What was done with an instance that is gone is remembered so long, for stops of a day and a half (G15).
const DEPARTED: SignedDuration = SignedDuration::from_hours(36);

/// So long an instance that lists left out twice may be none that was deleted.
const MAY_RETURN: SignedDuration = SignedDuration::from_hours(1);

impl Place {
    pub(super) fn new(facts: WorkspaceFacts, rule: Rule) -> Self {
        Self {
            facts,
            rule,
            read_at: None,
            tried_at: None,
            pace: Pace::default(),
            gap: Gap::default(),
            read_ms: 0,
            fault: None,
            failures: 0,
            entries: BTreeMap::new(),
            skipped: 0,
            partial: Vec::new(),
            absent: false,
            taken_at: None,
            departed: BTreeMap::new(),
        }
    }

    /// An instance, also one that is gone since a little while.
    pub(super) fn known(&self, id: &InstanceId) -> Option<&Entry> {
        self.entries.get(id).or_else(|| self.departed.get(id)).map(|entry| &**entry)
    }

    /// Since when it is decided about here.
    pub(super) fn since(&self, started_at: Timestamp) -> Timestamp {
        self.taken_at.map_or(started_at, |at| at.max(started_at))
    }

    /// The policy that governs it.
    pub(super) const fn policy(&self) -> Option<&Arc<Policy>> {
        match &self.rule {
            Rule::Governed(policy) => Some(policy),
            Rule::Ungoverned | Rule::Conflict(_) => None,
        }
    }

    /// True while an instance may come back that somebody holds, or that was there a little while ago.
    pub(super) fn misses_any(&self, now: Timestamp) -> bool {
        let counts = |entry: &Entry| {
            now.duration_since(entry.last_seen) < MAY_RETURN || entry.history.holds.iter().any(|hold| now < hold.until)
        };
        self.departed.values().any(|entry| counts(entry))
    }

    /// Takes over what the journal remembers.
    pub(super) fn remember(&mut self, id: InstanceId, mut remembered: Remembered) {
        // The end of use would have been written down: it lasted until the last look at least.
        if remembered.facts.state == PowerState::JobRunning {
            let last_busy = &mut remembered.history.last_busy;
            *last_busy = (*last_busy).max(remembered.last_seen.into());
        }
        // the row is as old as its last change: written by who did not remember this, it was off from then on
        if remembered.facts.state == PowerState::Stopped {
            let off_since = &mut remembered.history.off_since;
            *off_since = off_since.or(remembered.facts.observed_at);
        }
        let entry = Entry {
            facts: Arc::new(remembered.facts),
            last_seen: remembered.last_seen,
            history: remembered.history,
            evidence: None,
            verdict: None,
            native: Default::default(),
            start: None,
            held_back: None,
            unseen: true,
            absent: remembered.absent,
        };
        self.entries.insert(id, Box::new(entry));
    }

    /// Takes in a whole reading of the workspace.
    pub(super) fn absorb(&mut self, inventory: Inventory) -> Changes {
        let mut changes = Changes::default();
        let now = inventory.taken_at;
        self.departed.retain(|_, entry| {
            now.duration_since(entry.last_seen) < DEPARTED || entry.history.holds.iter().any(|hold| now < hold.until)
        });
        let unseen_before: BTreeSet<InstanceId> =
            self.entries.iter().filter(|(_, entry)| entry.unseen).map(|(id, _)| id.clone()).collect();
        self.entries.values_mut().for_each(|entry| entry.unseen = true);
        let seen: BTreeSet<InstanceId> = inventory.instances.iter().map(|facts| facts.id.clone()).collect();
        for facts in inventory.instances {
            self.see(facts, &mut changes);
        }
        self.skipped = inventory.skipped;
        self.partial = match inventory.completeness {
            Completeness::Whole => {
                self.miss(&seen, now, &mut changes);
                Vec::new()
            }
            Completeness::Partial(left_out) => left_out,
        };
        // what was remembered is told of either way at the first reading: nobody knows how the journal has it
        let first = self.tried_at.is_none();
        let news = |id: &InstanceId, entry: &Entry| first || entry.unseen != unseen_before.contains(id);
        for (id, entry) in self.entries.iter().filter(|(id, entry)| news(id, entry)) {
            if entry.unseen {
                changes.unseen.push((id.clone(), entry.last_seen));
            } else {
                changes.seen_again.push(id.clone());
            }
        }
        changes
    }

    /// Takes in one instance.
    pub(super) fn see(&mut self, facts: Arc<InstanceFacts>, changes: &mut Changes) {
        let id = facts.id.clone();
        let facts = self.with_known_life(facts);
        match self.entries.get_mut(&id) {
            Some(entry) if entry.facts.created.is_none() || entry.facts.created == facts.created => {
                // an answer older than one already seen is a lagging replica (fault 25), which does not lag for ever
                if !lags(&facts, &entry.facts) {
                    changes.sightings.extend(entry.update(facts));
                }
            }
            other => {
                // Another life of the same name (fault 28): the journal retires the old one when it is told of the new.
                changes
                    .closed
                    .extend(other.and_then(|old| old.history.open.as_ref().map(|open| (id.clone(), open.id.clone()))));
                let before = self.departed.remove(&id).filter(|entry| entry.facts.created == facts.created);
                // the same operation is its last: it ran on while it was not listed, and what used it then is of this run
                let ran_on = before.as_ref().is_some_and(|before| before.ran_on(&facts));
                let (history, evidence) = before.map(|entry| (entry.history, entry.evidence)).unzip();
                let (mut entry, sighting) = Entry::first(facts, history, ran_on);
                // what was in use when it was last heard of is so still, until its source says otherwise (G17)
                entry.evidence = evidence.flatten();
                changes.sightings.push(sighting);
                self.entries.insert(id, Box::new(entry));
            }
        }
    }

    /// An answer that does not say when the instance was created, or says it with fewer digits, tells of no other life:
    /// what is known of it stands, and so do its holds and the stop under way.
    fn with_known_life(&self, facts: Arc<InstanceFacts>) -> Arc<InstanceFacts> {
        let known = self.entries.get(&facts.id).or_else(|| self.departed.get(&facts.id));
        let Some(known) = known.and_then(|entry| entry.facts.created.known()) else { return facts };
        let same = facts.created.known().is_none_or(|said| said.as_second() == known.as_second());
        if !same || facts.created == known.into() {
            return facts;
        }
        Arc::new(InstanceFacts { created: known.into(), ..InstanceFacts::clone(&facts) })
    }

    /// Absent once is a page that moved; absent twice is gone (fault 27).
    fn miss(&mut self, seen: &BTreeSet<InstanceId>, now: Timestamp, changes: &mut Changes) {
        let gone: Vec<_> = self
            .entries
            .extract_if(.., |id, entry| {
                let (was_absent, is_absent) = (entry.absent, !seen.contains(id));
                entry.absent = is_absent;
                if is_absent && !was_absent {
                    changes.absent.push(id.clone());
                }
                was_absent && is_absent
            })
            .collect();
        for (id, mut entry) in gone {
            changes.gone.push((id.clone(), entry.last_seen));
            if let Some(open) = entry.history.open.take() {
                let asked_at = open.sent_at.unwrap_or(open.intended_at);
                entry.history.stops.push(EndedStop {
                    key: open.key,
                    asked_at,
                    ended_at: now,
                    result: StopResult::Gone,
                });
                changes.closed.push((id.clone(), open.id));
            }
            self.departed.insert(id, entry);
        }
    }
}

/// True when the answer does not know yet of an operation that is known from one before.
fn lags(new: &InstanceFacts, old: &InstanceFacts) -> bool {
    match (new.last_operation.known(), old.last_operation.known()) {
        (Some(seen), Some(known)) => seen.at < known.at && new.observed_at.duration_since(known.at) < LAGS,
        (None | Some(_), None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests;
