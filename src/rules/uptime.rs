//! Running longer than a ceiling that nothing but a new start moves.

use super::candidate::{Candidate, Reason};
use super::run::RunStart;
use super::verdict::{Finding, Ground, Rule};
use super::words::Words;
use crate::policy::UptimeRule;
use crate::units::When;

/// What the ceiling says. A start that nobody knows counts from the first sighting: the ceiling may come late, never early.
/// `policy` is its name in lower case.
pub(super) fn uptime(rule: UptimeRule, policy: &str, start: RunStart) -> (Finding, Option<Candidate<'_>>) {
    let found =
        |ground, words: Words, due_at| Finding { rule: Rule::Uptime, ground, words, due_at: When::from(due_at) };
    let due = start.latest().and_then(|start| Some((start, start.checked_add(rule.max.duration()).ok()?)));
    let Some((start, due_at)) = due else {
        return (found(Ground::NotDue, "nobody knows since when it runs".into(), None), None);
    };
    let reason = Reason::Run(policy, start);
    let words = Words::RunningSince(start, rule.max);
    (found(Ground::Uptime, words, Some(due_at)), Some(Candidate { ground: Ground::Uptime, reason, due_at }))
}
