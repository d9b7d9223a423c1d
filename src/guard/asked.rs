//! A stop that a person asks for: no rule stands behind it, and the guard before it all the same (G5, G10, G12).

use jiff::Timestamp;

use super::look::LOOK_MAX;
use super::{Refusal, StopPermit};
use crate::facts::{Freeze, InstanceFacts};
use crate::plan::Step;
use crate::policy::Mode;

/// What a person wants, and what the look right before it saw.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The stop.
    pub step: Step,
    /// Whether the policy stops at all.
    pub mode: Mode,
    /// The instance, read just now.
    pub fresh: &'a InstanceFacts,
    /// Who uses it, by what was heard, unless the person said that this does not matter.
    pub in_use: Option<String>,
    /// The freeze switch, read just now.
    pub freeze: &'a Freeze,
    /// Now.
    pub now: Timestamp,
}

/// Gives the permit, or says why not. A freeze stands before a person's wish too: whoever froze everything meant everything.
///
/// # Errors
/// The refusal and its particulars.
pub fn on_request(wanted: Wanted<'_>) -> Result<StopPermit, (Refusal, String)> {
    let Wanted { step, mode, fresh, in_use, freeze, now } = wanted;
    if let Some(why) = freeze.why() {
        return Err((Refusal::Frozen, why.to_owned()));
    }
    if mode == Mode::Observe {
        return Err((Refusal::ObserveMode, "its policy only observes, and nothing is stopped under it".to_owned()));
    }
    let age = now.duration_since(fresh.observed_at);
    if age > LOOK_MAX || age.is_negative() {
        return Err((Refusal::NoSecondLook, format!("the look at it is {} s old", age.as_secs())));
    }
    if fresh.id != step.instance || fresh.created != step.created {
        return Err((Refusal::NoLongerDue, "it is another instance of the same name".to_owned()));
    }
    if !fresh.state.is_on() {
        return Err((Refusal::NoLongerDue, format!("it is not on: Azure says {}", fresh.state)));
    }
    match in_use {
        Some(use_of_it) => Err((Refusal::NoLongerDue, format!("it is in use: {use_of_it}"))),
        None => Ok(StopPermit { step, looked_at: now }),
    }
}
