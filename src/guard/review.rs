//! Every step of a plan ends in approved or refused, with the reason. What is not known refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::backoff::resting;
use super::caps::{Scope, Sweeps, within_caps};
use super::disk::is_full;
use super::sick::{failing, sick};
use super::{Approved, Bounds, FleetSight, Refusal};
use crate::facts::{DiskSight, Freeze, History};
use crate::plan::{Plan, Step};
use crate::policy::{Limits, Mode, Policy};
use crate::units::{InstanceId, PolicyId};

/// What a review looks at beside the plan.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The policies now in force.
    pub policies: &'a BTreeMap<PolicyId, Arc<Policy>>,
    /// Bounds of the view and caps beyond the policies'.
    pub bounds: &'a Bounds,
    /// How the fleet is seen.
    pub sight: &'a FleetSight,
    /// What is remembered of each instance, and how often a day it may be stopped by its terms.
    pub histories: &'a dyn Fn(&InstanceId) -> Option<(&'a History, u32)>,
    /// The fullest disk of each instance, where anything told.
    pub disks: &'a dyn Fn(&InstanceId) -> Option<&'a DiskSight>,
    /// Frozen?
    pub freeze: &'a Freeze,
    /// Now.
    pub now: Timestamp,
}

/// Every step of the plan, in exactly one of the two.
#[derive(Debug, Default)]
#[must_use]
pub struct Review {
    /// May be looked at once more and then stopped.
    pub approved: Vec<Approved>,
    /// May not, and why.
    pub refused: Vec<(Step, Refusal)>,
    /// Those refused that wait for nothing but the fleet's share of the next sweep.
    pub next: BTreeSet<InstanceId>,
}

/// Reviews a plan (G1, G4, G6, G8, G11, G12, G15, G19, S11, S18). The order of approval is the plan's.
pub fn review(plan: Plan, around: &Surroundings<'_>) -> Review {
    let mut refused: Vec<(Step, Refusal)> = Vec::new();
    let mut standing = Vec::new();
    for step in plan.steps {
        match refusal(&step, around) {
            Some(refusal) => refused.push((step, refusal)),
            None => standing.push(step),
        }
    }
    let (standing, canaries) = canary(standing, around.sight);
    refused.extend(canaries);
    let limits = |scope: &Scope| limits_of(scope, around);
    let (passed, over) = within_caps(standing, Sweeps::One, around.sight, &limits);
    let next = if over.is_empty() { BTreeSet::new() } else { next(&passed, &over, around) };
    refused.extend(over);
    let (passed, twice) = without_duplicates(passed);
    refused.extend(twice);
    Review { approved: passed.into_iter().map(Approved).collect(), refused, next }
}

/// Those over a cap that sweeps which follow at once would stop. Those within it took their room before any of them did.
fn next(passed: &[Step], over: &[(Step, Refusal)], around: &Surroundings<'_>) -> BTreeSet<InstanceId> {
    let all = passed.iter().chain(over.iter().map(|(step, _)| step)).cloned().collect();
    let (following, _) = within_caps(all, Sweeps::Following, around.sight, &|scope| limits_of(scope, around));
    let over: BTreeSet<&InstanceId> = over.iter().map(|(step, _)| &step.instance).collect();
    let next = following.into_iter().map(|step| step.instance).filter(|instance| over.contains(instance));
    next.collect()
}

fn refusal(step: &Step, around: &Surroundings<'_>) -> Option<Refusal> {
    let Some(policy) = around.policies.get(&step.policy).filter(|policy| policy.revision == step.revision) else {
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
    if around.now.duration_since(step.observed_at) > around.bounds.observed_max.duration()
        || !step.expected.state.is_on()
    {
        return Some(Refusal::Stale);
    }
    let Some((history, stops_per_day)) = (around.histories)(&step.instance) else {
        return Some(Refusal::Stale);
    };
    if history.open.is_some() {
        return Some(Refusal::UnderWay);
    }
    let disk = (around.disks)(&step.instance);
    if disk.is_some_and(|disk| is_full(disk, around.now)) {
        return Some(Refusal::DiskFull);
    }
    resting(history, disk, stops_per_day, around.now).or_else(|| too_many_failures(step, around.sight, around.bounds))
}

/// Whether so many stops failed lately in a scope of this one that none is tried there now (G8).
#[must_use]
pub fn too_many_failures(step: &Step, sight: &FleetSight, bounds: &Bounds) -> Option<Refusal> {
    Scope::of(step).iter().any(|scope| failing(&scope.count(sight), bounds)).then_some(Refusal::TooManyFailures)
}

pub(super) fn limits_of(scope: &Scope, around: &Surroundings<'_>) -> Option<Limits> {
    let part = |limits: Limits| limits.shared_by(around.sight.sharers.max(1));
    match scope {
        Scope::Fleet => Some(part(around.bounds.fleet)),
        Scope::Subscription(_) => Some(part(around.bounds.subscription)),
        // nobody shares a workspace
        Scope::Workspace(_) => Some(around.bounds.workspace),
        Scope::Policy(id) => around.policies.get(id).map(|policy| part(policy.limits)),
    }
}

/// A policy that was changed lately acts on a few first: the room left is decided before any step is taken (G19).
pub(super) fn canary(steps: Vec<Step>, sight: &FleetSight) -> (Vec<Step>, Vec<(Step, Refusal)>) {
    let mut room: BTreeMap<&PolicyId, usize> = sight.canaries.iter().map(|(id, canary)| (id, canary.room)).collect();
    let (mut passed, mut refused) = (Vec::new(), Vec::new());
    for step in steps {
        match room.get_mut(&step.policy) {
            Some(0) => refused.push((step, Refusal::Canary)),
            Some(left) => {
                *left = left.saturating_sub(1);
                passed.push(step);
            }
            None => passed.push(step),
        }
    }
    (passed, refused)
}

/// The lint of an approval (S18): one step an instance, whatever the plan said.
fn without_duplicates(steps: Vec<Step>) -> (Vec<Step>, Vec<(Step, Refusal)>) {
    let mut seen = BTreeSet::new();
    let (passed, twice): (Vec<Step>, Vec<Step>) =
        steps.into_iter().partition(|step| seen.insert(step.instance.clone()));
    (passed, twice.into_iter().map(|step| (step, Refusal::UnderWay)).collect())
}
