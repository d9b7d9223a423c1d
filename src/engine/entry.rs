//! One instance in memory: what is known of it, what was decided, and what a sighting changes.

use std::sync::Arc;

use jiff::Timestamp;
use thin_vec::ThinVec;

use crate::facts::{Evidence, History, InstanceFacts, Reading};
use crate::guard::Refusal;
use crate::ledger::GAP;
use crate::ports::Sighting;
use crate::rules::{Action, NativeFinding, StartFinding, Verdict};
use crate::units::When;

/// One instance.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) facts: Arc<InstanceFacts>,
    pub(super) last_seen: Timestamp,
    pub(super) history: History,
    /// What sources beside Azure Resource Manager said of its use.
    pub(super) evidence: Option<Arc<Evidence>>,
    pub(super) verdict: Option<Arc<Verdict>>,
    /// What there is to say of Azure's own timers on it; mostly nothing.
    pub(super) native: ThinVec<NativeFinding>,
    /// What there is to say of starting it; only while it is off.
    pub(super) start: Option<Box<StartFinding>>,
    /// Why the stop that is due, or the warning of it, did not go ahead when it was last decided about.
    pub(super) held_back: Option<Refusal>,
    /// Not in the last reading of its workspace: left out, absent, or as a lagging replica has it. Nothing is
    /// proposed about it.
    pub(super) unseen: bool,
    pub(super) absent: bool,
}

impl Entry {
    /// What was heard of its use.
    pub(super) fn evidence(&self) -> &Evidence {
        self.evidence.as_deref().unwrap_or(Evidence::NONE)
    }

    /// Its facts, dated by the last look.
    pub(super) fn dated(&self) -> Arc<InstanceFacts> {
        let mut facts = self.facts.clone();
        if facts.observed_at != self.last_seen {
            Arc::make_mut(&mut facts).observed_at = self.last_seen;
        }
        facts
    }

    /// No policy governs it any more.
    pub(super) fn ungoverned(&mut self) {
        self.verdict = None;
        self.native.clear();
        self.start = None;
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

    /// Whether it was on when it was last listed, and nothing was done with it since by what Azure says now.
    pub(super) fn ran_on(&self, facts: &InstanceFacts) -> bool {
        let last = facts.last_operation.known();
        self.facts.state.is_on() && facts.state.is_on() && last.is_some() && last == self.facts.last_operation.known()
    }

    /// At its first sighting, or the first after it was gone: what was done with it is remembered, since when it was on is not;
    /// when it was started is, where it ran on.
    pub(super) fn first(facts: Arc<InstanceFacts>, before: Option<History>, ran_on: bool) -> (Self, Sighting) {
        let before = before.unwrap_or_default();
        let mut history = History {
            first_seen: before.first_seen.or(facts.observed_at),
            on_since: When::NONE,
            started: if ran_on { before.started } else { When::NONE },
            off_since: When::NONE,
            ..before
        };
        history.see(&facts, true);
        let sighting = Sighting {
            facts: facts.clone(),
            before: None,
            not_before: When::NONE,
            not_after: facts.observed_at,
            history: history.clone(),
        };
        let last_seen = facts.observed_at;
        let entry = Self {
            last_seen,
            facts,
            history,
            evidence: None,
            verdict: None,
            native: ThinVec::new(),
            start: None,
            held_back: None,
            unseen: false,
            absent: false,
        };
        (entry, sighting)
    }

    pub(super) fn update(&mut self, mut facts: Arc<InstanceFacts>) -> Option<Sighting> {
        keep_shared(&mut facts, &self.facts);
        // of what runs, or may have, the ledger has to say that nobody looked for a while (C5)
        let late = facts.observed_at.duration_since(self.last_seen).as_secs() > GAP;
        let is_gap = late && (facts.state.is_billed() || facts.last_operation.known().is_none());
        let changed = is_gap || !same_but_time(&facts, &self.facts);
        let (before, not_before) = (self.facts.state.clone(), self.last_seen);
        let is_news = facts.last_operation.known() != self.facts.last_operation.known();
        self.history.see(&facts, is_news);
        self.history.see_after(&before, &facts);
        // what cannot be read now may be what it was
        let (timer, earlier) = (&facts.native, &self.facts.native);
        let is_read = timer.unreadable.is_none() && earlier.unreadable.is_none();
        if is_read && timer.idle_shutdown != earlier.idle_shutdown {
            self.history.timer_changed = facts.observed_at.into();
        }
        self.last_seen = facts.observed_at;
        (self.absent, self.unseen) = (false, false);
        if is_as_before(&facts, &self.facts) && !is_gap {
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
    same_but_time(new, old) && (&new.oddities, &new.region) == (&old.oddities, &old.region)
}

fn same_but_time(new: &InstanceFacts, old: &InstanceFacts) -> bool {
    new.state == old.state
        && new.created == old.created
        && new.last_operation.known() == old.last_operation.known()
        && new.tags.known() == old.tags.known()
        && new.size == old.size
        && new.owner == old.owner
        && new.native == old.native
}
