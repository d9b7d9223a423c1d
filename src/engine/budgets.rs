//! Budgets: what was spent in the month is added up every few minutes, apart from sweeps, and each level that is reached is
//! marked once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::accounts::Accounting;
use super::allowances::{Figures, Reckoned, reckon};
use super::book::Rule;
use super::state::{Engine, State, rule_for};
use crate::facts::Teams;
use crate::ledger::{Month, Spent};
use crate::policy::{BudgetRule, Governing, Per, Policy};
use crate::ports::{Apart, BudgetMark, Fault, Message, World};
use crate::report::{BudgetView, FaultLine, SweepReport};
use crate::rules::Spending;
use crate::units::{PolicyId, WorkspaceId};

/// What was spent is added up so often: a machine costs cents in that time.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// What was spent is known for so long, where it cannot be added up again: corrections may take some of it back.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(1);
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
    /// When that was tried, and for which set of policies.
    added_up: Option<(Timestamp, Arc<str>)>,
    /// As of when it is known.
    known_at: Option<Timestamp>,
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
    /// For a sweep: adds up what was spent where no loop does, however long it takes. Sweeps of the service go by what the
    /// loop found last: what is due by hours does not wait for the sums of a budget. Of what nobody added up yet nothing is
    /// known, and nothing is stopped for it.
    pub(super) async fn have_sums(&self, report: &mut SweepReport) {
        if !self.has_loops.load(Ordering::Relaxed) {
            self.add_up().await;
        }
        report.faults.extend(self.lock().budgets.trouble.clone());
    }

    /// Adds up what was spent, if a policy has a budget and it is time.
    pub(super) async fn add_up(&self) {
        let now = self.world.now();
        let (asked, digest) = {
            let mut state = self.lock();
            if state.places.is_empty() && state.others.is_empty() {
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
        match self.figures(&asked, now).await {
            Ok(figures) => {
                // reckoned outside the lock: of a large fleet it is a million sums
                let around = self.lock().around(&figures, &self.options.accounting);
                let mut budgets = reckoned(&asked, &figures, &around);
                if !self.leads() {
                    budgets.reached.clear();
                }
                self.lock().budgets = Budgets { added_up: Some((now, digest)), known_at: Some(now), ..budgets };
            }
            Err(fault) => {
                let mut state = self.lock();
                // asked again after the pause, like everything else
                state.budgets.added_up = Some((now, digest));
                let is_recent = |at: Timestamp| at <= now && now.duration_since(at) < KNOWN_FOR;
                let recent = state.budgets.known_at.is_some_and(is_recent);
                if !recent {
                    state.budgets.spending.clear();
                }
                let then = if recent { "it is known as of before" } else { "nothing is stopped for it" };
                let words = format!("{}; {then}", fault.words());
                state.budgets.trouble = Some(FaultLine { workspace: None, label: fault.kind.label(), words });
            }
        }
    }

    async fn figures(&self, asked: &[Asked], now: Timestamp) -> Result<Figures, Fault> {
        let trusted = self.lock().clock_trouble.is_none();
        let mut figures = Figures { now, trusted, ..Figures::default() };
        let is_per = |per: Per| asked.iter().any(|(_, rule, _)| rule.per == per);
        let apart = Apart { teams: is_per(Per::Team), owners: is_per(Per::Owner) };
        for (_, _, month) in asked {
            if figures.spent.contains_key(&month.seconds()) {
                continue;
            }
            let (from, until) = month.seconds();
            figures.spent.insert((from, until), self.world.spent(from, until, apart).await?);
            figures.marks.extend(self.world.marks(&month.label()).await?);
        }
        let today = now.as_second().div_euclid(DAY);
        let first = today.saturating_sub(DAYS);
        figures.past = self.world.spent(first.saturating_mul(DAY), today.saturating_mul(DAY), apart).await?;
        figures.known = known(&figures.past, first, today);
        let spent = figures.spent.values().flatten().chain(&figures.past);
        figures.workspaces = spent.map(|spent| spent.workspace.clone()).collect();
        Ok(figures)
    }
}

/// What has to be known beside figures, as it was at one moment.
struct Around {
    /// Whose policy each workspace stands under.
    governed: BTreeMap<WorkspaceId, PolicyId>,
    /// Workspaces that are listed.
    present: Vec<WorkspaceId>,
    teams: Teams,
}

fn reckoned(asked: &[Asked], figures: &Figures, around: &Around) -> Budgets {
    let mut budgets = Budgets::default();
    let mut views = Vec::new();
    for (policy, rule, month) in asked {
        let of_policy = |id: &WorkspaceId| around.governed.get(id).is_some_and(|found| *found == policy.id);
        let present: Vec<&WorkspaceId> = around.present.iter().filter(|id| of_policy(id)).collect();
        let Reckoned { mut spending, shown, reached } = reckon((policy, rule, month), figures, &present, of_policy);
        if rule.per == Per::Team {
            spending.teams = around.teams.clone();
        }
        budgets.spending.insert(policy.id.clone(), (policy.revision.clone(), Arc::new(spending)));
        budgets.reached.extend(reached);
        views.extend(shown);
    }
    budgets.views = Arc::new(views);
    budgets
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

    /// What has to be known beside figures.
    fn around(&self, figures: &Figures, accounting: &Accounting) -> Around {
        let workspaces = figures.workspaces.iter().chain(self.places.keys()).chain(self.others.keys());
        let governed: BTreeMap<WorkspaceId, PolicyId> =
            workspaces.filter_map(|id| Some((id.clone(), self.governs(id)?))).collect();
        let own = self.places.values().map(|place| &place.facts);
        let tags = own.chain(self.others.values()).map(|facts| (facts.id.clone(), facts.tags.clone())).collect();
        let teams = Teams {
            tag: accounting.team_tag.clone(),
            owners: Arc::new(self.directory.teams.clone()),
            workspaces: tags,
        };
        Around { governed, present: self.places.keys().chain(self.others.keys()).cloned().collect(), teams }
    }

    /// Whose policy a workspace stands under. One that is not listed any more has still spent what it spent; of one that
    /// nobody remembers the tags are not known, so that it counts only where no scope asks for tags.
    fn governs(&self, id: &WorkspaceId) -> Option<PolicyId> {
        let listed = || self.lost.get(id).map(|place| &place.facts).or_else(|| self.others.get(id));
        let rule = match (self.places.get(id), listed()) {
            (Some(place), _) => place.rule.clone(),
            (None, Some(facts)) => rule_for(&self.policies, facts),
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
