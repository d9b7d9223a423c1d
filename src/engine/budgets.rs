//! Budgets: what was spent in the month is added up every few minutes, apart from sweeps, and each level that is reached is
//! marked once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::allowances::{Figures, Reckoned, reckon};
use super::book::Rule;
use super::state::{Engine, State, rule_for};
use crate::facts::Teams;
use crate::ledger::{Month, Spent};
use crate::policy::{BudgetRule, Governing, Per, Policy};
use crate::ports::{BudgetMark, Fault, Message, World};
use crate::report::{BudgetView, FaultLine, SweepReport};
use crate::rules::Spending;
use crate::units::{PolicyId, WorkspaceId};

/// What was spent is added up so often: a machine costs cents in that time.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// A sweep waits no longer for sums that nobody has: stops by hours do not wait for those of a budget.
const PATIENCE: Duration = Duration::from_secs(5);
/// Whole days by which the rest of a month is foreseen.
const DAYS: i64 = 28;
const DAY: i64 = 86_400;

/// Budgets as they were last added up.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    /// Of each policy, under the revision that was reckoned by.
    spending: BTreeMap<PolicyId, (Arc<str>, Arc<Spending>)>,
    /// For every face.
    pub(super) views: Arc<Vec<BudgetView>>,
    /// Levels that the journal does not hold yet, with what people are told of them.
    pub(super) reached: Vec<(BudgetMark, Option<Message>)>,
    /// When, and for which set of policies.
    added_up: Option<(Timestamp, Arc<str>)>,
    /// Why what was spent could not be added up last time.
    trouble: Option<FaultLine>,
}

impl Budgets {
    /// What was spent under a policy, as far as anyone knows.
    pub(super) fn of(&self, policy: &Policy) -> Option<Arc<Spending>> {
        let (revision, spending) = self.spending.get(&policy.id)?;
        (*revision == policy.revision).then(|| spending.clone())
    }

    /// False when it is time to add up again: also when a month ended, and when the clock went back (S12).
    fn is_fresh(&self, digest: &str, now: Timestamp) -> bool {
        let recent = |at: Timestamp| at <= now && now.duration_since(at) < PAUSE;
        let same_month = |spending: &Spending| (spending.within.0..spending.within.1).contains(&now);
        self.added_up.as_ref().is_some_and(|(at, of)| recent(*at) && **of == *digest)
            && self.spending.values().all(|(_, spending)| same_month(spending))
    }
}

/// A policy with a budget, and the month that is going on by its clocks.
type Asked = (Arc<Policy>, Arc<BudgetRule>, Month);

impl<W: World> Engine<W> {
    /// For a sweep: adds up what was spent if it is time, unless that takes long. The last figures hold on then: in a month
    /// no less comes to be spent. Of what nobody ever added up nothing is known, and nothing is stopped for it.
    pub(super) async fn add_up_in_time(&self, now: Timestamp, report: &mut SweepReport) {
        // where the loop is at it, or it takes too long, it is left to the loop
        if let Ok(_one_at_a_time) = self.adding_up.try_lock() {
            let _in_time: bool = tokio::time::timeout(PATIENCE, self.add_up_if_due(now)).await.is_ok();
        }
        report.faults.extend(self.lock().budgets.trouble.clone());
    }

    /// Adds up what was spent, if a policy has a budget and it is time, however long it takes.
    pub(super) async fn add_up(&self) {
        let _one_at_a_time = self.adding_up.lock().await;
        self.add_up_if_due(self.world.now()).await;
    }

    async fn add_up_if_due(&self, now: Timestamp) {
        let (asked, digest) = {
            let mut state = self.lock();
            if state.places.is_empty() {
                return;
            }
            let asked = state.budgeted(now);
            if asked.is_empty() {
                state.budgets = Budgets::default();
                return;
            }
            if state.budgets.is_fresh(&state.policies.digest, now) {
                return;
            }
            (asked, state.policies.digest.clone())
        };
        let figures = self.figures(&asked, now).await;
        let mut state = self.lock();
        match figures {
            Ok(figures) => {
                let accounting = &self.options.accounting;
                let teams = || Teams {
                    tag: accounting.team_tag.clone(),
                    owners: Arc::new(state.owners.clone()),
                    workspaces: state.places.iter().map(|(id, place)| (id.clone(), place.facts.tags.clone())).collect(),
                };
                let budgets = state.reckoned(&asked, &figures, teams);
                state.budgets = Budgets { added_up: Some((now, digest)), ..budgets };
            }
            Err(fault) => {
                // asked again after the pause, like everything else
                state.budgets.added_up = Some((now, digest));
                let words = format!("{}; what was spent is known as of before", fault.words());
                state.budgets.trouble = Some(FaultLine { workspace: None, label: fault.kind.label(), words });
            }
        }
    }

