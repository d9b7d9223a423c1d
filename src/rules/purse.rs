//! What a start would cost until hours end, and what the month's budget leaves for it. What is not known is not spent.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::budget::{Spending, Standing, folded};
use crate::facts::InstanceFacts;
use crate::policy::{BudgetRule, Per};
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
