//! Reading the fleet, and what is learnt of Azure's API on the way.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;

use jiff::Timestamp;

use super::{Fault, FaultKind};
use crate::facts::{InstanceFacts, Inventory, WorkspaceFacts};
use crate::units::{InstanceId, Region, SubscriptionId, WorkspaceId};

/// A part of what is looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One workspace, named by its id.
    Workspace(WorkspaceId),
    /// Those of a resource group.
    ResourceGroup(SubscriptionId, String),
    /// Those of a subscription.
    Subscription(SubscriptionId),
    /// All of it.
    Everything,
}

impl Scope {
    /// True when the workspace would be found there.
    #[must_use]
    pub fn covers(&self, workspace: &WorkspaceId) -> bool {
        match self {
            Self::Workspace(id) => id == workspace,
            Self::ResourceGroup(subscription, group) => {
                subscription == workspace.subscription() && group.eq_ignore_ascii_case(workspace.resource_group())
            }
            Self::Subscription(subscription) => subscription == workspace.subscription(),
            Self::Everything => true,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace(id) => write!(f, "workspace {id}"),
            Self::ResourceGroup(subscription, group) => {
                write!(f, "resource group {group} of subscription {subscription}")
            }
            Self::Subscription(subscription) => write!(f, "subscription {subscription}"),
            Self::Everything => f.write_str("discovery"),
        }
    }
}

/// What discovery found, and which parts of it failed.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Every workspace found.
    pub workspaces: Vec<WorkspaceFacts>,
    /// Scopes that could not be listed, or not whole, with the fault.
    pub faults: Vec<(Scope, Fault)>,
}

impl Discovery {
    /// True when the workspace may be there all the same, since a scope that would have it failed. That one named by its
    /// id is not there is an answer.
    #[must_use]
    pub fn may_hide(&self, workspace: &WorkspaceId) -> bool {
        let says_gone =
            |scope: &Scope, fault: &Fault| matches!(scope, Scope::Workspace(_)) && fault.kind == FaultKind::Gone;
        self.faults.iter().any(|(scope, fault)| scope.covers(workspace) && !says_gone(scope, fault))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(subscription: &str, group: &str, name: &str) -> WorkspaceId {
        WorkspaceId::new(subscription, group, name).unwrap()
    }

    #[test]
    fn g6_a_scope_that_failed_hides_its_own_workspaces_and_no_others() {
        let failed = |scope: Scope, kind| Discovery {
            workspaces: Vec::new(),
            faults: vec![(scope, Fault::new(kind, "look into it"))],
        };
        let here = workspace("s", "rg", "ws-a");
        let elsewhere = [workspace("s2", "rg", "ws-a"), workspace("s", "rg2", "ws-a"), workspace("s", "rg", "ws-b")];
        let denied = |scope| failed(scope, FaultKind::Denied);
        let cases = [
            (denied(Scope::Subscription(SubscriptionId::new("s"))), [false, true, true]),
            (denied(Scope::ResourceGroup(SubscriptionId::new("s"), "RG".to_owned())), [false, false, true]),
            (denied(Scope::Workspace(here.clone())), [false, false, false]),
            (denied(Scope::Everything), [true, true, true]),
        ];
        for (discovery, others) in cases {
            assert!(discovery.may_hide(&here), "{discovery:?}");
            assert_eq!(elsewhere.each_ref().map(|one| discovery.may_hide(one)), others, "{discovery:?}");
        }
        let gone = failed(Scope::Workspace(here.clone()), FaultKind::Gone);
        assert!(!gone.may_hide(&here), "that it is not there is an answer");
        assert!(!Discovery::default().may_hide(&here));
    }
}
