//! What the faces can ask of a running engine.

use std::future::Future;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ApiUse, ProposalRequest};
use crate::facts::{Created, Hold, Proposal};
use crate::units::{InstanceId, PolicyId};

/// What a person asks when they ask for a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRequest {
    /// The instance's name or full ARM id; a name that several workspaces use is refused with the list.
    pub instance: String,
    /// How long from now, in seconds.
    pub seconds: u32,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub by: String,
    /// The life of the name that it is for, where that is known: an instance made anew is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Created>,
    /// The number of the link that it is asked with: it makes one hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Box<str>>,
    /// It is to stay off, and not on: nothing starts it when its hours begin, and nothing is kept on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub off: bool,
}

/// What a person asks when they want an instance stopped now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRequest {
    /// The instance's name or full ARM id.
    pub instance: String,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub by: String,
    /// The life of the name that it is for, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Created>,
    /// Also when something says that it is in use.
    #[serde(default)]
    pub even_if_in_use: bool,
}

/// What a person asks when they have idle timers set as policies want them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerRequest {
    /// Of this instance alone, by its name or full ARM id; none: of all.
    pub instance: Option<String>,
    /// Everything is looked at, and nothing is sent.
    #[serde(default)]
    pub dry_run: bool,
    /// Who asks.
    pub by: String,
}

/// Why a request of a person was not granted, in words for that person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct Declined(pub String);

/// What the faces can ask of a running engine.
pub trait Control: Send + Sync + 'static {
    /// The fleet as last published.
    fn view(&self) -> std::sync::Arc<crate::report::FleetView>;
    /// Use of Azure's API so far.
    fn api_use(&self) -> ApiUse;
    /// What a hold of an instance may be now, and what it costs.
    fn offer(&self, instance: String) -> impl Future<Output = Result<crate::report::HoldOffer, Declined>> + Send;
    /// The same of several at once; none for those that no policy governs.
    fn offers(
        &self,
        instances: Vec<InstanceId>,
    ) -> impl Future<Output = Result<Vec<Option<crate::report::HoldOffer>>, Declined>> + Send;
    /// Makes a hold, within the policy's caps.
    fn hold(&self, request: HoldRequest) -> impl Future<Output = Result<Hold, Declined>> + Send;
    /// Stops an instance now, as a person wants it; in words what became of it. Freeze, holds and the second look stand
    /// before it as before every stop, and the policy has to be one that stops.
    fn stop_now(&self, request: StopRequest) -> impl Future<Output = Result<String, Declined>> + Send;
    /// Starts an instance now, as a person wants it, by the service's own identity; in words what became of it. A freeze keeps
    /// nobody from starting.
    fn start_now(&self, request: super::StartRequest) -> impl Future<Output = Result<String, Declined>> + Send;
    /// What a person says to the proposal to delete an instance that stays off; the proposal as it is then.
    fn answer(&self, request: ProposalRequest) -> impl Future<Output = Result<Proposal, Declined>> + Send;
    /// Publishes the fleet anew as it is known, without reading it.
    fn show(&self);
    /// Ends a hold by its id, or every hold on an instance by its name.
    fn lift(&self, hold: String, by: String) -> impl Future<Output = Result<(), Declined>> + Send;
    /// Lets a changed policy act on all at once (G19).
    fn acknowledge(&self, policy: PolicyId, by: String) -> impl Future<Output = Result<(), Declined>> + Send;
    /// The decision about an instance now; for a past instant the one that was in force, as recorded; for a future
    /// instant what would be decided on today's facts.
    fn decision(
        &self,
        instance: String,
        at: Option<Timestamp>,
    ) -> impl Future<Output = Result<serde_json::Value, Declined>> + Send;
    /// Sets Azure's idle timers where they are not as policies want them, so many and no more.
    fn set_timers(
        &self,
        request: TimerRequest,
    ) -> impl Future<Output = Result<crate::report::TimersTold, Declined>> + Send;
    /// Compares the ledger with Azure's bill now. A subscription's bill that was had within a day is not asked for again.
    fn reconcile(&self) -> impl Future<Output = Result<crate::report::Reconciliation, Declined>> + Send;
    /// What the hours of every policy will do, for so many days from an instant on.
    fn forecasts(&self, from: Timestamp, days: u32) -> Vec<crate::policy::Forecast>;
    /// Asks for a sweep now.
    fn nudge(&self);
}
