//! The time, and waiting for it.

use std::future::Future;

use jiff::{SignedDuration, Timestamp};

/// The time, and waiting for it. The only way into the code for a clock.
pub trait Clock: Send + Sync {
    /// Wall clock.
    fn now(&self) -> Timestamp;
    /// Time since boot, suspend included: never steps (S11, S13).
    fn steady(&self) -> SignedDuration;
    /// Waits.
    fn sleep(&self, length: SignedDuration) -> impl Future<Output = ()> + Send;
}
