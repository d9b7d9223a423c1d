//! What is done with instances beside stopping them, and the book of it: written before it is sent, settled by looking.

use std::future::Future;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Fault, LastWord, OperationHandle, OperationPermit};
use crate::facts::{Created, OperationResult, Verb, WorkspaceFacts};
use crate::units::InstanceId;

/// Starting, restarting, creating and deleting.
pub trait OperateInstances: Send + Sync {
    /// Sends the one request that a permit allows, unless the last word is no: then nothing is sent, and the fault is
    /// `Withheld`. `Ok(None)`: Azure took it and named no operation to follow.
    fn operate(
        &self,
        workspace: &WorkspaceFacts,
        permit: OperationPermit,
        last_word: LastWord<'_>,
    ) -> impl Future<Output = Result<Option<OperationHandle>, Fault>> + Send;
}

/// So long nothing is stopped beside an operation that was begun on it and has not ended: a machine that somebody restarts is
/// not turned off meanwhile. Later its state and its last operation tell, and one that is never settled keeps no stop from
/// being sent.
pub const OPERATION_GOES_FIRST: SignedDuration = SignedDuration::from_mins(15);

/// Something that is to be done with an instance, written before it is sent (I2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationIntent {
    /// Its id: sorts by time.
    pub id: String,
    /// What is to be done.
    pub verb: Verb,
    /// With which instance.
    pub instance: InstanceId,
    /// Which life of its name; none for one that is to be made.
    pub created: Created,
    /// Identity of the reason: what is done for one is done once for it. A person's wish is a reason of its own.
    pub key: Arc<str>,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: Timestamp,
}

/// The same, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRow {
    /// What was to be done.
    pub intent: OperationIntent,
    /// When it left, or may have.
    pub sent_at: Option<Timestamp>,
    /// When that ended, and how; none while it is under way.
    pub ended: Option<(Timestamp, OperationResult)>,
}

/// The book of operations. Every write is on disk when it returns; no row is deleted.
pub trait OperationBook: Send + Sync {
    /// Writes an operation before it is sent. One on an instance on which another, or a stop, is under way, or for a
    /// reason that was carried out already, is a `Conflict` fault.
    fn begin_operation(&self, intent: &OperationIntent) -> impl Future<Output = Result<(), Fault>> + Send;
    /// It left, or may have.
    fn operation_sent(&self, id: &str, at: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send;
    /// It ended. A second end that differs is a `Conflict` fault.
    fn end_operation(
        &self,
        id: &str,
        result: &OperationResult,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Those under way, and those begun at or after an instant, oldest first.
    fn operations(&self, since: Timestamp) -> impl Future<Output = Result<Vec<OperationRow>, Fault>> + Send;
}
