//! Setting Azure's own idle timer.

use std::future::Future;

use super::{Fault, LastWord, TimerPermit};
use crate::facts::WorkspaceFacts;

/// Setting idle timers.
pub trait SetTimers: Send + Sync {
    /// Sends the one POST that a permit allows, unless the last word is no: then nothing is sent, and the fault is
    /// `Withheld`. That Azure took it is not yet that it shows it: whoever asks looks again.
    fn set_timer(
        &self,
        workspace: &WorkspaceFacts,
        permit: TimerPermit,
        last_word: LastWord<'_>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
}