    async fn figures(&self, asked: &[Asked], now: Timestamp) -> Result<Figures, Fault> {
        let trusted = self.lock().clock_trouble.is_none();
        let mut figures = Figures { now, trusted, ..Figures::default() };
        for (_, _, month) in asked {
            if figures.spent.contains_key(&month.seconds()) {
                continue;
            }
            let (from, until) = month.seconds();
            figures.spent.insert((from, until), self.world.spent(from, until).await?);
            figures.marks.extend(self.world.marks(&month.label()).await?);
        }
        let today = now.as_second().div_euclid(DAY);
        let first = today.saturating_sub(DAYS);
        figures.past = self.world.spent(first.saturating_mul(DAY), today.saturating_mul(DAY)).await?;
        figures.known = known(&figures.past, first, today);
        Ok(figures)
    }
}

/// The whole days of which is known what they cost: the first of all is only a part of a day.
fn known(past: &[Spent], first: i64, today: i64) -> std::ops::Range<i64> {
    let begun = past.iter().map(|spent| spent.day).min().unwrap_or(today);
    let from = if begun > first { begun.saturating_add(1) } else { first };
    from.min(today)..today
}

impl State {
    fn budgeted(&self, now: Timestamp) -> Vec<Asked> {
        let one = |policy: &Arc<Policy>| {
            let rule = policy.terms.budget.clone()?;
            let month = Month::at(now, &rule.zone)?;
            Some((policy.clone(), rule, month))
        };
        self.policies.policies.iter().filter_map(one).collect()
    }

    fn reckoned(&self, asked: &[Asked], figures: &Figures, teams: impl Fn() -> Teams) -> Budgets {
        let spent = figures.spent.values().flatten().chain(&figures.past);
        let workspaces: BTreeSet<&WorkspaceId> =
            spent.map(|spent| &spent.workspace).chain(self.places.keys()).collect();
        let governed: BTreeMap<&WorkspaceId, PolicyId> =
            workspaces.into_iter().filter_map(|id| Some((id, self.governs(id)?))).collect();
        let mut budgets = Budgets::default();
        let mut views = Vec::new();
        for (policy, rule, month) in asked {
            let of_policy = |id: &WorkspaceId| governed.get(id).is_some_and(|found| *found == policy.id);
            let present: Vec<&WorkspaceId> = self.places.keys().filter(|id| of_policy(id)).collect();
            let Reckoned { mut spending, shown, reached } = reckon((policy, rule, month), figures, &present, of_policy);
            if rule.per == Per::Team {
                spending.teams = teams();
            }
            budgets.spending.insert(policy.id.clone(), (policy.revision.clone(), Arc::new(spending)));
            budgets.reached.extend(reached);
            views.extend(shown);
        }
        budgets.views = Arc::new(views);
        budgets
    }

    /// Whose policy a workspace stands under. One that is not listed any more has still spent what it spent; of one that
    /// nobody remembers the tags are not known, so that it counts only where no scope asks for tags.
    fn governs(&self, id: &WorkspaceId) -> Option<PolicyId> {
        let rule = match (self.places.get(id), self.lost.get(id)) {
            (Some(place), _) => place.rule.clone(),
            (None, Some(place)) => rule_for(&self.policies, &place.facts),
            (None, None) => {
                let tagless = self.policies.policies.iter().all(|policy| policy.scope.tags.is_empty());
                match self.policies.governing(id, &[]) {
                    Governing::One(policy) if tagless => Rule::Governed(policy.clone()),
                    Governing::One(_) | Governing::None | Governing::Conflict(_) | Governing::Broken(_) => {
                        Rule::Ungoverned
                    }
                }
            }
        };
        match rule {
            Rule::Governed(policy) => Some(policy.id.clone()),
            Rule::Ungoverned | Rule::Conflict(_) => None,
        }
    }
}
