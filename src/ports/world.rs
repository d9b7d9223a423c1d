//! Everything outside as one bound, and the freeze switch among it.

use std::future::Future;

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
    /// Freezes everything, on every replica, with the reason and whose it is; an error when the switch cannot be written.
    fn freeze_all(&self, why: &str, who: &str) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Lifts the freeze; false when there was none of this switch's. An error when the switch cannot be written.
    fn lift_freeze(&self) -> impl Future<Output = Result<bool, Fault>> + Send;
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
