//! Which starts may go ahead: the same choke point as stops, and only for what a policy's `start` covers (G3, G5).
//!
//! A start over a cap waits its turn; it is let go when the policy's `catch_up` has passed, so that caps never make a start
//! late.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::look::LOOK_MAX;
use super::sick::sick;
use super::{Bounds, FleetSight, OperationPermit, Refusal};
use crate::facts::{Freeze, InstanceFacts, PowerState, Verb};
use crate::plan::StartStep;
use crate::policy::{Mode, Policy, StartRule, part_of};
use crate::rules::{StartFinding, StartGround};
use crate::units::PolicyId;

/// What was started lately under one policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StartCount {
    /// Starts asked for in the last hour, those under way too.
    pub asked_last_hour: usize,
    /// Those of them that failed, for more than one instance's own reasons.
    pub failed_last_hour: usize,
    /// How many more a changed policy may start while it is tried on a few; none: it is not on trial (G19).
    pub trial: Option<usize>,
}

/// What a review of starts looks at beside them.
#[derive(Debug, Clone, Copy)]
pub struct StartAround<'a> {
    /// The policies now in force.
    pub policies: &'a BTreeMap<PolicyId, Arc<Policy>>,
    /// What was started under each of them.
    pub counts: &'a BTreeMap<PolicyId, StartCount>,
    /// Bounds of the view.
    pub bounds: &'a Bounds,
    /// How the fleet is seen.
    pub sight: &'a FleetSight,
    /// Frozen?
    pub freeze: &'a Freeze,
    /// Now.
    pub now: Timestamp,
}

/// A start that passed review. Only this room makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedStart(StartStep);

impl ApprovedStart {
    /// The start.
    #[must_use]
    pub const fn step(&self) -> &StartStep {
        &self.0
    }
}

/// Every start, in exactly one of the two.
#[derive(Debug, Default)]
#[must_use]
pub struct StartReview {
    /// May be looked at once more and then started.
    pub approved: Vec<ApprovedStart>,
    /// May not, and why.
    pub refused: Vec<(StartStep, Refusal)>,
}

/// Reviews starts in the order given (G1, G4, G6, G8, G11, G12, G19, S11).
pub fn review_starts(steps: Vec<StartStep>, around: &StartAround<'_>) -> StartReview {
    let mut review = StartReview::default();
    let mut taken: BTreeMap<PolicyId, usize> = BTreeMap::new();
    for step in steps {
        let before = taken.get(&step.policy).copied().unwrap_or(0);
        match refusal(&step, before, around) {
            Some(refusal) => review.refused.push((step, refusal)),
            None => {
                taken.insert(step.policy.clone(), before.saturating_add(1));
                review.approved.push(ApprovedStart(step));
            }
        }
    }
    review
}

fn refusal(step: &StartStep, before: usize, around: &StartAround<'_>) -> Option<Refusal> {
    let policy = around.policies.get(&step.policy).filter(|policy| policy.revision == step.revision);
    let Some((policy, rule)) = policy.and_then(|policy| Some((policy, policy.start.as_deref()?))) else {
        return Some(Refusal::PolicyChanged);
    };
    if policy.mode == Mode::Observe {
        return Some(Refusal::ObserveMode);
    }
    if *around.freeze != Freeze::Off {
        return Some(Refusal::Frozen);
    }
    if let Some(refusal) = sick(around.sight, around.bounds, around.now) {
        return Some(refusal);
    }
    let age = around.now.duration_since(step.observed_at);
    if age > around.bounds.observed_max.duration() || step.expected.state != PowerState::Stopped {
        return Some(Refusal::Stale);
    }
    let count = around.counts.get(&step.policy).copied().unwrap_or_default();
    let share = around.bounds.failed_stops_share.of(count.asked_last_hour);
    if count.failed_last_hour > usize::try_from(around.bounds.failed_stops_max).unwrap_or(usize::MAX).max(share) {
        return Some(Refusal::TooManyFailures);
    }
    if count.trial.is_some_and(|room| before >= room) {
        return Some(Refusal::Canary);
    }
    (before >= room(rule, count, around.sight.sharers.max(1))).then_some(Refusal::Paced)
}

/// How many may be started in this sweep.
fn room(rule: &StartRule, count: StartCount, sharers: u32) -> usize {
    let most = |number: u32| usize::try_from(part_of(number, sharers)).unwrap_or(usize::MAX);
    most(rule.per_sweep).min(most(rule.per_hour).saturating_sub(count.asked_last_hour))
}

/// What was seen right before starting.
#[derive(Debug, Clone, Copy)]
pub struct StartLook<'a> {
    /// The instance, read again.
    pub fresh: &'a InstanceFacts,
    /// The same rule on it, with holds read again.
    pub finding: Option<&'a StartFinding>,
    /// The policy that governs it now.
    pub policy: &'a Policy,
    /// The freeze switch, read again.
    pub freeze: &'a Freeze,
    /// Now.
    pub now: Timestamp,
}

/// Gives the permit, or says what changed. The rule finds only what its policy's `start` covers: nothing else is ever due.
///
/// # Errors
/// The refusal and its particulars.
pub fn start_permit(approved: ApprovedStart, look: &StartLook<'_>) -> Result<OperationPermit, (Refusal, String)> {
    let ApprovedStart(step) = approved;
    let StartLook { fresh, policy, now, .. } = *look;
    if let Some(why) = look.freeze.why() {
        return Err((Refusal::Frozen, why.to_owned()));
    }
    let age = now.duration_since(fresh.observed_at);
    if age > LOOK_MAX || age.is_negative() {
        return Err((Refusal::NoSecondLook, format!("the second look is {} s old", age.as_secs())));
    }
    if fresh.id != step.instance || fresh.created != step.created {
        return Err((Refusal::NoLongerDue, "it is another instance of the same name".to_owned()));
    }
    if let Some(difference) = step.expected.differs_from(fresh) {
        return Err((Refusal::NoLongerDue, difference));
    }
    if policy.revision != step.revision || policy.id != step.policy || policy.mode != Mode::Enforce {
        return Err((Refusal::PolicyChanged, "the policy changed since the plan was made".to_owned()));
    }
    match look.finding {
        Some(finding) if finding.ground == StartGround::Due && finding.key == step.key => Ok(OperationPermit {
            verb: Verb::Start,
            instance: step.instance,
            created: step.created,
            looked_at: now,
            new: None,
        }),
        Some(finding) => Err((Refusal::NoLongerDue, format!("decided anew: {}", finding.words))),
        None => Err((Refusal::NoLongerDue, "no policy starts it any more".to_owned())),
    }
}
