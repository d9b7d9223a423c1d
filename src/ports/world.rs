//! Everything outside as one bound, and the freeze switch among it.

use super::{
    AskBills, BillBook, Clock, Journal, LedgerBook, Notify, Observe, Prices, SetTimers, StopInstances, Witness,
};
use crate::facts::Freeze;

/// The freeze switch, read right before every stop.
pub trait FreezeSwitch: Send + Sync {
    /// Frozen? What cannot be read counts as frozen.
    fn freeze(&self) -> Freeze;
}

/// Everything outside, as one bound.
pub trait World:
    Observe
    + Witness
    + StopInstances
    + SetTimers
    + Journal
    + LedgerBook
    + Prices
    + BillBook
    + AskBills
    + Notify
    + FreezeSwitch
    + Clock
    + 'static
{
}
impl<T> World for T where
    T: Observe
        + Witness
        + StopInstances
        + SetTimers
        + Journal
        + LedgerBook
        + Prices
        + BillBook
        + AskBills
        + Notify
        + FreezeSwitch
        + Clock
        + 'static
{
}
