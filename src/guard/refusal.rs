//! Why a step was not carried out: a closed list whose labels are metric labels.

use serde::{Deserialize, Serialize};

/// Why the guard refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The policy observes only (G1).
    ObserveMode,
    /// Everything is frozen, or nobody knows (G12).
    Frozen,
    /// Too many workspaces could not be read (G6).
    SickView,
    /// The clock stepped, or differs from Azure's (S11).
    ClockUnsteady,
    /// The inventory is too old or not whole for this instance.
    Stale,
    /// Over an unplanned cap: nothing unplanned this sweep (G4).
    OverCap,
    /// Over a planned pace: waits for the next sweep (G4, G7).
    Paced,
    /// A changed policy is being tried on a few first (G19).
    Canary,
    /// Too many stops failed in this scope lately (G8).
    TooManyFailures,
    /// This instance was stopped only just now, or too often today (G15).
    Resting,
    /// Its last stop failed; it waits before the next try.
    BackingOff,
    /// Its disk is full, and Azure stops no such instance.
    DiskFull,
    /// A stop for this instance is under way already (S18).
    UnderWay,
    /// The second look found it changed or no longer due (G10).
    NoLongerDue,
    /// The second look could not be taken.
    NoSecondLook,
    /// The policy changed since the plan was made (G11).
    PolicyChanged,
    /// The journal could not record the intent: nothing is sent without (I2).
    NotRecorded,
    /// Another replica may hold the lease before the request arrives (L4).
    LeaseUnsure,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 18] = [
        Self::ObserveMode,
        Self::Frozen,
        Self::SickView,
        Self::ClockUnsteady,
        Self::Stale,
        Self::OverCap,
        Self::Paced,
        Self::Canary,
        Self::TooManyFailures,
        Self::Resting,
        Self::BackingOff,
        Self::DiskFull,
        Self::UnderWay,
        Self::NoLongerDue,
        Self::NoSecondLook,
        Self::PolicyChanged,
        Self::NotRecorded,
        Self::LeaseUnsure,
    ];

    /// True for what somebody has to mend: the others are what people and policies ask for, and pass by themselves.
    #[must_use]
    pub const fn is_trouble(self) -> bool {
        match self {
            Self::SickView
            | Self::ClockUnsteady
            | Self::Stale
            | Self::OverCap
            | Self::TooManyFailures
            | Self::BackingOff
            | Self::DiskFull
            | Self::NoSecondLook
            | Self::NotRecorded
            | Self::LeaseUnsure => true,
            Self::ObserveMode
            | Self::Frozen
            | Self::Paced
            | Self::Canary
            | Self::Resting
            | Self::UnderWay
            | Self::NoLongerDue
            | Self::PolicyChanged => false,
        }
    }

    /// The word in metrics and journal.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ObserveMode => "observe_mode",
            Self::Frozen => "frozen",
            Self::SickView => "sick_view",
            Self::ClockUnsteady => "clock_unsteady",
            Self::Stale => "stale",
            Self::OverCap => "over_cap",
            Self::Paced => "paced",
            Self::Canary => "canary",
            Self::TooManyFailures => "too_many_failures",
            Self::Resting => "resting",
            Self::BackingOff => "backing_off",
            Self::DiskFull => "disk_full",
            Self::UnderWay => "under_way",
            Self::NoLongerDue => "no_longer_due",
            Self::NoSecondLook => "no_second_look",
            Self::PolicyChanged => "policy_changed",
            Self::NotRecorded => "not_recorded",
            Self::LeaseUnsure => "lease_unsure",
        }
    }

    /// What it means and what a person can do.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ObserveMode => "the policy observes only; set mode = \"enforce\" to stop",
            Self::Frozen => {
                "everything is frozen, or it cannot be read whether it is; lift it with `lightsout freeze --lift`"
            }
            Self::SickView => {
                "too much of the fleet could not be read to trust the rest; see the faults of the workspaces"
            }
            Self::ClockUnsteady => "this machine's clock stepped or differs from Azure's; check time synchronisation",
            Self::Stale => "what is known of it is too old or incomplete",
            Self::OverCap => {
                "more unplanned stops than the limits allow; nothing unplanned is stopped until fewer are due"
            }
            Self::Paced => "waits its turn within the limits",
            Self::Canary => {
                "the policy changed lately and is tried on a few first; `lightsout ack POLICY` lets it act on all"
            }
            Self::TooManyFailures => "too many stops failed lately; see why, the next try comes by itself",
            Self::Resting => "it was stopped only just now, or too often today",
            Self::BackingOff => "its last stop failed; the next try comes by itself",
            Self::DiskFull => "its disk is full, and Azure stops no such instance; its owner is told to free 2 GB",
            Self::UnderWay => "its stop is under way",
            Self::NoLongerDue => "the second look found it changed or no longer due",
            Self::NoSecondLook => "Azure could not be asked again right before stopping",
            Self::PolicyChanged => "the policy changed since it was planned; it is decided anew",
            Self::NotRecorded => "the journal could not record the intent, and nothing is sent without; check the disk",
            Self::LeaseUnsure => {
                "another replica may act by the time it arrives; check the way to the database, what is due is looked at again"
            }
        }
    }
}
