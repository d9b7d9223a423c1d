//! The right to delete one instance that stayed off: a person said yes or the whole ladder was told, nothing says no, and it was
//! read just now.

use jiff::Timestamp;

use super::look::LOOK_MAX;
use super::sick::sick;
use super::{Bounds, FleetSight, OperationPermit, Refusal};
use crate::facts::{Freeze, History, InstanceFacts, OperationStatus, PowerState, Proposal, Verb};
use crate::policy::Policy;
use crate::rules::{proposes, void_of};

/// Deletions of the last 24 hours that may have been sent, this sweep's among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeletedLately {
    /// Of the whole fleet, under whatever policy.
    pub fleet: usize,
    /// Under the policy.
    pub policy: usize,
    /// The most of the fleet: the largest number that any policy allows.
    pub fleet_most: u32,
}

impl DeletedLately {
    /// Why one more waits under a policy that allows so many in 24 hours; none where it may go.
    #[must_use]
    pub fn paced(&self, per_day: u32) -> Option<String> {
        let reached = |count: usize, most: u32| count >= usize::try_from(most).unwrap_or(usize::MAX);
        if reached(self.policy, per_day) {
            return Some(format!("{per_day} in 24 hours under its policy and no more; it waits its turn"));
        }
        let fleet = self.fleet_most;
        reached(self.fleet, fleet).then(|| format!("{fleet} in 24 hours in the fleet and no more; it waits its turn"))
    }
}

/// What was seen right before.
#[derive(Debug, Clone, Copy)]
pub struct DeleteLook<'a> {
    /// What is to be carried out.
    pub proposal: &'a Proposal,
    /// The instance, read again.
    pub fresh: &'a InstanceFacts,
    /// Its past, with holds and the stop that is under way.
    pub history: &'a History,
    /// The policy that governs it now.
    pub policy: &'a Policy,
    /// The freeze switch, read again.
    pub freeze: &'a Freeze,
    /// How well the fleet is seen, and by which bounds that is judged.
    pub sight: (&'a FleetSight, &'a Bounds),
    /// An operation on it is under way.
    pub is_under_way: bool,
    /// What was deleted lately.
    pub lately: DeletedLately,
    /// Now.
    pub now: Timestamp,
}

/// Gives the permit, or says why not. There is no other way to delete what a proposal names.
///
/// # Errors
/// The refusal and its particulars.
pub fn delete_permit(look: &DeleteLook<'_>) -> Result<OperationPermit, (Refusal, String)> {
    let DeleteLook { proposal, fresh, history, policy, freeze, now, .. } = *look;
    if let Some(why) = freeze.why() {
        return Err((Refusal::Frozen, why.to_owned()));
    }
    let (sight, bounds) = look.sight;
    if let Some(refusal) = sick(sight, bounds, now) {
        return Err((refusal, refusal.words().to_owned()));
    }
    let age = now.duration_since(fresh.observed_at);
    if age > LOOK_MAX || age.is_negative() {
        return Err((Refusal::NoSecondLook, format!("the look at it is {} s old", age.as_secs())));
    }
    if look.is_under_way || history.open.is_some() {
        return Err((Refusal::UnderWay, "something is done with it at this moment".to_owned()));
    }
    if fresh.id != proposal.instance {
        return Err((Refusal::NoLongerDue, "it is another instance".to_owned()));
    }
    if let Some((ground, words)) = void_of(proposal, Some(policy), (fresh, history), freeze, now) {
        return Err((Refusal::NoLongerDue, format!("{}: {words}", ground.label())));
    }
    if !proposes(policy) {
        return Err((Refusal::ObserveMode, "its policy only observes, and nothing is deleted under it".to_owned()));
    }
    settled(fresh)?;
    if proposal.ready_at().is_none_or(|at| now < at) {
        return Err((Refusal::NoLongerDue, "nobody said yes, or the day has not come".to_owned()));
    }
    if let Some(words) = look.lately.paced(policy.terms.stopped.as_ref().map_or(0, |rule| rule.per_day)) {
        return Err((Refusal::Paced, words));
    }
    let instance = fresh.id.clone();
    Ok(OperationPermit { verb: Verb::Delete, instance, created: fresh.created, looked_at: now, new: None })
}

/// Surely off, and nothing is done with it (G14).
fn settled(fresh: &InstanceFacts) -> Result<(), (Refusal, String)> {
    if fresh.state != PowerState::Stopped {
        return Err((Refusal::NoLongerDue, format!("Azure says {}", fresh.state)));
    }
    let Some(last) = fresh.last_operation.known() else {
        return Err((Refusal::NoLongerDue, "Azure does not say what was last done with it".to_owned()));
    };
    match &last.status {
        OperationStatus::Succeeded | OperationStatus::Failed(_) => Ok(()),
        OperationStatus::InProgress | OperationStatus::Other(_) => {
            Err((Refusal::UnderWay, "an operation on it is in progress".to_owned()))
        }
    }
}
