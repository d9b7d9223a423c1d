//! What the guard knows of the fleet around a plan: how well it was seen, what is in flight, what failed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::units::{PolicyId, SubscriptionId, WorkspaceId};

/// Counts in one scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeCount {
    /// Instances that are on.
    pub running: usize,
    /// Planned stops asked in the last hour, in flight ones too.
    pub planned_last_hour: usize,
    /// Unplanned stops asked in the last hour, in flight ones too.
    pub unplanned_last_hour: usize,
    /// Stops that failed in the last hour.
    pub failed_last_hour: usize,
    /// All stops asked in the last hour.
    pub asked_last_hour: usize,
}

/// How well the fleet is seen right now (G6), and the counts that caps are measured by (G4).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetSight {
    /// Workspaces that are looked at.
    pub workspaces: usize,
    /// Of these, how many could not be read last time.
    pub workspaces_failed: usize,
    /// Instances in the last whole view.
    pub instances_before: usize,
    /// Instances now.
    pub instances: usize,
    /// Of these, how many are in a state this version does not know.
    pub instances_unknown: usize,
    /// When the last sweep that reached every workspace that is due ended.
    pub last_full_sweep: Option<Timestamp>,
    /// Whether clocks are steady and agree with Azure's (S11); words when not.
    pub clock_trouble: Option<String>,
    /// In all.
    pub fleet: ScopeCount,
    /// By subscription.
    pub subscriptions: BTreeMap<SubscriptionId, ScopeCount>,
    /// By workspace.
    pub workspaces_count: BTreeMap<WorkspaceId, ScopeCount>,
    /// By policy.
    pub policies: BTreeMap<PolicyId, ScopeCount>,
    /// Policies whose revision changed lately and was not acknowledged: until when they are canaries, and how many
    /// distinct instances the revision has stopped so far (G19).
    pub canaries: BTreeMap<PolicyId, (Timestamp, usize)>,
    /// How many stops may run side by side now (G7: 1, 2, 4, … back to 1 after an error).
    pub concurrent_max: usize,
}
