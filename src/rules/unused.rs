//! What was started at the beginning of hours and has not been used since is due to be stopped again.
//!
//! Only what this service started, and only where every source that counts is fresh and quiet: who uses it once keeps it for
//! the whole run, and what nobody can see is never unused.

use jiff::Timestamp;

use super::activity::{Activity, Asked, unused};
use super::candidate::{Candidate, Reason};
use super::run::RunStart;
use super::verdict::{Finding, Ground, Rule};
use super::words::Words;
use crate::facts::{Evidence, History, PastStart, Source};
use crate::policy::{IdleRule, StartRule};
use crate::units::{Percent, Span, When};

/// What the rule looks at.
#[derive(Clone, Copy)]
pub(super) struct UnusedQuestion<'a> {
    pub(super) rule: &'a StartRule,
    /// How much has to be watched, and how fresh, where the policy says so for its idle rule.
    pub(super) idle: Option<IdleRule>,
    /// The start of ours by which the run began.
    pub(super) began: &'a PastStart,
    pub(super) evidence: &'a Evidence,
    pub(super) history: &'a History,
    pub(super) start: RunStart,
    pub(super) now: Timestamp,
}

/// What is found, and the stop that follows. `in_use` is who uses it, or did when last heard of.
pub(super) fn unused_start<'a>(
    question: &UnusedQuestion<'a>,
    in_use: Option<&Activity>,
) -> (Finding, Option<Candidate<'a>>) {
    let UnusedQuestion { rule, idle, began, evidence, history, start, now } = *question;
    let found = |words: String, due_at: Option<Timestamp>, ground| {
        let words = Words::from(words);
        Finding { rule: Rule::Start, ground, words, due_at: When::from(due_at) }
    };
    let keep = |words: &str| {
        let words = format!("started by policy at {}; {words}", began.asked_at);
        (found(words, None, Ground::NotDue), None)
    };
    if rule.needs.has(Source::AzureTimer) {
        return keep("whether it is used only Azure's timer sees, and tells nobody");
    }
    let asked = Asked {
        needs: rule.needs,
        coverage: idle.map_or_else(|| Percent::new(90).unwrap_or(Percent::ALL), |idle| idle.coverage),
        fresh_within: idle.map_or(Span::minutes(10), |idle| idle.fresh_within),
        after: rule.unused_after,
    };
    let (since, used, connected) = match in_use.cloned().unwrap_or_else(|| unused(evidence, history, asked, start, now))
    {
        Activity::Busy { .. } | Activity::Lost { .. } => return keep("it is used"),
        Activity::Unknown(why) => return keep(&format!("nobody knows whether it is used: {why}")),
        Activity::Quiet { since, used, connected, .. } => (since, used, connected),
    };
    if start.latest().is_none_or(|start| used > start) {
        return keep(&format!("it was used at {used}"));
    }
    if let Some(who) = connected {
        return keep(&format!("somebody is connected: {who}"));
    }
    let Ok(due_at) = since.checked_add(rule.unused_after.duration()) else {
        return keep("since when it is quiet cannot be reckoned with");
    };
    let words = format!("started by policy at {} and not used since, at most {}", began.asked_at, rule.unused_after);
    let candidate = Candidate { ground: Ground::UnusedStart, reason: Reason::Started(&began.key), due_at };
    (found(words, Some(due_at), Ground::UnusedStart), Some(candidate))
}
