//! One stop of an instance at a time is written down and sent, whoever wants it: sweeps and people do not wait for each other.

use jiff::Timestamp;

use super::state::{Engine, State};
use crate::ports::{OPERATION_GOES_FIRST, World};
use crate::units::InstanceId;

/// The right to send a stop of an instance. It ends when it is dropped, however that comes.
pub(super) struct Turn<'a, W: World> {
    engine: &'a Engine<W>,
    instance: InstanceId,
}

impl<W: World> Engine<W> {
    /// None while a stop of it is being sent, or is under way already (S18), and while something else was begun on it just now.
    pub(super) fn turn(&self, instance: &InstanceId) -> Option<Turn<'_, W>> {
        let now = self.world.now();
        let mut state = self.lock();
        if began_lately(&state, instance, now) {
            return None;
        }
        let is_open = state.history_mut(instance).is_some_and(|history| history.open.is_some());
        let is_ours = !is_open && state.in_hand.insert(instance.clone());
        is_ours.then(|| Turn { engine: self, instance: instance.clone() })
    }
}

/// Whether an operation on it was begun so lately that Azure may not show it yet.
fn began_lately(state: &State, instance: &InstanceId, now: Timestamp) -> bool {
    let its = state.operations.iter().filter(|known| known.row.intent.instance == *instance);
    its.filter(|known| known.row.ended.is_none())
        .any(|known| now.duration_since(known.row.intent.at).abs() < OPERATION_GOES_FIRST)
}

impl<W: World> Drop for Turn<'_, W> {
    fn drop(&mut self) {
        self.engine.lock().in_hand.remove(&self.instance);
    }
}
