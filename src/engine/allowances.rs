//! The allowances of one policy in one month, reckoned from what was spent: a pure part of the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use super::told::{message, words};
use crate::facts::Teams;
use crate::ledger::{Month, Outlook, Spent, SpentTotal, outlook, percent_of};
use crate::policy::{BudgetRule, Mode, Per, Policy};
use crate::ports::{BudgetMark, Message};
use crate::report::{BudgetView, Foreseen};
use crate::rules::{Spending, Standing};
use crate::units::{Cost, Money, WorkspaceId};

/// What is read before anything is reckoned.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) now: Timestamp,
    /// False while nobody knows for sure what time it is, and so which month: no level is marked then (S11, S12).
    pub(super) trusted: bool,
    /// What was spent within each span that is a month somewhere.
    pub(super) spent: BTreeMap<(i64, i64), Vec<Spent>>,
    /// What was spent on the whole days of the last weeks.
    pub(super) past: Vec<Spent>,
    /// Which of these days are known.
    pub(super) known: Range<i64>,
    /// Every workspace in them.
    pub(super) workspaces: BTreeSet<WorkspaceId>,
    /// Levels that were reached in these months.
    pub(super) marks: Vec<BudgetMark>,
}

/// What comes of it.
#[derive(Debug)]
pub(super) struct Reckoned {
    pub(super) spending: Spending,
    pub(super) shown: Vec<BudgetView>,
    /// Levels that are reached for the first time, with what people are told.
    pub(super) reached: Vec<(BudgetMark, Option<Message>)>,
}

/// Whom an allowance is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Workspace(WorkspaceId),
    Name(Arc<str>),
}

impl Scope {
    /// None when what was spent cannot be laid at anyone's door.
    fn of(spent: &Spent, per: Per) -> Option<Self> {
        match per {
            Per::Workspace => Some(Self::Workspace(spent.workspace.clone())),
            Per::Team => spent.team.clone().map(Self::Name),
            Per::Owner => spent.owner.clone().map(Self::Name),
        }
    }

    /// As marks have it.
    fn key(&self) -> Arc<str> {
        match self {
            Self::Workspace(id) => id.to_string().to_ascii_lowercase().into(),
            Self::Name(name) => name.clone(),
        }
    }
}

/// What one scope spent.
struct Account {
    tally: SpentTotal,
    days: BTreeMap<i64, Cost>,
}

impl Account {
    /// The whole days of which is known what they cost it: before the first one there was nothing that could cost.
    fn known(&self, figures: &Figures) -> Range<i64> {
        let Range { start, end } = figures.known;
        match self.days.keys().next() {
            Some(first) if *first > start => first.saturating_add(1).min(end)..end,
            Some(_) | None => start..end,
        }
    }
}

/// Reckons every allowance of a policy.
pub(super) fn reckon(
    (policy, rule, month): (&Policy, &BudgetRule, &Month),
    figures: &Figures,
    present: &[&WorkspaceId],
    is_governed: impl Fn(&WorkspaceId) -> bool,
) -> Reckoned {
    let accounts = accounts((rule, month), figures, present, is_governed);
    let label: Arc<str> = month.label().into();
    let (within, teams) = ((month.from, month.until), Teams::default());
    let spending =
        Spending { month: label.clone(), within, workspaces: BTreeMap::new(), names: BTreeMap::new(), teams };
    let mut reckoned = Reckoned { spending, shown: Vec::new(), reached: Vec::new() };
    let names = names(accounts.keys());
    for (scope, account) in &accounts {
        let shown = names.get(scope).cloned().unwrap_or_default();
        let view = view((policy, rule, month), figures, &shown, account);
        reckoned.take(policy, (scope, view), figures);
    }
    reckoned
}

fn accounts(
    (rule, month): (&BudgetRule, &Month),
    figures: &Figures,
    present: &[&WorkspaceId],
    is_governed: impl Fn(&WorkspaceId) -> bool,
) -> BTreeMap<Scope, Account> {
    let currency = rule.monthly.currency();
    let nothing = || Account { tally: SpentTotal::new(currency), days: BTreeMap::new() };
    let mut accounts: BTreeMap<Scope, Account> = BTreeMap::new();
    if rule.per == Per::Workspace {
        accounts.extend(present.iter().map(|id| (Scope::Workspace((*id).clone()), nothing())));
    }
    let spent = figures.spent.get(&month.seconds()).into_iter().flatten();
    for one in spent.filter(|one| is_governed(&one.workspace)) {
        if let Some(scope) = Scope::of(one, rule.per) {
            accounts.entry(scope).or_insert_with(nothing).tally.add(one);
        }
    }
    for one in figures.past.iter().filter(|one| is_governed(&one.workspace)) {
        let cost = one.rate.map(|rate| rate.over(one.seconds)).filter(|cost| cost.currency() == currency);
        let account = Scope::of(one, rule.per).and_then(|scope| accounts.get_mut(&scope));
        if let (Some(account), Some(cost)) = (account, cost) {
            let day = account.days.entry(one.day).or_insert(Cost::zero(currency));
            *day = day.plus(cost).unwrap_or(*day);
        }
    }
    accounts
}

