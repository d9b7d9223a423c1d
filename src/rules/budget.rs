//! Over the month's allowance of its workspace, team or owner. What is not known to be spent stops nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::candidate::{Candidate, Reason};
use super::run::RunStart;
use super::verdict::{Finding, Ground, Rule};
use super::words::Words;
use crate::facts::{InstanceFacts, Teams};
use crate::policy::{AtLimit, BudgetRule, Per};
use crate::units::{Money, When, WorkspaceId};

/// What was spent in one month against one policy's budget, as far as anyone knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spending {
    /// The month, such as `2026-11`: a part of stop keys.
    pub month: Arc<str>,
    /// The month's first instant, and the first one after it.
    pub within: (Timestamp, Timestamp),
    /// By workspace, for a budget of each workspace.
    pub workspaces: BTreeMap<WorkspaceId, Standing>,
    /// By the name of a team, or of an owner in lower case.
    pub names: BTreeMap<Arc<str>, Standing>,
    /// How instances find their team, for a budget of each team.
    pub teams: Teams,
}

/// How one allowance stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When it was first found used up this month; none while it is not.
    pub used_up_at: When,
    /// What is left of it; none where a part of what was spent has no price.
    pub left: Option<Money>,
    /// How much of it is spent, in words: made once for all instances that it is for.
    pub words: Arc<str>,
}

/// What the budget rule looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct BudgetQuestion<'a> {
    pub(super) rule: &'a BudgetRule,
    /// None when nobody knows what was spent.
    pub(super) spending: Option<&'a Spending>,
    /// The policy's name in lower case.
    pub(super) policy: &'a str,
    pub(super) facts: &'a InstanceFacts,
    pub(super) start: RunStart,
    pub(super) now: Timestamp,
}

/// What the budget says of one instance, and the stop that follows. Unlike the end of hours a limit does not respect a
/// start after it: who starts again is warned again, and stopped again.
pub(super) fn budget<'a>(question: &BudgetQuestion<'a>) -> (Finding, Option<Candidate<'a>>) {
    let found =
        |ground, words: Words, due_at| Finding { rule: Rule::Budget, ground, words, due_at: When::from(due_at) };
    let keep = |words: Words| (found(Ground::NotDue, words, None), None);
    let (spending, standing) = match standing(question) {
        Ok(found) => found,
        Err(why) => return keep(why.into()),
    };
    let words = || Words::from(standing.words.clone());
    let Some(used_up_at) = standing.used_up_at.known().filter(|_| question.rule.at_limit == AtLimit::Stop) else {
        return keep(words());
    };
    let Some(start) = question.start.latest() else {
        return keep("the budget is used up, but nobody knows since when it runs".into());
    };
    // a run that began after that is over the limit from its beginning
    let due_at = used_up_at.max(start);
    let reason = Reason::Month(question.policy, &spending.month, start);
    let candidate = Candidate { ground: Ground::OverBudget, reason, due_at };
    (found(Ground::OverBudget, words(), Some(due_at)), Some(candidate))
}

/// How the allowance stands that the instance counts against, or why nobody knows.
fn standing<'a>(question: &BudgetQuestion<'a>) -> Result<(&'a Spending, &'a Standing), &'static str> {
    let spending = question.spending.ok_or("nobody knows what was spent this month, so the budget stops nothing")?;
    let (from, until) = spending.within;
    if !(from..until).contains(&question.now) {
        return Err("nobody has added up yet what was spent in that month, so the budget stops nothing");
    }
    let facts = question.facts;
    let standing = match question.rule.per {
        Per::Workspace => spending.workspaces.get(facts.id.workspace()),
        Per::Team => {
            let team = spending.teams.of(facts).ok_or("nobody knows its team, so it counts against no budget")?;
            spending.names.get(team)
        }
        Per::Owner => {
            let owner = facts.owner.name().ok_or("nobody knows whose it is, so it counts against no budget")?;
            spending.names.get(&*folded(owner))
        }
    };
    standing.map(|standing| (spending, standing)).ok_or("nothing is spent of its budget this month")
}

/// In lower case, as owners are compared; most are written so already.
pub(super) fn folded(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|letter| letter.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests;
