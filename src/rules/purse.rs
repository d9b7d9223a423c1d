//! What a start would cost until hours end, and what the month's budget leaves for it. What is not known is not spent.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::budget::{Spending, Standing, folded};
use super::moment::{Moment, with_subject};
use super::run::run_start;
use crate::facts::{History, InstanceFacts, OperationResult, PastStart, PowerState};
use crate::policy::{BudgetRule, Per};
use crate::schedule::HoursState;
use crate::units::{Money, Rate};

/// What a start would cost, and out of which allowance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// Whose allowance: a workspace, a team or an owner.
    pub scope: Arc<str>,
    /// What is left of it this month.
    pub left: Money,
    /// True once it was found used up.
    pub used_up: bool,
    /// What it costs from now until its hours or the month end.
    pub cost: Money,
}

/// Reckons it, or says what nobody knows. `from` to `until` is how long it would run; the month is that of `now`.
pub(super) fn purse(
    rule: &BudgetRule,
    spending: Option<&Spending>,
    facts: &InstanceFacts,
    rate: Option<Rate>,
    (now, from, until): (Timestamp, Timestamp, Option<Timestamp>),
) -> Result<Purse, &'static str> {
    let spending = spending.ok_or("nobody knows what was spent this month")?;
    let (begins, ends) = spending.within;
    if !(begins..ends).contains(&now) {
        return Err("nobody has added up yet what was spent in this month");
    }
    let (scope, standing) = allowance(rule, spending, facts)?;
    let left = standing.map_or(Some(rule.monthly), |standing| standing.left);
    let left = left.ok_or("a part of what was spent this month has no price")?;
    let rate = rate.ok_or("nobody knows what it costs")?;
    if rate.currency() != left.currency() {
        return Err("its price is in another currency than the budget");
    }
    // what comes after the month is another month's
    let end = until.map_or(ends, |until| until.min(ends));
    let cost = rate.over(end.duration_since(from).as_secs().max(0)).rounded();
    let used_up = standing.is_some_and(|standing| !standing.used_up_at.is_none());
    Ok(Purse { scope, left, used_up, cost })
}

/// What one that the service started for its present hours, or may have, will cost until they end, and out of which
/// allowance: what is promised is not promised twice.
#[must_use]
pub fn promised(moment: &Moment<'_>, facts: &InstanceFacts, history: &History, rate: Option<Rate>) -> Option<Purse> {
    let run = facts.state.is_on().then(|| run_start(facts, history));
    let began = run.and_then(|run| moment.began(facts, run)).filter(|began| began.policy() == moment.key);
    let coming = moment.starts_of(facts).filter(|one| one.policy() == moment.key).any(|one| may_come(one, facts));
    if began.is_none() && !coming {
        return None;
    }
    with_subject(facts, |subject| {
        let holding = moment.holding(subject);
        let (_, hours) = holding.hours?;
        let (since, until) = match hours.state() {
            HoursState::On { since, until } => (since.as_ref(), until.as_ref().map(|edge| edge.at)),
            HoursState::Off { .. } | HoursState::NoAction { .. } | HoursState::Unknown { .. } => return None,
        };
        let budget = holding.terms.budget.as_deref()?;
        let from = match began {
            Some(began) => moment.now.max(began.asked_at),
            // as it was reckoned when it was asked for
            None => since.map_or(moment.now, |edge| edge.at),
        };
        purse(budget, moment.spending.as_deref(), facts, rate, (moment.now, from, until)).ok()
    })
}

/// True of a start that may still turn it on: nobody has seen how it ended, or it is seen changing.
fn may_come(start: &PastStart, facts: &InstanceFacts) -> bool {
    match &start.ended {
        None => true,
        Some((_, OperationResult::Failed(_) | OperationResult::Dropped(_))) => {
            start.may_have_been_sent() && matches!(facts.state, PowerState::Changing(_))
        }
        Some((_, OperationResult::Done)) => false,
    }
}

/// Whose allowance it counts against, and how that stands; none where nothing was spent of it.
fn allowance<'a>(
    rule: &BudgetRule,
    spending: &'a Spending,
    facts: &InstanceFacts,
) -> Result<(Arc<str>, Option<&'a Standing>), &'static str> {
    let named = |name: Cow<'_, str>| (Arc::from(&*name), spending.names.get(&*name));
    match rule.per {
        Per::Workspace => {
            let id = facts.id.workspace();
            Ok((id.to_string().into(), spending.workspaces.get(id)))
        }
        Per::Team => {
            let team =
                spending.teams.of(facts).ok_or("nobody knows its team, and so which budget it counts against")?;
            Ok(named(Cow::Borrowed(team)))
        }
        Per::Owner => {
            let owner = facts.owner.name().ok_or("nobody knows whose it is, and so which budget it counts against")?;
            Ok(named(folded(owner)))
        }
    }
}
