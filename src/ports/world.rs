//! Everything outside as one bound, and the freeze switch among it.

use super::{Clock, Journal, Notify, Observe, StopInstances};
use crate::facts::Freeze;

/// The freeze switch, read right before every stop.
pub trait FreezeSwitch: Send + Sync {
    /// Frozen? What cannot be read counts as frozen.
    fn freeze(&self) -> Freeze;
}

/// Everything outside, as one bound.
pub trait World: Observe + StopInstances + Journal + Notify + FreezeSwitch + Clock + 'static {}
impl<T: Observe + StopInstances + Journal + Notify + FreezeSwitch + Clock + 'static> World for T {}
