//! The second look: right before acting, the same decision on fresh facts, or nothing (G10, G11, G12).

use jiff::{SignedDuration, Timestamp};

use super::{Approved, Refusal, StopPermit};
use crate::facts::{Freeze, InstanceFacts};
use crate::rules::{Action, Verdict, Words};

/// How old a second look may be when the stop is sent.
pub(super) const LOOK_MAX: SignedDuration = SignedDuration::from_secs(10);

/// What the second look saw.
#[derive(Debug, Clone, Copy)]
pub struct SecondLook<'a> {
    /// The instance, read again.
    pub fresh: &'a InstanceFacts,
    /// The same decision on it, with holds read again.
    pub verdict: &'a Verdict,
    /// The freeze switch, read again.
    pub freeze: &'a Freeze,
    /// Now.
    pub now: Timestamp,
}

/// Gives the permit, or says what changed. "No longer due" is an outcome, not an error.
///
/// # Errors
/// The refusal and its particulars.
pub fn second_look(approved: Approved, look: &SecondLook<'_>) -> Result<StopPermit, (Refusal, String)> {
    let step = approved.0;
    if let Some(why) = look.freeze.why() {
        return Err((Refusal::Frozen, why.to_owned()));
    }
    let age = look.now.duration_since(look.fresh.observed_at);
    if age > LOOK_MAX || age.is_negative() {
        return Err((Refusal::NoSecondLook, format!("the second look is {} s old", age.as_secs())));
    }
    if look.fresh.id != step.instance || look.fresh.created != step.created {
        return Err((Refusal::NoLongerDue, "it is another instance of the same name".to_owned()));
    }
    if let Some(difference) = step.expected.differs_from(look.fresh) {
        return Err((Refusal::NoLongerDue, difference));
    }
    if look.verdict.under.revision != step.revision || look.verdict.under.policy != step.policy {
        return Err((Refusal::PolicyChanged, "the policy changed since the plan was made".to_owned()));
    }
    let same = look.verdict.due.as_ref().is_some_and(|due| due.key == step.key);
    if look.verdict.action != Action::Stop || !same {
        let now = look.verdict.findings.first().map_or(&Words::Fixed("nothing"), |finding| &finding.words);
        return Err((Refusal::NoLongerDue, format!("decided anew: {now}")));
    }
    Ok(StopPermit { step, looked_at: look.now })
}
