//! The durable memory.

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;

use super::{Arrival, AuditLine, DecisionRow, Fault, Intent, Lane, Message, Recall, RevisionMark, SweepRecord};
use crate::facts::{Hold, MadeHold, StopResult};
use crate::units::{InstanceId, PolicyId};

/// The durable memory. Every write is on disk when it returns.
pub trait Journal: Send + Sync {
    /// Everything needed to go on after a restart.
    fn recall(&self, now: Timestamp) -> impl Future<Output = Result<Recall, Fault>> + Send;
    /// One sweep, all or nothing.
    fn record(&self, record: &SweepRecord) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Writes an intent before its POST. A second open one for the instance, or a key already carried out, is a
    /// `Conflict` fault (L6).
    fn intend(&self, intent: &Intent) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Azure took it.
    fn sent(&self, intent: &str, at: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send;
    /// It came to an end outside a sweep's record.
    fn settle(
        &self,
        intent: &str,
        result: &StopResult,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Messages of a lane that are due for a try at `now`, oldest first, at most `most`.
    fn outbox(
        &self,
        lane: Lane<'_>,
        now: Timestamp,
        most: u32,
    ) -> impl Future<Output = Result<Vec<Message>, Fault>> + Send;
    /// A message was delivered.
    fn delivered(&self, message: &str, at: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send;
    /// A delivery failed; when to try again (none: never).
    fn undelivered(
        &self,
        message: &str,
        why: &str,
        next: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Notices that were delivered after an instant, in that order, each channel's for itself: another replica may have delivered
    /// them, by a clock of its own. A memory that is one process's own knows of none that this process does not.
    fn arrived(&self, _since: Timestamp) -> impl Future<Output = Result<Vec<Arrival>, Fault>> + Send {
        async { Ok(Vec::new()) }
    }
    /// Records a hold. A second one of the same id, or by the same link, is a `Conflict` fault.
    fn hold(&self, hold: &Hold) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Ends a hold now. False when there is none of that id in force.
    fn lift(&self, hold: &str, by: &str, at: Timestamp) -> impl Future<Output = Result<bool, Fault>> + Send;
    /// All holds made since an instant, or in force after it, lifted ones too, in the order in which they were made.
    fn made_holds(&self, since: Timestamp) -> impl Future<Output = Result<Vec<MadeHold>, Fault>> + Send;
    /// Notes which revision of a policy is loaded; returns the mark in force.
    fn revision(
        &self,
        policy: &PolicyId,
        revision: &str,
        at: Timestamp,
    ) -> impl Future<Output = Result<RevisionMark, Fault>> + Send;
    /// Lets the loaded revision act on all.
    fn acknowledge(&self, policy: &PolicyId, revision: &str) -> impl Future<Output = Result<bool, Fault>> + Send;
    /// The mark in force of every policy: another replica may have loaded or acknowledged it. None for a memory that is one process's
    /// own.
    fn policy_marks(&self) -> impl Future<Output = Result<BTreeMap<PolicyId, RevisionMark>, Fault>> + Send {
        async { Ok(BTreeMap::new()) }
    }
    /// The decision in force for an instance at an instant.
    fn decision(
        &self,
        instance: &InstanceId,
        at: Timestamp,
    ) -> impl Future<Output = Result<Option<DecisionRow>, Fault>> + Send;
    /// Forgets what is too old to matter: decisions and delivered messages, never stops, transitions or audit lines.
    /// A memory that keeps everything has nothing to do.
    fn prune(&self, _now: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }
    /// Appends to the audit log.
    fn audit(&self, line: &AuditLine) -> impl Future<Output = Result<(), Fault>> + Send;
}
