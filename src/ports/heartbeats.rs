//! Taking heartbeats in: what the face that receives them asks of whoever judges them.

use std::future::Future;
use std::pin::Pin;

use crate::units::InstanceId;

/// A heartbeat that was turned away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    /// The status of the answer: 400, 401, 403, 409, 413, 429 or 503.
    pub status: u16,
    /// The metric label.
    pub label: &'static str,
    /// Why, and what to do.
    pub words: String,
}

/// Judges heartbeats.
pub trait TakeHeartbeats: Send + Sync {
    /// Takes in one, with what stood behind `Authorization: Bearer`. Says whose it was.
    fn take<'a>(
        &'a self,
        bearer: &'a str,
        body: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<InstanceId, TurnedAway>> + Send + 'a>>;
    /// How long until the next one is wanted, in seconds.
    fn every(&self) -> u32;
}
