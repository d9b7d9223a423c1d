//! What is known of every workspace and instance, in memory: a mirror of the journal that sightings keep up to date.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::facts::{
    Activity, Completeness, EndedStop, History, InstanceFacts, Inventory, Operation, OperationStatus, PowerState,
    Reading, StopResult, Trigger, WorkspaceFacts,
};
use crate::guard::Refusal;
use crate::policy::Policy;
use crate::ports::{Remembered, Sighting};
use crate::rules::{Action, Verdict};
use crate::units::{InstanceId, When};

/// One instance.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) facts: Arc<InstanceFacts>,
    pub(super) last_seen: Timestamp,
    pub(super) history: History,
    pub(super) verdict: Option<Arc<Verdict>>,
    /// Why the stop that is due, or the warning of it, did not go ahead when it was last decided about.
    pub(super) held_back: Option<Refusal>,
    /// Not in the last reading of its workspace: left out, absent, or as a lagging replica has it. Nothing is
    /// proposed about it.
    pub(super) unseen: bool,
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
    /// Boxed: a map keeps room for more entries than it has.
    pub(super) entries: BTreeMap<InstanceId, Box<Entry>>,
    pub(super) skipped: u32,
    pub(super) partial: Vec<String>,
    /// Not in the last answer to what workspaces there are.
    pub(super) absent: bool,
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
}

impl Changes {
    /// Those of another workspace beside these.
    pub(super) fn add(&mut self, other: Self) {
        self.sightings.extend(other.sightings);
        self.gone.extend(other.gone);
        self.absent.extend(other.absent);
        self.closed.extend(other.closed);
    }
}

/// Azure's clock and ours may be so far apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(2);

/// So long after an operation an answer that does not know of it is a lagging replica's; then it is believed.
const LAGS: SignedDuration = SignedDuration::from_mins(10);

