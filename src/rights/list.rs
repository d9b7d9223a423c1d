//! Every action of Azure that any part of Lightsout uses, with what for, and what happens without it.

use serde::Serialize;

/// Reading what there is.
pub const READ_ACTIONS: [&str; 2] =
    ["Microsoft.MachineLearningServices/workspaces/read", "Microsoft.MachineLearningServices/workspaces/computes/read"];
/// Stopping.
pub const STOP_ACTION: &str = "Microsoft.MachineLearningServices/workspaces/computes/stop/action";
/// Starting.
pub const START_ACTION: &str = "Microsoft.MachineLearningServices/workspaces/computes/start/action";
/// Setting idle timers.
pub const TIMER_ACTION: &str = "Microsoft.MachineLearningServices/workspaces/computes/updateIdleShutdownSetting/action";
/// Following what Azure was asked to do.
pub const STATUS_ACTION: &str = "Microsoft.MachineLearningServices/locations/computeoperationsstatus/read";
/// VM sizes with their prices, at the subscription.
pub const PRICE_ACTION: &str = "Microsoft.MachineLearningServices/locations/vmsizes/read";
/// Lists of jobs, at the workspace.
pub const JOBS_ACTION: &str = "Microsoft.MachineLearningServices/workspaces/jobs/read";
/// Metrics, at the workspace.
pub const METRICS_ACTION: &str = "Microsoft.Insights/metrics/read";
/// Bills, at the subscription. Which action Azure asks for there is not verified.
pub const COST_ACTION: &str = "Microsoft.CostManagement/query/read";

/// A part of Lightsout that needs rights of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Looking at workspaces and instances; nothing goes without it.
    Observe,
    /// What VM sizes cost.
    Prices,
    /// Stopping.
    Stop,
    /// Starting.
    Start,
    /// Deleting what stays off.
    Delete,
    /// Setting Azure's idle timers.
    Timers,
    /// Lists of jobs.
    Jobs,
    /// Azure Monitor's metrics.
    Metrics,
    /// Comparing the ledger with bills.
    Bills,
    /// Making, restarting and deleting instances by hand.
    Manage,
}

impl Part {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Observe,
        Self::Prices,
        Self::Stop,
        Self::Start,
        Self::Delete,
        Self::Timers,
        Self::Jobs,
        Self::Metrics,
        Self::Bills,
        Self::Manage,
    ];

    /// What it is called.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Prices => "prices",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Delete => "delete",
            Self::Timers => "timers",
            Self::Jobs => "jobs",
            Self::Metrics => "metrics",
            Self::Bills => "bills",
            Self::Manage => "manage",
        }
    }

    /// What a role with it does, as its description says it.
    #[must_use]
    pub const fn does(self) -> &'static str {
        match self {
            Self::Observe => "reads workspaces and their computes",
            Self::Prices => "reads what VM sizes cost",
            Self::Stop => "stops compute instances",
            Self::Start => "starts them",
            Self::Delete => "deletes those that stay off",
            Self::Timers => "sets their idle timers",
            Self::Jobs => "reads lists of jobs",
            Self::Metrics => "reads metrics of workspaces",
            Self::Bills => "reads bills",
            Self::Manage => "starts, stops, restarts, creates and deletes compute instances",
        }
    }
}

/// Where a right has to be assigned to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// At the workspace, or anything above it.
    Workspace,
    /// At the subscription alone: what it is about belongs to no resource group.
    Subscription,
}

/// One right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Right {
    /// As Azure names it.
    pub action: &'static str,
    /// Which parts use it.
    pub parts: &'static [Part],
    /// Where it has to be assigned.
    pub reach: Reach,
    /// What for.
    pub why: &'static str,
    /// What happens without it; none where its parts cannot do without.
    pub without: Option<&'static str>,
}

impl Right {
    /// True when it only reads.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.action.ends_with("/read")
    }
}

const fn right(action: &'static str, parts: &'static [Part], why: &'static str) -> Right {
    Right { action, parts, reach: Reach::Workspace, why, without: None }
}

impl Right {
    const fn at_subscription(mut self) -> Self {
        self.reach = Reach::Subscription;
        self
    }
    const fn or_else(mut self, without: &'static str) -> Self {
        self.without = Some(without);
        self
    }
}

