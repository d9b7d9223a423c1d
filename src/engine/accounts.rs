//! What the ledger is told of a sweep: terms, teams, what was left out, what would have been stopped, and counterfactuals.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::book::{Changes, Place, Rule};
use super::entry::Entry;
use super::state::{Engine, State};
use crate::facts::{Directory, InstanceFacts, Tags, team_of};
use crate::ledger::{ClaimRules, Counterfactual, Governance, Residual, Terms};
use crate::plan::{self, Step};
use crate::policy::{Mode, Policy};
use crate::ports::{Accounts, Sighting, World, WouldStop};
use crate::rules::{Verdict, opens_after};
use crate::units::{Span, WorkspaceId};

/// Teams by owner, in lower case: user names and object ids. They come before the workspace's tag and after the instance's.
type Owners = BTreeMap<String, String>;

/// How money is counted; every one a setting.
#[derive(Debug, Clone)]
pub struct Accounting {
    /// The tag of an instance, or else of its workspace, that names its team.
    pub team_tag: Arc<str>,
    /// What the parts cost that no stop stops.
    pub residual: Option<Residual>,
    /// How claims are counted.
    pub rules: ClaimRules,
    /// No stop is credited for longer.
    pub horizon: Span,
    /// How often prices are asked for.
    pub refresh: Span,
    /// A price that no source has confirmed for so long is told of.
    pub stale_after: Span,
}

impl Default for Accounting {
    fn default() -> Self {
        Self {
            team_tag: "team".into(),
            residual: Residual::listed().ok(),
            rules: ClaimRules::default(),
            horizon: Span::hours(12),
            refresh: Span::hours(24),
            stale_after: Span::hours(72),
        }
    }
}

impl Accounting {
    /// The team an instance is counted for.
    fn team(&self, facts: &InstanceFacts, workspace: &Tags, owners: &Owners) -> Option<Arc<str>> {
        team_of(facts, workspace, &self.team_tag, owners).map(Arc::from)
    }
}

impl<W: World> Engine<W> {
    /// Finds people and counts by teams as is written there from now on; what is going on keeps its team until it changes or a day ends.
    pub fn use_owners(&self, directory: Directory) {
        self.lock().directory = Arc::new(directory);
    }

    /// Everything beside sightings that were made while acting.
    pub(super) fn accounts_of(&self, sightings: &[Sighting]) -> Accounts {
        let accounting = &self.options.accounting;
        let state = self.lock();
        let read: Vec<WorkspaceId> = sightings.iter().map(|seen| seen.facts.id.workspace().clone()).collect();
        Accounts {
            terms: state.terms(&read, accounting),
            teams: state.teams(sightings, accounting),
            rules: accounting.rules,
            clock_trouble: state.clock_trouble.is_some(),
            ..Accounts::default()
        }
    }

    /// Everything beside the sightings of a sweep, but for levels of budgets.
    pub(super) fn accounts(&self, changes: &mut Changes, read: &[WorkspaceId], would: &[Arc<Verdict>]) -> Accounts {
        let state = self.lock();
        let horizon = self.options.accounting.horizon;
        let would = would.iter().filter_map(|verdict| state.would_stop(verdict, horizon)).collect();
        Accounts {
            terms: state.terms(read, &self.options.accounting),
            teams: state.teams(&changes.sightings, &self.options.accounting),
            unseen: std::mem::take(&mut changes.unseen),
            seen_again: std::mem::take(&mut changes.seen_again),
            would,
            marks: Vec::new(),
            rules: self.options.accounting.rules,
            clock_trouble: state.clock_trouble.is_some(),
        }
    }

    /// States of each step until when it would run at most without it (C9).
    pub(super) fn foresee(&self, steps: &mut [Step], now: Timestamp) {
        let state = self.lock();
        for step in steps {
            step.counterfactual = state.counterfactual_of(step, now, self.options.accounting.horizon);
        }
    }
}

impl State {
    fn teams(&self, sightings: &[Sighting], accounting: &Accounting) -> BTreeMap<crate::units::InstanceId, Arc<str>> {
        let team = |seen: &Sighting| {
            let place = self.places.get(seen.facts.id.workspace())?;
            Some((seen.facts.id.clone(), accounting.team(&seen.facts, &place.facts.tags, &self.directory.teams)?))
        };
        sightings.iter().filter_map(team).collect()
    }

    fn terms(&self, read: &[WorkspaceId], accounting: &Accounting) -> BTreeMap<WorkspaceId, Arc<Terms>> {
        let ungoverned = Terms::ungoverned(env!("CARGO_PKG_VERSION"), self.zone_data.as_deref(), accounting.residual);
        let under = |policy: &Policy| Terms {
            policy: Some(policy.id.as_str().into()),
            revision: Some(policy.revision.clone()),
            governance: match policy.mode {
                Mode::Observe => Governance::Observe,
                Mode::Enforce => Governance::Enforce,
            },
            ..ungoverned.clone()
        };
        let nobody = Arc::new(ungoverned.clone());
        let policies: BTreeMap<_, _> =
            self.policies.policies.iter().map(|policy| (policy.id.clone(), Arc::new(under(policy)))).collect();
        let of = |place: &Place| match &place.rule {
            Rule::Governed(policy) => policies.get(&policy.id).unwrap_or(&nobody).clone(),
            Rule::Ungoverned | Rule::Conflict(_) => nobody.clone(),
        };
        read.iter().filter_map(|id| Some((id.clone(), of(self.places.get(id)?)))).collect()
    }

    /// A stop that a policy in observe mode would make, from the moment at which it is due.
    pub(super) fn would_stop(&self, verdict: &Verdict, horizon: Span) -> Option<WouldStop> {
        let policy = self.policies.get(&verdict.under.policy).filter(|policy| policy.mode == Mode::Observe)?;
        let due = verdict.due.as_ref()?;
        let entry = self.places.get(verdict.instance.workspace())?.entries.get(&verdict.instance)?;
        Some(WouldStop {
            instance: verdict.instance.clone(),
            created: verdict.created,
            at: verdict.at,
            key: due.key.clone(),
            ground: due.ground.label(),
            counterfactual: counterfactual(policy, entry, verdict.at, horizon),
        })
    }

    fn counterfactual_of(&self, step: &Step, now: Timestamp, horizon: Span) -> Option<Counterfactual> {
        let policy = self.policies.get(&step.policy)?;
        let entry = self.places.get(step.instance.workspace())?.entries.get(&step.instance)?;
        Some(counterfactual(policy, entry, now, horizon))
    }
}

fn counterfactual(policy: &Policy, entry: &Entry, now: Timestamp, horizon: Span) -> Counterfactual {
    plan::counterfactual((&entry.facts, &entry.history), opens_after(policy, &entry.facts, now), now, horizon)
}