/// What was done with an instance that is gone is remembered so long, for stops of a day and a half (G15).
const DEPARTED: SignedDuration = SignedDuration::from_hours(36);

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
            absent: false,
            departed: BTreeMap::new(),
        }
    }

    /// Takes over what the journal remembers.
    pub(super) fn remember(&mut self, id: InstanceId, mut remembered: Remembered) {
        // The end of use would have been written down: it lasted until the last look at least.
        if is_busy(&remembered.facts) {
            let last_busy = &mut remembered.history.last_busy;
            *last_busy = (*last_busy).max(remembered.last_seen.into());
        }
        let entry = Entry {
            facts: Arc::new(remembered.facts),
            last_seen: remembered.last_seen,
            history: remembered.history,
            verdict: None,
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
        self.departed
            .retain(|_, entry| now.duration_since(entry.last_seen) < DEPARTED || entry.history.hold_at(now).is_some());
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
                let (entry, sighting) = Entry::first(facts, before.map(|entry| entry.history));
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

/// Whether a state says that the instance is on, off, or nothing of either.
fn turned(state: &PowerState) -> Option<bool> {
    match state {
        PowerState::Running | PowerState::JobRunning => Some(true),
        PowerState::Stopped => Some(false),
        // A stop that fails goes back to Running, and nobody started it then.
        PowerState::Changing(word) => (!word.eq_ignore_ascii_case("Stopping")).then_some(false),
        PowerState::Broken(_) | PowerState::Unrecognised(_) => None,
    }
}

/// `is_news` says that its last operation was not seen before.
fn remember_state(history: &mut History, facts: &InstanceFacts, is_news: bool) {
    match turned(&facts.state) {
        Some(true) => {
            if let Some(stopped_at) = stopped_by_another(history, facts).filter(|_| is_news) {
                (history.on_since, history.started) = (When::NONE, When::NONE);
                history.last_seen_off = history.last_seen_off.max(stopped_at.into());
            }
            history.on_since = history.on_since.or(facts.observed_at);
            history.started = history.started.max(facts.may_have_started_at().into());
        }
        Some(false) => {
            (history.on_since, history.started) = (When::NONE, When::NONE);
            history.last_seen_off = facts.observed_at.into();
        }
        None => {}
    }
    if let Activity::Busy { as_of, .. } = facts.activity {
        // use that lies ahead was seen by a clock that was wrong, and must not hide what is seen now (S12)
        history.last_busy = history.last_busy.known().filter(|at| *at <= facts.observed_at).into();
        history.last_busy = history.last_busy.max(as_of.into());
    }
}

/// It is on, and Azure says that a stop of it succeeded which is none of ours: it was off then, and somebody started it
/// since, unseen (S9). Of ours that is known to come to nothing now and then.
fn stopped_by_another(history: &History, facts: &InstanceFacts) -> Option<Timestamp> {
    let last = facts.last_operation.known()?;
    let stopped = last.operation == Operation::Stop && last.status == OperationStatus::Succeeded;
    if matches!(last.trigger, Trigger::Schedule | Trigger::IdleShutdown) {
        return Some(last.at).filter(|_| stopped);
    }
    let is_ours = |asked: Timestamp, ended: Option<Timestamp>| {
        let apart = |from: Timestamp, to: Timestamp| to.duration_since(from) <= CLOCKS_APART;
        apart(last.at, asked) && ended.is_none_or(|ended| apart(ended, last.at))
    };
    let open = history.open.as_ref().is_some_and(|open| is_ours(open.intended_at, None));
    let mut taken = history.stops.iter().filter(|stop| stop.result.may_have_been_taken());
    let ended = taken.any(|stop| is_ours(stop.asked_at, Some(stop.ended_at)));
    Some(last.at).filter(|_| stopped && !open && !ended)
}

impl Entry {
    /// Its facts, dated by the last look.
    pub(super) fn dated(&self) -> Arc<InstanceFacts> {
        let mut facts = self.facts.clone();
        if facts.observed_at != self.last_seen {
            Arc::make_mut(&mut facts).observed_at = self.last_seen;
        }
        facts
    }

    /// Takes the verdict of a look; one that keeps it as before, and does so until later, is not made anew.
    pub(super) fn decided(&mut self, verdict: Verdict) -> Arc<Verdict> {
        let lasts = verdict.action == Action::Keep && verdict.due.as_ref().is_none_or(|due| due.stop_at > verdict.at);
        let old = self.verdict.take().filter(|old| lasts && same_but_at(old, &verdict));
        let verdict = old.unwrap_or_else(|| Arc::new(verdict));
        self.verdict = Some(verdict.clone());
        self.held_back = None;
        verdict
    }

    /// Since when it should be off and is on: also where nobody is warned of it, since there is no room to stop it.
    pub(super) fn overdue_since(&self) -> Option<Timestamp> {
        let verdict = self.verdict.as_ref()?;
        verdict.overdue_since().or_else(|| self.held_back.and_then(|_| verdict.held_back_since()))
    }

    /// At its first sighting, or the first after it was gone: what was done with it is remembered, since when it was on is not.
    fn first(facts: Arc<InstanceFacts>, before: Option<History>) -> (Self, Sighting) {
        let before = before.unwrap_or_default();
        let mut history = History {
            first_seen: before.first_seen.or(facts.observed_at),
            on_since: When::NONE,
            started: When::NONE,
            ..before
        };
        remember_state(&mut history, &facts, true);
        let sighting = Sighting {
            facts: facts.clone(),
            before: None,
            not_before: When::NONE,
            not_after: facts.observed_at,
            history: history.clone(),
        };
        let last_seen = facts.observed_at;
        let entry = Self { last_seen, facts, history, verdict: None, held_back: None, unseen: false, absent: false };
        (entry, sighting)
    }

    fn update(&mut self, mut facts: Arc<InstanceFacts>) -> Option<Sighting> {
        keep_shared(&mut facts, &self.facts);
        let changed = !same_but_time(&facts, &self.facts);
        let (before, not_before) = (self.facts.state.clone(), self.last_seen);
        let is_news = facts.last_operation.known() != self.facts.last_operation.known();
        remember_state(&mut self.history, &facts, is_news);
        self.last_seen = facts.observed_at;
        (self.absent, self.unseen) = (false, false);
        if is_as_before(&facts, &self.facts) {
            return None;
        }
        self.facts = facts;
        changed.then(|| Sighting {
            facts: self.facts.clone(),
            before: Some(before),
            not_before: not_before.into(),
            not_after: self.last_seen,
            history: self.history.clone(),
        })
    }
}

/// What did not change is held once, by the old facts and the new: most of a fleet is as it was.
fn keep_shared(new: &mut Arc<InstanceFacts>, old: &InstanceFacts) {
    let Some(new) = Arc::get_mut(new) else { return };
    new.id = old.id.clone();
    if new.owner == old.owner {
        new.owner = old.owner.clone();
    }
    if new.native == old.native {
        new.native = old.native.clone();
    }
    if let (Reading::Known { value: new, .. }, Reading::Known { value: old, .. }) =
        (&mut new.last_operation, &old.last_operation)
        && new == old
    {
        *new = Arc::clone(old);
    }
}

fn same_but_at(old: &Verdict, new: &Verdict) -> bool {
    // the cheapest first: most that differ do so in these
    (old.action, old.ground, old.changes_at) == (new.action, new.ground, new.changes_at)
        && *old == Verdict { at: old.at, ..new.clone() }
}

/// Most of a fleet is as it was: its facts are not made anew at every look. Whoever goes by their age asks when it was
/// last seen.
fn is_as_before(new: &InstanceFacts, old: &InstanceFacts) -> bool {
    same_but_time(new, old)
        && (&new.activity, &new.oddities, &new.region) == (&old.activity, &old.oddities, &old.region)
}

fn is_busy(facts: &InstanceFacts) -> bool {
    facts.state == PowerState::JobRunning || matches!(facts.activity, Activity::Busy { .. })
}

fn same_but_time(new: &InstanceFacts, old: &InstanceFacts) -> bool {
    new.state == old.state
        && new.created == old.created
        && is_busy(new) == is_busy(old)
        && new.last_operation.known() == old.last_operation.known()
        && new.tags.known() == old.tags.known()
        && new.size == old.size
        && new.owner == old.owner
        && new.native == old.native
}

#[cfg(test)]
mod tests;
