//! Stopping, and asking how it went.

use std::future::Future;

use super::{Fault, StopPermit};
use crate::facts::WorkspaceFacts;
use crate::guard::Refusal;

/// A long-running operation, to be asked after. Its URL is signed: it is never printed, logged or stored.
#[derive(Clone, PartialEq, Eq)]
pub struct OperationHandle {
    /// Where its status is read; verbatim.
    pub url: String,
    /// True when this is the `Location` style (202 until done) instead of a status document.
    pub by_location: bool,
}

impl std::fmt::Debug for OperationHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperationHandle").field("url", &"(signed)").field("by_location", &self.by_location).finish()
    }
}

/// How a long-running operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationState {
    /// Not at an end.
    InProgress,
    /// Done.
    Succeeded,
    /// Failed or canceled, in Azure's words.
    Failed {
        /// Azure's code.
        code: String,
        /// Azure's message.
        message: String,
    },
}

/// Asked right before a stop leaves, after every wait, each time that it would leave: may it still (G12)? If not, why, and
/// the particulars. It answers at once.
pub type LastWord<'a> = &'a (dyn Fn() -> Result<(), (Refusal, String)> + Send + Sync);

/// Stopping.
pub trait StopInstances: Send + Sync {
    /// Sends the one POST that a permit allows, unless the last word is no: then nothing is sent, and the fault is
    /// `Withheld`. `Ok(None)`: Azure took it and named no operation to follow.
    fn stop(
        &self,
        workspace: &WorkspaceFacts,
        permit: StopPermit,
        last_word: LastWord<'_>,
    ) -> impl Future<Output = Result<Option<OperationHandle>, Fault>> + Send;
    /// Asks how an operation stands.
    fn operation(
        &self,
        workspace: &WorkspaceFacts,
        handle: &OperationHandle,
    ) -> impl Future<Output = Result<OperationState, Fault>> + Send;
}
