//! What a person's own command does with an instance, told to whoever keeps the journal: before, when it left, and at its end.

use std::future::Future;

use serde::{Deserialize, Serialize};

use super::Declined;
use crate::facts::{Created, OperationResult, StopResult, Verb};
use crate::units::InstanceId;

/// What is about to be done, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undertaking {
    /// What.
    pub verb: Verb,
    /// With which instance.
    pub instance: InstanceId,
    /// Which life of its name; none for one that is to be made.
    pub created: Created,
    /// Also when something says that it is in use.
    #[serde(default)]
    pub even_if_in_use: bool,
    /// Also when it is held.
    #[serde(default)]
    pub even_if_held: bool,
    /// Who wants it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// It is written down, under this id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The operation's id.
    pub id: String,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperationEnd {
    /// The end.
    pub result: OperationResult,
}

/// What a person asks when they want an instance started now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    /// The instance's name or full ARM id.
    pub instance: String,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub by: String,
    /// The life of the name that it is for, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Created>,
}

/// The journal of what people do with instances, kept by the engine: what is begun is settled by it, whoever sent it.
pub trait Undertakings: Send + Sync + 'static {
    /// Writes it down before it is sent, or says why it may not be: what is under way is settled first, where it can be.
    fn begin(&self, wish: Undertaking) -> impl Future<Output = Result<Begun, Declined>> + Send;
    /// It left, or may have.
    fn has_left(&self, id: String) -> impl Future<Output = Result<(), Declined>> + Send;
    /// It ended.
    fn has_ended(&self, id: String, result: OperationResult) -> impl Future<Output = Result<(), Declined>> + Send;
    /// Settles a stop that is under way by looking at its instance: how the last one ended, none while it goes on.
    fn settle_stop(&self, instance: InstanceId) -> impl Future<Output = Result<Option<StopResult>, Declined>> + Send;
}
