//! Which stop goes first, and what is left to the next sweep.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::pace::in_turn;
use super::state::{Engine, State};
use crate::plan::Step;
use crate::ports::World;
use crate::units::{Rate, Region};

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
            let urgency = state.urgency(step);
            if let Some(place) = state.places.get_mut(step.instance.workspace()) {
                place.pace.wait_for_next(urgency);
            }
        }
    }
}

impl State {
    /// Since when it is due, and what an hour of it costs. Without prices the size's name stands in for the price: GPU families
    /// first.
    fn urgency(&self, step: &Step) -> (Timestamp, Reverse<i64>) {
        let rate = self.region_of(step).and_then(|region| self.prices.rate(&step.size, region));
        let is_gpu = step.size.to_ascii_uppercase().starts_with("STANDARD_N");
        let worth = rate.map_or(if is_gpu { i64::MAX } else { 0 }, Rate::nanos);
        (step.due_at, Reverse(worth))
    }

    fn region_of(&self, step: &Step) -> Option<&Region> {
        Some(&self.places.get(step.instance.workspace())?.facts.region)
    }
}
