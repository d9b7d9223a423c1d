//! One stop of an instance at a time is written down and sent, whoever wants it: sweeps and people do not wait for each other.

use super::state::Engine;
use crate::ports::World;
use crate::units::InstanceId;

/// The right to send a stop of an instance. It ends when it is dropped, however that comes.
pub(super) struct Turn<'a, W: World> {
    engine: &'a Engine<W>,
    instance: InstanceId,
}

impl<W: World> Engine<W> {
    /// None while a stop of it is being sent, or is under way already (S18).
    pub(super) fn turn(&self, instance: &InstanceId) -> Option<Turn<'_, W>> {
        let mut state = self.lock();
        let is_open = state.history_mut(instance).is_some_and(|history| history.open.is_some());
        let is_ours = !is_open && state.in_hand.insert(instance.clone());
        is_ours.then(|| Turn { engine: self, instance: instance.clone() })
    }
}

impl<W: World> Drop for Turn<'_, W> {
    fn drop(&mut self) {
        self.engine.lock().in_hand.remove(&self.instance);
    }
}