/// How each scope is shown: a workspace by its name, where no other has the same.
fn names<'a>(scopes: impl Iterator<Item = &'a Scope>) -> BTreeMap<&'a Scope, Arc<str>> {
    let scopes: Vec<&Scope> = scopes.collect();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let short = |scope: &Scope| match scope {
        Scope::Workspace(id) => id.name().to_owned(),
        Scope::Name(name) => name.to_string(),
    };
    for scope in &scopes {
        let count = count.entry(short(scope).to_ascii_lowercase()).or_insert(0);
        *count = count.saturating_add(1);
    }
    let shown = |scope: &'a Scope| {
        let single = count.get(&short(scope).to_ascii_lowercase()) == Some(&1);
        (scope, if single { short(scope).into() } else { scope.key() })
    };
    scopes.into_iter().map(shown).collect()
}

fn view(
    (policy, rule, month): (&Policy, &BudgetRule, &Month),
    figures: &Figures,
    shown: &Arc<str>,
    account: &Account,
) -> BudgetView {
    let tally = &account.tally;
    let span = (figures.now.as_second(), month.seconds().1);
    let foreseen = |outlook: Outlook| Foreseen {
        low: outlook.low.rounded(),
        mid: outlook.mid.rounded(),
        high: outlook.high.rounded(),
    };
    BudgetView {
        policy: policy.id.clone(),
        scope: shown.clone(),
        per: rule.per,
        month: month.label().into(),
        until: month.until,
        limit: rule.monthly,
        spent: tally.counted.rounded(),
        share: percent_of(tally.counted, rule.monthly).unwrap_or(0),
        forecast: outlook(tally.counted, &account.days, account.known(figures), span).map(foreseen),
        levels: Vec::new(),
        used_up_at: crate::units::When::NONE,
        at_limit: rule.at_limit,
        unpriced: tally.unpriced,
        not_counted: tally.others.values().map(|cost| cost.rounded()).collect(),
    }
}

/// All of it: the level that is always marked, since it is the time at which the rule is due.
const ALL: u32 = 100;

impl Reckoned {
    /// Adds an allowance, with the levels that it has reached: those marked before, and those that are new.
    fn take(&mut self, policy: &Policy, (scope, mut view): (&Scope, BudgetView), figures: &Figures) {
        let (key, month) = (scope.key(), self.spending.month.clone());
        let (limit, enforced) = (view.limit, policy.mode == Mode::Enforce);
        let is_ours = |mark: &&BudgetMark| {
            (&mark.policy, &mark.scope, &mark.month) == (&policy.id, &key, &month)
                && (mark.limit, mark.enforced) == (limit, enforced)
        };
        let marked: BTreeMap<u32, Timestamp> =
            figures.marks.iter().filter(is_ours).map(|mark| (mark.level, mark.at)).collect();
        let told_at = policy.terms.budget.as_ref().map(|rule| rule.warn_at.as_slice()).unwrap_or_default();
        let mut wanted: Vec<u32> = told_at.iter().copied().chain([ALL]).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let new: Vec<u32> = wanted
            .into_iter()
            .filter(|level| figures.trusted && i64::from(*level) <= view.share && !marked.contains_key(level))
            .collect();
        view.levels = marked.keys().copied().chain(new.iter().copied()).collect();
        view.levels.sort_unstable();
        if view.share >= i64::from(ALL) {
            view.used_up_at = marked.get(&ALL).copied().unwrap_or(figures.now).into();
        }
        // several at once are told as one, the highest; what is less than was told before is no news
        let news = new.iter().rev().copied().find(|level| told_at.contains(level));
        let news = news.filter(|level| marked.keys().next_back().is_none_or(|before| before < level));
        for level in new {
            let (policy_id, spent, at) = (policy.id.clone(), view.spent, figures.now);
            let (scope, month) = (key.clone(), month.clone());
            let mark = BudgetMark { policy: policy_id, scope, month, level, limit, enforced, at, spent };
            let told = news == Some(level) && enforced;
            let message = told.then(|| message(policy, &view, &mark));
            self.reached.push((mark, message));
        }
        let left = Money::micros(limit.as_micros().saturating_sub(view.spent.as_micros()), limit.currency());
        let left = (view.unpriced == 0 && view.not_counted.is_empty()).then_some(left);
        let standing = Standing { used_up_at: view.used_up_at, left, words: words(&view).into() };
        match scope {
            Scope::Workspace(id) => drop(self.spending.workspaces.insert(id.clone(), standing)),
            Scope::Name(name) => drop(self.spending.names.insert(name.clone(), standing)),
        }
        self.shown.push(view);
    }
}

#[cfg(test)]
mod tests;
