//! Who is warned: no more than can be stopped when their time comes, so that nobody is told again and again in vain.
//!
//! It is asked with the fleet as it will be then: what is announced already counts as asked, and takes its room.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::backoff::resting;
use super::caps::{Scope, Sweeps, is_together, within_caps};
use super::disk::is_full;
use super::review::{canary, limits_of, too_many_failures};
use super::sick::sick;
use super::{FleetSight, Refusal, Surroundings};
use crate::plan::{Announcement, Notice, Step};
use crate::units::InstanceId;

/// Every announcement, in exactly one of the two.
#[derive(Debug, Default)]
#[must_use]
pub struct Weighed {
    /// Are told.
    pub told: Vec<Notice>,
    /// Are not told, since the stop would not come; and why.
    pub held_back: Vec<(Step, Refusal)>,
}

/// Weighs the announcements of a plan (G4, G19, S8). `around` holds the fleet as it will be when what is announced is
/// carried out. The order is the plan's.
pub fn weigh(announcements: Vec<Announcement>, around: &Surroundings<'_>) -> Weighed {
    let mut then = around.sight.clone();
    let mut held_back: BTreeMap<InstanceId, Refusal> = BTreeMap::new();
    let mut by_time: BTreeMap<Timestamp, Vec<Step>> = BTreeMap::new();
    for Announcement { step, .. } in &announcements {
        match in_vain(step, around) {
            Some(refusal) => drop(held_back.insert(step.instance.clone(), refusal)),
            None => by_time.entry(step.stop_at).or_default().push(step.clone()),
        }
    }
    // those of one time are stopped in one sweep or those that follow it at once, and take room from the later ones
    for (at, steps) in by_time {
        then.canaries.retain(|_, canary| at < canary.until);
        held_back.extend(without_room(steps, &mut then, around).into_iter().map(|(step, why)| (step.instance, why)));
    }
    let mut weighed = Weighed::default();
    for Announcement { notice, step } in announcements {
        match held_back.get(&step.instance) {
            Some(refusal) => weighed.held_back.push((step, *refusal)),
            None => weighed.told.push(notice),
        }
    }
    weighed
}

/// By a clock that is wrong nobody is told a time (S11), nor of an instance that was not seen lately. Who was told of this
/// stop before, and was not stopped, is not told again while it would be refused all the same. The first warning goes out
/// even so: what is wrong may be mended when its time comes.
fn in_vain(step: &Step, around: &Surroundings<'_>) -> Option<Refusal> {
    if around.sight.clock_trouble.is_some() {
        return Some(Refusal::ClockUnsteady);
    }
    if around.now.duration_since(step.observed_at) > around.bounds.observed_max.duration() {
        return Some(Refusal::Stale);
    }
    let (history, stops_per_day) = (around.histories)(&step.instance)?;
    if !history.notices.iter().any(|notice| notice.key.stop == step.key) {
        return None;
    }
    let disk = (around.disks)(&step.instance);
    sick(around.sight, around.bounds, around.now)
        .or_else(|| disk.is_some_and(|disk| is_full(disk, around.now)).then_some(Refusal::DiskFull))
        .or_else(|| resting(history, disk, stops_per_day, step.stop_at))
        .or_else(|| too_many_failures(step, around.sight, around.bounds))
}

/// Those for whom there is no room; the others take theirs. An unplanned cap refuses all or none when their time comes,
/// and holds no warning back: it is people who then stop or hold theirs that bring what is due below it. What waits its turn
/// is told when its turn comes.
fn without_room(steps: Vec<Step>, then: &mut FleetSight, around: &Surroundings<'_>) -> Vec<(Step, Refusal)> {
    let (steps, mut refused) = canary(steps, then);
    let (together, in_turn): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(is_together);
    together.iter().for_each(|step| take_room(step, then));
    let (passed, over) = within_caps(in_turn, Sweeps::Following, then, &|scope| limits_of(scope, around));
    refused.extend(over);
    passed.iter().for_each(|step| take_room(step, then));
    refused
}

fn take_room(step: &Step, then: &mut FleetSight) {
    Scope::of(step).iter().for_each(|scope| scope.ask(then, step.is_planned()));
    if let Some(canary) = then.canaries.get_mut(&step.policy) {
        canary.room = canary.room.saturating_sub(1);
    }
}
