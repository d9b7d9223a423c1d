//! What is known of every workspace and instance, in memory: a mirror of the journal that sightings keep up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::{Activity, Completeness, History, InstanceFacts, Inventory, PowerState, WorkspaceFacts};
use crate::policy::Policy;
use crate::ports::{Remembered, Sighting};
use crate::rules::Verdict;
use crate::units::InstanceId;

/// One instance.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) facts: Arc<InstanceFacts>,
    pub(super) last_seen: Timestamp,
    pub(super) history: History,
    pub(super) verdict: Option<Arc<Verdict>>,
    pub(super) absent: bool,
}

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
    pub(super) read_ms: u64,
    pub(super) fault: Option<(&'static str, String)>,
    pub(super) failures: u32,
    pub(super) entries: BTreeMap<InstanceId, Entry>,
    pub(super) skipped: u32,
    pub(super) partial: Vec<String>,
}

/// What one inventory changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) sightings: Vec<Sighting>,
    pub(super) gone: Vec<(InstanceId, Timestamp)>,
}

impl Place {
    pub(super) fn new(facts: WorkspaceFacts, rule: Rule) -> Self {
        Self {
            facts,
            rule,
            read_at: None,
            tried_at: None,
            read_ms: 0,
            fault: None,
            failures: 0,
            entries: BTreeMap::new(),
            skipped: 0,
            partial: Vec::new(),
        }
    }

    /// Takes over what the journal remembers.
    pub(super) fn remember(&mut self, id: InstanceId, remembered: Remembered) {
        let entry = Entry {
            facts: Arc::new(remembered.facts),
            last_seen: remembered.last_seen,
            history: remembered.history,
            verdict: None,
            absent: false,
        };
        self.entries.insert(id, entry);
    }

    /// Takes in a whole reading of the workspace.
    pub(super) fn absorb(&mut self, inventory: Inventory) -> Changes {
        let mut changes = Changes::default();
        let seen: BTreeSet<InstanceId> = inventory.instances.iter().map(|facts| facts.id.clone()).collect();
        for facts in inventory.instances {
            self.see(facts, &mut changes);
        }
        self.skipped = inventory.skipped;
        self.partial = match inventory.completeness {
            Completeness::Whole => {
                self.miss(&seen, &mut changes);
                Vec::new()
            }
            Completeness::Partial(left_out) => left_out,
        };
        changes
    }

    /// Takes in one instance.
    pub(super) fn see(&mut self, facts: Arc<InstanceFacts>, changes: &mut Changes) {
        let id = facts.id.clone();
        match self.entries.get_mut(&id) {
            Some(entry) if entry.facts.created == facts.created => {
                // an answer older than one already seen is a lagging replica (fault 25)
                if !is_older(&facts, &entry.facts) {
                    changes.sightings.extend(entry.update(facts));
                }
            }
            other => {
                if let Some(old) = other {
                    changes.gone.push((id.clone(), old.last_seen)); // another life of the same name (fault 28)
                }
                let (entry, sighting) = Entry::first(facts);
                changes.sightings.push(sighting);
                self.entries.insert(id, entry);
            }
        }
    }

    /// Absent once is a page that moved; absent twice is gone (fault 27).
    fn miss(&mut self, seen: &BTreeSet<InstanceId>, changes: &mut Changes) {
        self.entries.retain(|id, entry| {
            if seen.contains(id) {
                entry.absent = false;
                return true;
            }
            if entry.absent {
                changes.gone.push((id.clone(), entry.last_seen));
                return false;
            }
            entry.absent = true;
            true
        });
    }
}

fn is_older(new: &InstanceFacts, old: &InstanceFacts) -> bool {
    match (new.last_operation.known(), old.last_operation.known()) {
        (Some(new), Some(old)) => new.at < old.at,
        (None | Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether a state says that the instance is on, off, or nothing of either.
fn turned(state: &PowerState) -> Option<bool> {
    match state {
        PowerState::Running | PowerState::JobRunning => Some(true),
        PowerState::Stopped | PowerState::Changing(_) => Some(false),
        PowerState::Broken(_) | PowerState::Unrecognised(_) => None,
    }
}

fn remember_state(history: &mut History, facts: &InstanceFacts) {
    match turned(&facts.state) {
        Some(true) => {
            history.on_since.get_or_insert(facts.observed_at);
        }
        Some(false) => {
            history.on_since = None;
            history.last_seen_off = Some(facts.observed_at);
        }
        None => {}
    }
    if let Activity::Busy { as_of, .. } = facts.activity {
        history.last_busy = history.last_busy.max(Some(as_of));
    }
}

impl Entry {
    fn first(facts: Arc<InstanceFacts>) -> (Self, Sighting) {
        let mut history = History { first_seen: Some(facts.observed_at), ..History::default() };
        remember_state(&mut history, &facts);
        let sighting = Sighting {
            facts: (*facts).clone(),
            before: None,
            not_before: None,
            not_after: facts.observed_at,
            history: history.clone(),
        };
        (Self { last_seen: facts.observed_at, facts, history, verdict: None, absent: false }, sighting)
    }

    fn update(&mut self, facts: Arc<InstanceFacts>) -> Option<Sighting> {
        let changed = !same_but_time(&facts, &self.facts);
        let (before, not_before) = (self.facts.state.clone(), self.last_seen);
        remember_state(&mut self.history, &facts);
        self.last_seen = facts.observed_at;
        self.absent = false;
        self.facts = facts;
        changed.then(|| Sighting {
            facts: (*self.facts).clone(),
            before: Some(before),
            not_before: Some(not_before),
            not_after: self.last_seen,
            history: self.history.clone(),
        })
    }
}

fn same_but_time(new: &InstanceFacts, old: &InstanceFacts) -> bool {
    new.state == old.state
        && new.last_operation.known() == old.last_operation.known()
        && new.tags.known() == old.tags.known()
        && new.size == old.size
        && new.owner == old.owner
        && new.native == old.native
}
