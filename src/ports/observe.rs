//! Reading the fleet, and what is learnt of Azure's API on the way.

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;

use super::Fault;
use crate::facts::{InstanceFacts, Inventory, WorkspaceFacts};
use crate::units::{InstanceId, Region, SubscriptionId};

/// What discovery found, and which parts of it failed.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Every workspace found.
    pub workspaces: Vec<WorkspaceFacts>,
    /// Scopes that could not be listed, in words, with the fault.
    pub faults: Vec<(String, Fault)>,
}

/// Azure's clock against ours, from the `Date` header of a recent answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AzureTime {
    /// What Azure said.
    pub azure: Timestamp,
    /// Our clock when it said so.
    pub here: Timestamp,
}

/// One use of Azure's API since start, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiUse {
    /// Requests by operation and status code (or the fault's label when there was no answer).
    pub requests: BTreeMap<(&'static str, String), u64>,
    /// Times that a 429 was answered, by subscription.
    pub throttled: BTreeMap<SubscriptionId, u64>,
    /// Tokens believed left by (subscription, region, `read` or `write`).
    pub tokens_left: BTreeMap<(SubscriptionId, Region, &'static str), u64>,
    /// Answers refused for pointing to another origin: a security event.
    pub foreign_origins: u64,
}

/// Reading the fleet.
pub trait Observe: Send + Sync {
    /// Finds the workspaces that settings name.
    fn discover(&self) -> impl Future<Output = Discovery> + Send;
    /// Reads every instance of a workspace.
    fn inventory(&self, workspace: &WorkspaceFacts) -> impl Future<Output = Result<Inventory, Fault>> + Send;
    /// Reads one instance: the second look.
    fn instance(
        &self,
        workspace: &WorkspaceFacts,
        id: &InstanceId,
    ) -> impl Future<Output = Result<InstanceFacts, Fault>> + Send;
    /// Azure's clock, when any answer has come.
    fn azure_time(&self) -> Option<AzureTime>;
    /// Use of the API so far.
    fn api_use(&self) -> ApiUse;
}
