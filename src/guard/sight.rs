//! What the guard knows of the fleet around a plan: how well it was seen, what is in flight, what failed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::policy::Limits;
use crate::units::{Percent, PolicyId, Span, SubscriptionId, WorkspaceId};

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

impl ScopeCount {
    /// Counts one stop as asked, and its instance as off.
    pub fn ask(&mut self, planned: bool) {
        let used = if planned { &mut self.planned_last_hour } else { &mut self.unplanned_last_hour };
        *used = used.saturating_add(1);
        self.asked_last_hour = self.asked_last_hour.saturating_add(1);
        self.running = self.running.saturating_sub(1);
    }
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
    /// Among how many replicas the fleet is divided, where it is: this one sees its own part, and has its own part of every cap.
    #[serde(default)]
    pub sharers: u32,
    /// In all.
    pub fleet: ScopeCount,
    /// By subscription.
    pub subscriptions: BTreeMap<SubscriptionId, ScopeCount>,
    /// By workspace.
    pub workspaces_count: BTreeMap<WorkspaceId, ScopeCount>,
    /// By policy.
    pub policies: BTreeMap<PolicyId, ScopeCount>,
    /// Policies whose revision changed lately and was not acknowledged (G19).
    pub canaries: BTreeMap<PolicyId, Canary>,
}

/// How sick a view may be, and how much may be stopped beyond what policies say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// More unreadable workspaces than this share: nothing is stopped (G6).
    pub failed_workspaces_max: Percent,
    /// A larger drop of the count of instances than this: nothing is stopped.
    pub instance_drop_max: Percent,
    /// A larger share of unknown states than this: nothing is stopped.
    pub unknown_states_max: Percent,
    /// A last full sweep older than this: nothing is stopped.
    pub full_sweep_max: Span,
    /// An observation older than this is no ground for a step.
    pub observed_max: Span,
    /// Failed stops of an hour beyond the larger of the two: nothing more in that scope (G8).
    pub failed_stops_max: u32,
    /// … as a share of the stops asked in that hour.
    pub failed_stops_share: Percent,
    /// Caps of one workspace.
    pub workspace: Limits,
    /// Caps of one subscription.
    pub subscription: Limits,
    /// Caps of all.
    pub fleet: Limits,
}

/// A changed policy on trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Until when.
    pub until: Timestamp,
    /// How many more instances it may stop until then.
    pub room: usize,
}
