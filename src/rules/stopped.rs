//! Instances that stay off: since when, whether the policy proposes to delete one, and what makes a proposal void. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::exempt::exempt;
use super::moment::{terms_of, with_subject};
use crate::facts::{
    Freeze, History, InstanceFacts, Operation, OperationStatus, PowerState, Proposal, Reading, VoidGround,
};
use crate::policy::{Mode, Policy, StoppedRule};
use crate::units::When;

/// Who says since when it is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OffBy {
    /// Azure: its last operation is a stop that succeeded then.
    Azure,
    /// It has been seen off ever since, and may have been off before.
    Seen,
}

/// Since when an instance is off: then at the latest, and it may have been off before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffSince {
    /// The instant.
    pub at: Timestamp,
    /// Who says so.
    pub by: OffBy,
}

/// Since when a stopped instance is off without a break; none when it is not stopped. An operation that is younger than
/// the first sighting (`seen`) may have turned it on in between: then it counts from there.
#[must_use]
pub fn off_since(facts: &InstanceFacts, seen: When) -> Option<OffSince> {
    if facts.state != PowerState::Stopped {
        return None;
    }
    let seen = seen.known().unwrap_or(facts.observed_at);
    let by_sight = OffSince { at: seen, by: OffBy::Seen };
    let Some(last) = facts.last_operation.known() else { return Some(by_sight) };
    let is_stop = last.operation == Operation::Stop && last.status == OperationStatus::Succeeded;
    Some(match is_stop {
        true => OffSince { at: last.at, by: OffBy::Azure },
        false => OffSince { at: seen.max(last.at), by: OffBy::Seen },
    })
}

/// What the policy says of an instance that is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposal {
    /// It is not stopped, or the policy says nothing of such instances.
    None,
    /// It is left alone; why.
    Spared(String),
    /// It will be proposed for deletion at that time, if it stays off.
    Later(Timestamp),
    /// It is to be proposed.
    Due {
        /// Since when it is off.
        off_since: Timestamp,
        /// True where nobody's yes is needed after the whole ladder.
        automatic: bool,
    },
}

/// Whether the policy proposes to delete an instance now. What is not known for sure is never proposed.
#[must_use]
pub fn disposal(policy: &Policy, facts: &InstanceFacts, history: &History, now: Timestamp) -> Disposal {
    let Some(rule) = policy.terms.stopped.as_deref() else { return Disposal::None };
    let Some(off) = off_since(facts, history.off_since) else { return Disposal::None };
    if let Some(why) = spared(policy, rule, facts, history, now) {
        return Disposal::Spared(why);
    }
    let after = if facts.owner.is_unknown() { rule.unknown_owner_after } else { rule.delete_after };
    match off.at.checked_add(after.duration()) {
        Ok(at) if at <= now => {
            let automatic = with_subject(facts, |subject| rule.is_automatic(subject));
            Disposal::Due { off_since: off.at, automatic }
        }
        Ok(at) => Disposal::Later(at),
        Err(_) => Disposal::None,
    }
}

/// Who or what says no to its deletion.
fn spared(
    policy: &Policy,
    rule: &StoppedRule,
    facts: &InstanceFacts,
    history: &History,
    now: Timestamp,
) -> Option<String> {
    if let Reading::Unknown(why) = &facts.last_operation {
        return Some(format!("Azure does not say what was last done with it ({})", why.words()));
    }
    if let Some(hold) = history.any_hold_at(now) {
        return Some(format!("held until {} by {}", hold.until, hold.by));
    }
    let terms = terms_of(policy, facts);
    with_subject(facts, |subject| {
        let found = exempt(terms, subject, facts, now).map(|found| found.words.to_string());
        found.or_else(|| rule.exempt.first_match(subject).map(|why| format!("stopped.exempt spares it: {why}")))
    })
}

/// What makes an open proposal void: whatever says no, and everything that is not as it was when it was made. None while
/// it stands.
#[must_use]
pub fn void_of(
    proposal: &Proposal,
    policy: Option<&Policy>,
    (facts, history): (&InstanceFacts, &History),
    freeze: &Freeze,
    now: Timestamp,
) -> Option<(VoidGround, String)> {
    if facts.created != proposal.created {
        return Some((VoidGround::Recreated, "another instance has its name now".to_owned()));
    }
    let turned = match &facts.state {
        PowerState::Stopped | PowerState::Unrecognised(_) => None,
        PowerState::Running | PowerState::JobRunning | PowerState::Changing(_) | PowerState::Broken(_) => {
            Some(format!("Azure says {}", facts.state))
        }
    };
    if let Some(words) = turned {
        return Some((VoidGround::Started, words));
    }
    if let Some(off) = off_since(facts, history.off_since).filter(|off| off.at > proposal.off_since) {
        return Some((
            VoidGround::Started,
            format!("it was on since, or something was done with it: off since {}", off.at),
        ));
    }
    let same = policy.filter(|policy| policy.id == proposal.policy && policy.revision == proposal.revision);
    let Some((policy, rule)) = same.and_then(|policy| Some((policy, policy.terms.stopped.as_deref()?))) else {
        return Some((VoidGround::PolicyChanged, "the policy changed, or governs it no more".to_owned()));
    };
    if let Some(hold) = history.any_hold_at(now) {
        return Some((VoidGround::Held, format!("held until {} by {}: {}", hold.until, hold.by, hold.reason)));
    }
    if let Some(words) = spared(policy, rule, facts, history, now).filter(|_| facts.last_operation.known().is_some()) {
        return Some((VoidGround::Exempt, words));
    }
    if let Some(words) = changed(proposal, rule, facts) {
        return Some((VoidGround::Changed, words));
    }
    match freeze {
        Freeze::On(why) => Some((VoidGround::Frozen, why.clone())),
        // nobody said no: nothing is done while it cannot be read, and the proposal stands
        Freeze::Off | Freeze::Unreadable(_) => None,
    }
}

/// What was told to one person is not told to another, and what may go without a yes is asked anew each time.
fn changed(proposal: &Proposal, rule: &StoppedRule, facts: &InstanceFacts) -> Option<String> {
    let (then, now) = (proposal.owner.as_deref(), facts.owner.name());
    let is_same = match (then, now) {
        (Some(then), Some(now)) => then.eq_ignore_ascii_case(now),
        (then, now) => then.is_none() && now.is_none(),
    };
    if !is_same {
        return Some(format!(
            "it is {}'s now, and was {}'s",
            now.unwrap_or("nobody known"),
            then.unwrap_or("nobody known")
        ));
    }
    let is_listed = with_subject(facts, |subject| rule.is_automatic(subject));
    (proposal.automatic && !is_listed).then(|| "stopped.automatic names it no more".to_owned())
}

/// True where the policy acts: in mode observe nothing is proposed to anybody.
#[must_use]
pub fn proposes(policy: &Policy) -> bool {
    policy.mode == Mode::Enforce && policy.terms.stopped.is_some()
}
