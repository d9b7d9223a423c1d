//! What the faces read of the past: the account of days, what happened to an instance, who did what.

use std::future::Future;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{AuditLine, Fault};
use crate::facts::MadeHold;
use crate::ledger::Grouping;
use crate::report::Savings;
use crate::units::InstanceId;

/// Which account is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountAsked {
    /// The first day.
    pub from: Date,
    /// The last, itself included.
    pub to: Date,
    /// The IANA name of the zone of the days.
    pub zone: String,
    /// By what to group.
    pub by: Grouping,
    /// Each day too.
    pub daily: bool,
    /// Of this instance alone.
    pub only: Option<InstanceId>,
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HappeningKind {
    /// Its state changed.
    State,
    /// Something else was decided about it.
    Decision,
    /// Somebody was warned.
    Warning,
    /// It was told of in another way.
    Message,
    /// A stop was tried.
    Stop,
    /// It was held.
    Hold,
    /// A hold was lifted.
    Lift,
}

/// Something that happened to an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub kind: HappeningKind,
    /// What, as a sentence fragment.
    pub words: String,
    /// Who did it, where a person did.
    pub who: Option<String>,
    /// For a change of state: the state from then on, by its label.
    pub state: Option<String>,
}

/// Reading the past.
pub trait Records: Send + Sync + 'static {
    /// What days cost, and what stopping avoided in them.
    fn savings(&self, asked: AccountAsked) -> impl Future<Output = Result<std::sync::Arc<Savings>, Fault>> + Send;
    /// What happened to an instance since an instant, the oldest first, with the state that it was in before; at most so much
    /// of each kind, the newest of it.
    fn happenings(
        &self,
        instance: &InstanceId,
        since: Timestamp,
        most: u32,
    ) -> impl Future<Output = Result<Vec<Happening>, Fault>> + Send;
    /// Holds made since an instant, or in force after it.
    fn made_holds(&self, since: Timestamp) -> impl Future<Output = Result<Vec<MadeHold>, Fault>> + Send;
    /// The newest lines of the audit log, the newest first.
    fn audit(&self, most: u32) -> impl Future<Output = Result<Vec<AuditLine>, Fault>> + Send;
    /// Writes a line into the audit log.
    fn note(&self, line: &AuditLine) -> impl Future<Output = Result<(), Fault>> + Send;
}