/// The list.
pub const RIGHTS: [Right; 17] = [
    right(READ_ACTIONS[0], &[Part::Observe], "finding workspaces, their regions and tags"),
    right(READ_ACTIONS[1], &[Part::Observe], "reading every instance, and the second look right before a stop"),
    right(
        "Microsoft.Authorization/permissions/read",
        &[Part::Observe],
        "`lightsout doctor`, to name what is missing and what is too much",
    )
    .or_else("what is missing shows only when Azure refuses it"),
    right(PRICE_ACTION, &[Part::Prices, Part::Manage], "what VM sizes cost, and how many vCPUs they have")
        .at_subscription()
        .or_else("the public price list is asked alone"),
    right(
        STATUS_ACTION,
        &[Part::Stop, Part::Start, Part::Delete, Part::Manage],
        "following what Azure was asked to do",
    )
    .at_subscription()
    .or_else("the instance is looked at instead"),
    right(STOP_ACTION, &[Part::Stop, Part::Manage], "stopping an instance"),
    right(START_ACTION, &[Part::Start, Part::Manage], "starting an instance"),
    right(TIMER_ACTION, &[Part::Timers], "setting Azure's own idle timer of an instance"),
    right(JOBS_ACTION, &[Part::Jobs], "the jobs that wait for an instance or run on it"),
    right(METRICS_ACTION, &[Part::Metrics], "CPU and GPU of the runs of jobs"),
    right(COST_ACTION, &[Part::Bills], "what Azure billed (which action Azure asks for is not verified)")
        .at_subscription(),
    right(
        "Microsoft.MachineLearningServices/workspaces/computes/restart/action",
        &[Part::Manage],
        "restarting an instance",
    ),
    right(
        "Microsoft.MachineLearningServices/workspaces/computes/write",
        &[Part::Manage],
        "creating an instance. In a subnet of your own it also takes Microsoft.Network/virtualNetworks/subnets/join/action \
         there, and with an identity of your own Microsoft.ManagedIdentity/userAssignedIdentities/assign/action on that",
    ),
    right(
        "Microsoft.MachineLearningServices/workspaces/computes/delete",
        &[Part::Delete, Part::Manage],
        "deleting an instance",
    ),
    right(
        "Microsoft.MachineLearningServices/workspaces/checkComputeNameAvailability/action",
        &[Part::Manage],
        "whether a name is free in the region",
    )
    .or_else("a taken name is refused when the instance is created"),
    right("Microsoft.MachineLearningServices/locations/usages/read", &[Part::Manage], "how much of the quota is used")
        .at_subscription()
        .or_else("what is left of the quota is not known beforehand"),
    right("Microsoft.MachineLearningServices/locations/quotas/read", &[Part::Manage], "how large the quota is")
        .at_subscription()
        .or_else("what is left of the quota is not known beforehand"),
];

/// What no part ever uses and an identity of Lightsout should not be able to do.
pub const NEVER_NEEDED: [&str; 9] = [
    "Microsoft.MachineLearningServices/workspaces/computes/listKeys/action",
    "Microsoft.MachineLearningServices/workspaces/computes/applicationaccess/action",
    "Microsoft.MachineLearningServices/workspaces/computes/reimage/action",
    "Microsoft.MachineLearningServices/workspaces/computes/updateDataMounts/action",
    "Microsoft.MachineLearningServices/workspaces/computes/updateSchedules/action",
    "Microsoft.MachineLearningServices/workspaces/write",
    "Microsoft.MachineLearningServices/workspaces/delete",
    "Microsoft.MachineLearningServices/workspaces/jobs/write",
    "Microsoft.Authorization/roleAssignments/write",
];

/// The rights that these parts use, in the order of the list.
pub fn rights_for(parts: &[Part]) -> impl Iterator<Item = &'static Right> {
    RIGHTS.iter().filter(move |right| right.parts.iter().any(|part| parts.contains(part)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_action_stands_there_once_and_every_part_has_one() {
        let actions: BTreeSet<&str> = RIGHTS.iter().map(|right| right.action).collect();
        assert_eq!(actions.len(), RIGHTS.len());
        assert!(actions.iter().all(|action| !action.contains('*')), "a wildcard grants what nobody listed");
        assert!(NEVER_NEEDED.iter().all(|never| !actions.contains(never)));
        for part in Part::ALL {
            assert!(rights_for(&[part]).next().is_some(), "{part:?}");
        }
        assert_eq!(rights_for(&[]).count(), 0);
    }

    #[test]
    fn what_looks_changes_nothing() {
        for part in [Part::Observe, Part::Prices, Part::Jobs, Part::Metrics, Part::Bills] {
            assert!(rights_for(&[part]).all(Right::only_reads), "{part:?}");
        }
        // G3: and what stops does nothing else
        let changes = |part: Part| -> Vec<&str> {
            let parts = [part];
            rights_for(&parts).filter(|right| !right.only_reads()).map(|right| right.action).collect()
        };
        assert_eq!(changes(Part::Stop), [STOP_ACTION]);
        assert_eq!(changes(Part::Start), [START_ACTION]);
        assert_eq!(changes(Part::Delete), ["Microsoft.MachineLearningServices/workspaces/computes/delete"]);
        assert_eq!(changes(Part::Timers), [TIMER_ACTION]);
    }
}
