//! Running longer than a ceiling that nothing but a new start moves.

use super::hours::Candidate;
use super::run::RunStart;
use super::verdict::{Finding, Ground, Rule};
use crate::facts::StopKey;
use crate::policy::UptimeRule;
use crate::units::When;

/// What the ceiling says. A start that nobody knows counts from the first sighting: the ceiling may come late, never early.
/// `policy` is its name in lower case.
pub(super) fn uptime(rule: UptimeRule, policy: &str, start: RunStart) -> (Finding, Option<Candidate>) {
    let found = |ground, words: String, due_at| Finding {
        rule: Rule::Uptime,
        ground,
        words: words.into(),
        due_at: When::from(due_at),
    };
    let due = start.latest().and_then(|start| Some((start, start.checked_add(rule.max.duration()).ok()?)));
    let Some((start, due_at)) = due else {
        return (found(Ground::NotDue, "nobody knows since when it runs".to_owned(), None), None);
    };
    let (start, max) = (start.to_string(), rule.max.to_string());
    let key = StopKey(["uptime/", policy, "/", &start].concat().into());
    let words = ["running since ", &start, ", at most ", &max].concat();
    (found(Ground::Uptime, words, Some(due_at)), Some(Candidate { ground: Ground::Uptime, key, due_at }))
}
