//! The right to set Azure's idle timer on one instance: the policy wants it, nothing forbids it, and it was read just now.

use std::sync::Arc;

use jiff::Timestamp;

use super::Refusal;
use super::look::LOOK_MAX;
use crate::facts::{Evidence, Freeze, History, Hold, InstanceFacts, OperationStatus, PowerState};
use crate::policy::{ApplyTimer, Mode, Policy};
use crate::rules::{Moment, terms_of, used_by, wanted_timer};
use crate::units::{InstanceId, Span};

/// Who wants it set now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerBy {
    /// The service, by itself: only in mode enforce, and where the policy leaves it to the service.
    Service,
    /// A person, by hand.
    Person,
}

/// What was seen right before.
#[derive(Debug, Clone, Copy)]
pub struct TimerLook<'a> {
    /// The instance, read again.
    pub fresh: &'a InstanceFacts,
    /// The policy that governs it now.
    pub policy: &'a Policy,
    /// Who wants it.
    pub by: TimerBy,
    /// The freeze switch, read again.
    pub freeze: &'a Freeze,
    /// Its past, with holds and the stop that is under way.
    pub history: &'a History,
    /// What sources say of its use.
    pub evidence: &'a Evidence,
    /// Now.
    pub now: Timestamp,
}

/// The right to set one idle timer, good for a few seconds. It cannot be built, cloned or kept: sending takes it by value
/// (G5).
///
/// ```compile_fail
/// let permit = lightsout::guard::TimerPermit { instance: todo!(), was: todo!(), to: todo!(), revision: todo!(), looked_at: todo!() };
/// ```
#[derive(Debug)]
#[must_use = "a permit that is not used sets nothing"]
pub struct TimerPermit {
    instance: InstanceId,
    was: Option<Span>,
    to: Span,
    revision: Arc<str>,
    looked_at: Timestamp,
}

impl TimerPermit {
    /// On which instance.
    #[must_use]
    pub const fn instance(&self) -> &InstanceId {
        &self.instance
    }
    /// What it was.
    #[must_use]
    pub const fn was(&self) -> Option<Span> {
        self.was
    }
    /// What it may be set to: what the policy wants, and nothing else.
    #[must_use]
    pub const fn to(&self) -> Span {
        self.to
    }
    /// Which revision of its policy wants that; under another one nothing is sent.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }
    /// When it was looked at; sending is refused ten seconds later (G10).
    #[must_use]
    pub const fn looked_at(&self) -> Timestamp {
        self.looked_at
    }
}

/// Gives the permit, or says why not.
///
/// # Errors
/// The refusal and its particulars.
pub fn timer_permit(look: &TimerLook<'_>) -> Result<TimerPermit, (Refusal, String)> {
    let TimerLook { fresh, policy, now, .. } = *look;
    if let Some(why) = look.freeze.why() {
        return Err((Refusal::Frozen, why.to_owned()));
    }
    let age = now.duration_since(fresh.observed_at);
    if age > LOOK_MAX || age.is_negative() {
        return Err((Refusal::NoSecondLook, format!("the look at it is {} s old", age.as_secs())));
    }
    let Some(rule) = terms_of(policy, fresh).native else {
        return Err((Refusal::PolicyChanged, "the policy wants no idle timer on it".to_owned()));
    };
    if look.by == TimerBy::Service && (policy.mode, rule.apply) != (Mode::Enforce, ApplyTimer::Service) {
        return Err((Refusal::ObserveMode, "the policy leaves idle timers to people".to_owned()));
    }
    if look.history.open.is_some() {
        return Err((Refusal::UnderWay, "a stop of it is under way".to_owned()));
    }
    if let Some(why) = unsettled(fresh) {
        return Err((Refusal::NoLongerDue, why));
    }
    if let Some(text) = &fresh.native.unreadable {
        return Err((Refusal::NoLongerDue, format!("what Azure shows as its idle timer cannot be read (`{text}`)")));
    }
    let moment = Moment::new(policy, now);
    match wanted_timer(&moment, fresh) {
        Err(exempt) => Err((Refusal::NoLongerDue, exempt.to_string())),
        Ok(None) => Err((Refusal::PolicyChanged, "the policy wants no idle timer on it".to_owned())),
        Ok(Some(to)) if fresh.native.idle_shutdown == Some(to) => {
            Err((Refusal::NoLongerDue, format!("it is {to} already")))
        }
        Ok(Some(to)) => {
            let was = fresh.native.idle_shutdown;
            spared(&moment, fresh, look.history, look.evidence, to)?;
            let revision = Arc::clone(&policy.revision);
            Ok(TimerPermit { instance: fresh.id.clone(), was, to, revision, looked_at: now })
        }
    }
}

/// Azure's timer knows no hold, and sees no work in tmux or over SSH: who is held or in use gets no timer that may stop it, and none
/// that is shorter (G13). A longer one takes nothing from anybody.
///
/// # Errors
/// Who spares it.
pub fn spared(
    moment: &Moment<'_>,
    facts: &InstanceFacts,
    history: &History,
    evidence: &Evidence,
    to: Span,
) -> Result<(), (Refusal, String)> {
    let is_longer = facts.native.idle_shutdown.is_some_and(|was| !was.is_zero() && was < to);
    if is_longer {
        return Ok(());
    }
    held(history, moment.now())?;
    match used_by(moment, facts, evidence, history) {
        Some(words) => Err((Refusal::NoLongerDue, format!("it is in use: {words}"))),
        None => Ok(()),
    }
}

/// A hold that is in force.
///
/// # Errors
/// With it in words.
pub fn held(history: &History, now: Timestamp) -> Result<(), (Refusal, String)> {
    history.hold_at(now).map_or(Ok(()), |hold| Err(by_hold(hold)))
}

/// A hold that is in force, to stay on or off: neither is anybody's leave to delete.
///
/// # Errors
/// With it in words.
pub fn held_at_all(history: &History, now: Timestamp) -> Result<(), (Refusal, String)> {
    history.any_hold_at(now).map_or(Ok(()), |hold| Err(by_hold(hold)))
}

fn by_hold(hold: &Hold) -> (Refusal, String) {
    (Refusal::NoLongerDue, format!("held until {} by {}: {}", hold.until, hold.by, hold.reason))
}

/// True for what no permit is refused for being on its way somewhere.
#[must_use]
pub fn is_settled(facts: &InstanceFacts) -> bool {
    unsettled(facts).is_none()
}

/// What is on its way somewhere, broken or not understood is left alone (G14).
fn unsettled(fresh: &InstanceFacts) -> Option<String> {
    match &fresh.state {
        PowerState::Running | PowerState::JobRunning | PowerState::Stopped => {}
        PowerState::Changing(word) | PowerState::Broken(word) | PowerState::Unrecognised(word) => {
            return Some(format!("Azure says {word}"));
        }
    }
    let last = fresh.last_operation.known()?;
    let going_on = match last.status {
        OperationStatus::InProgress | OperationStatus::Other(_) => true,
        OperationStatus::Succeeded | OperationStatus::Failed(_) => false,
    };
    going_on.then(|| "an operation on it is in progress".to_owned())
}
