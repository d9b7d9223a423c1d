//! Which stop goes first, and what is left to the next sweep.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::pace::in_turn;
use super::state::{Engine, State};
use crate::plan::Step;
use crate::ports::World;
use crate::units::{InstanceId, Rate, Region, WorkspaceId};

/// What sweeps that follow at once decide about: those that were left to them, and no others of their workspaces, whose caps
/// hold for all of these sweeps together. With when the workspace was read: once it is read anew, all of it is decided about.
#[derive(Debug, Default)]
pub(super) struct Left(BTreeMap<WorkspaceId, (Option<Timestamp>, BTreeSet<InstanceId>)>);

/// Stops that come due within so many seconds come due at once: hours end for each a little later than for the next.
const AT_ONCE: i64 = 60;

impl<W: World> Engine<W> {
    /// The order in which steps are weighed and acted on: earliest due first, and of those due at once the dearest. Each token
    /// bucket's come in turn.
    pub(super) fn in_order(&self, mut steps: Vec<Step>) -> Vec<Step> {
        let state = self.lock();
        steps.sort_by_cached_key(|step| (state.urgency(step), step.instance.clone()));
        let lane = |step: &Step| (step.instance.workspace().subscription().clone(), state.region_of(step).cloned());
        in_turn(steps, lane)
    }

    /// The next sweep begins at once, and decides about these anew.
    pub(super) fn leave_to_next(&self, steps: &[Step]) {
        let mut state = self.lock();
        for step in steps {
            let (urgency, workspace) = (state.urgency(step), step.instance.workspace());
            let Some(place) = state.places.get_mut(workspace) else { continue };
            place.pace.wait_for_next(urgency);
            let tried = place.tried_at;
            let left = state.left.0.entry(workspace.clone()).or_insert_with(|| (tried, BTreeSet::new()));
            left.1.insert(step.instance.clone());
        }
    }

    /// The steps that this sweep may take, and those of workspaces that were only left to it by the last one, and that were not
    /// left themselves: they wait for the next reading.
    pub(super) fn of_this_sweep(&self, steps: Vec<Step>) -> (Vec<Step>, Vec<Step>) {
        let mut state = self.lock();
        let left = std::mem::take(&mut state.left).0;
        steps.into_iter().partition(|step| {
            let workspace = step.instance.workspace();
            let tried = state.places.get(workspace).and_then(|place| place.tried_at);
            left.get(workspace).is_none_or(|(at, its)| *at != tried || its.contains(&step.instance))
        })
    }
}

impl State {
    /// Since when it is due, and what an hour of it costs. Without prices the size's name stands in for the price: GPU families
    /// first.
    fn urgency(&self, step: &Step) -> (Timestamp, Reverse<i64>) {
        let rate = self.region_of(step).and_then(|region| self.prices.rate(&step.size, region));
        let is_gpu = step.size.to_ascii_uppercase().starts_with("STANDARD_N");
        let worth = rate.map_or(if is_gpu { i64::MAX } else { 0 }, Rate::nanos);
        let second = step.due_at.as_second();
        let at = Timestamp::from_second(second.saturating_sub(second.rem_euclid(AT_ONCE))).unwrap_or(step.due_at);
        (at, Reverse(worth))
    }

    fn region_of(&self, step: &Step) -> Option<&Region> {
        Some(&self.places.get(step.instance.workspace())?.facts.region)
    }
}
