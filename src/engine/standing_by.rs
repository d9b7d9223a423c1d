//! One of several replicas that does not act: it shows what the acting one shows, and sends people there.

use std::sync::{Arc, PoisonError};

use super::state::Engine;
use crate::ports::{Declined, World};
use crate::report::FleetView;

impl<W: World> Engine<W> {
    /// Shows the fleet as the acting replica does; without a view, what was shown before. Nothing is decided here meanwhile.
    pub fn stand_by(&self, view: Option<FleetView>, acting: &str) {
        *self.acting_elsewhere.write().unwrap_or_else(PoisonError::into_inner) = Some(acting.into());
        if let Some(view) = view {
            *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(view);
        }
    }

    /// From now on it decides itself. It has heard nobody yet: agents have from now on the time that they have after a start.
    pub fn act_from_now(&self) {
        self.lock().started_at = self.world.now();
        *self.acting_elsewhere.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Refuses what only the acting replica can do or tell.
    pub(super) fn acts(&self) -> Result<(), Declined> {
        let acting = self.acting_elsewhere.read().unwrap_or_else(PoisonError::into_inner).clone();
        acting.map_or(Ok(()), |acting| {
            Err(Declined(format!("this replica stands by and decides nothing; ask the replica {acting}, which acts")))
        })
    }
}
