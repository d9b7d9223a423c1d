//! Idle longer than allowed. Needs evidence that covers the time; unknown is never idle.

use jiff::Timestamp;

use super::activity::{Activity, Asked, unused};
use super::candidate::{Candidate, Reason};
use super::run::RunStart;
use super::verdict::{Finding, Ground, Rule};
use super::words::Words;
use crate::facts::{Evidence, History, InstanceFacts, Source};
use crate::policy::IdleRule;
use crate::units::When;

/// What is known of an instance that idleness asks for.
#[derive(Clone, Copy)]
pub(super) struct IdleQuestion<'a> {
    pub(super) rule: IdleRule,
    /// The policy's name in lower case.
    pub(super) policy: &'a str,
    pub(super) facts: &'a InstanceFacts,
    pub(super) evidence: &'a Evidence,
    /// Somebody would see that Azure's timer does not work.
    pub(super) is_watched: bool,
    pub(super) history: &'a History,
    pub(super) start: RunStart,
    pub(super) now: Timestamp,
}

fn found(ground: Ground, words: impl Into<Words>, due_at: Option<Timestamp>) -> Finding {
    Finding { rule: Rule::Idle, ground, words: words.into(), due_at: When::from(due_at) }
}

/// What idleness says. `in_use` is who uses it, or did when last heard of.
pub(super) fn idle<'a>(question: &IdleQuestion<'a>, in_use: Option<&Activity>) -> (Finding, Option<Candidate<'a>>) {
    let IdleQuestion { rule, policy, evidence, history, start, now, .. } = *question;
    if rule.needs.has(Source::AzureTimer) {
        return (left_to_azure(question), None);
    }
    let asked =
        Asked { needs: rule.needs, coverage: rule.coverage, fresh_within: rule.fresh_within, after: rule.after };
    let unknown =
        |why: &str| (found(Ground::IdleUnknown, format!("nobody knows whether it is idle: {why}"), None), None);
    let unused = || unused(evidence, history, asked, start, now);
    let (since, used, gap, connected) = match in_use.cloned().unwrap_or_else(unused) {
        Activity::Busy { words, .. } => return (found(Ground::NotDue, words, None), None),
        Activity::Lost { source, as_of, words } => {
            return unknown(&format!("{} said at {as_of}: {words}", source.words()));
        }
        Activity::Unknown(why) => return unknown(&why),
        Activity::Quiet { since, used, gap, connected } => (since, used, gap, connected),
    };
    let Ok(due_at) = since.checked_add(rule.after.duration()) else {
        return unknown(&format!("quiet since {since}, which cannot be reckoned with"));
    };
    let words = match (gap, connected) {
        (Some((source, share)), _) => Words::from(format!(
            "quiet since {since} at least, at most {}: {} watched {share} of the time before, {} are needed",
            rule.after,
            source.words(),
            rule.coverage
        )),
        (None, Some(who)) => format!("quiet since {since}, at most {}; connected: {who}", rule.after).into(),
        (None, None) => Words::QuietSince(since, rule.after),
    };
    let ground = if gap.is_some() && due_at > now { Ground::IdleUnknown } else { Ground::Idle };
    // by the last use, and not by how well the time since was watched: what was announced stays announced
    let reason = Reason::Quiet(policy, used);
    (found(ground, words, Some(due_at)), Some(Candidate { ground: Ground::Idle, reason, due_at }))
}

/// Azure's own timer is the only detector: it stops by itself, and is watched where anybody else sees use.
fn left_to_azure(question: &IdleQuestion<'_>) -> Finding {
    let timers = &question.facts.native;
    if let Some(text) = &timers.unreadable {
        let words = format!("the policy leaves it to Azure's idle timer, which cannot be read (`{text}`)");
        return found(Ground::IdleUnknown, words, None);
    }
    let Some(after) = timers.idle_shutdown.filter(|after| !after.is_zero()) else {
        return found(Ground::IdleUnknown, "the policy leaves it to Azure's idle timer, and none is set on it", None);
    };
    if !timers.custom_applications.is_empty() {
        let words =
            "the policy leaves it to Azure's idle timer, to which an instance with custom applications is never idle";
        return found(Ground::IdleUnknown, words, None);
    }
    let watched = if question.is_watched { "it is watched" } else { "nobody watches that it does" };
    found(Ground::NotDue, format!("Azure's idle timer stops it after {after} without use; {watched}"), None)
}
