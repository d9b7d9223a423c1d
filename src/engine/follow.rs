//! The ledger, followed from its first row to its last: soon after the start and once a day, apart from sweeps. Where it ends
//! goes into the log, out of reach of whoever can write the journal (C13). A ledger that was changed keeps nothing from
//! being stopped.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::log;
use super::state::Engine;
use crate::ports::{Fault, World};
use crate::report::Followed;

/// So often.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// What could not be read is tried again so soon.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

impl<W: World> Engine<W> {
    /// Follows the ledger if that is due; says whether it did.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn follow_if_due(&self) -> Result<bool, Fault> {
        let now = self.world.now();
        {
            let mut state = self.lock();
            if !state.share.leads() {
                return Ok(false);
            }
            // a clock that went back does not keep it from being followed (S12)
            let waits = |due: Timestamp| due > now && due.duration_since(now) <= A_DAY;
            if state.follow_at.is_some_and(waits) {
                return Ok(false);
            }
            state.follow_at = now.checked_add(AGAIN).ok();
        }
        let found = self.world.verify().await?;
        log::followed(&found);
        let followed = Followed { at: now, found: found.map(|head| head.seq) };
        let mut state = self.lock();
        state.followed = Some(Arc::new(followed));
        state.follow_at = now.checked_add(A_DAY).ok();
        Ok(true)
    }
}
