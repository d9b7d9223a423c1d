//! Everything outside as one bound, and the freeze switch among it.

use super::{
    AskBills, BillBook, Clock, Fault, Journal, LedgerBook, Notify, Observe, OperateInstances, OperationBook, Prices,
    ProposalBook, SetTimers, StopInstances, Witness,
};
use crate::facts::Freeze;

/// The freeze switch, read right before every stop.
pub trait FreezeSwitch: Send + Sync {
    /// Frozen? What cannot be read counts as frozen.
    fn freeze(&self) -> Freeze;
}

/// Throwing the freeze switch, for those who may.
pub trait Freezer: Send + Sync + 'static {
    /// Freezes everything, with the reason.
    ///
    /// # Errors
    /// When the switch cannot be written.
    fn freeze_all(&self, why: &str) -> Result<(), Fault>;
    /// Lifts the freeze; false when there was none of this switch's.
    ///
    /// # Errors
    /// When the switch cannot be written.
    fn lift_freeze(&self) -> Result<bool, Fault>;
}

/// Everything outside, as one bound.
pub trait World:
    Observe
    + Witness
    + StopInstances
    + OperateInstances
    + OperationBook
    + ProposalBook
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
        + OperateInstances
        + OperationBook
        + ProposalBook
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
