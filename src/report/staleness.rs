//! How old what is known of the fleet may have been, and why.

use serde::{Deserialize, Serialize};

use crate::units::{PolicyId, WorkspaceId};

/// Why a workspace was read when it was, and no sooner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Staleness {
    /// Its turn comes once in an interval.
    #[default]
    Interval,
    /// Everything in it is off and nothing is near, so that it is read more rarely.
    Quiet,
    /// It waited, for Azure's token buckets or behind others.
    Waited,
    /// It could not be read.
    Failed,
}

impl Staleness {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Interval, Self::Quiet, Self::Waited, Self::Failed];

    /// The word in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::Quiet => "quiet",
            Self::Waited => "waited",
            Self::Failed => "failed",
        }
    }

    /// Why, as a sentence fragment, with what helps.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Interval => "the interval is longer than that; shorten [sweep] interval, or lengthen the bound",
            Self::Quiet => "it is left out of rounds while everything is off; lower [sweep] quiet",
            Self::Waited => {
                "it waits for its turn in Azure's request limits, or behind slow workspaces; lengthen [sweep] interval, or give \
                 the service an identity of its own"
            }
            Self::Failed => "it could not be read; `lightsout status` says why",
        }
    }
}

/// The workspaces of one policy, by the one of which the least was known for the longest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStaleness {
    /// Which policy.
    pub policy: PolicyId,
    /// How old what is known of that one is, or became before it was last read; in seconds.
    pub worst: i64,
    /// How old that may become.
    pub bound: i64,
    /// Why.
    pub cause: Staleness,
    /// Which workspace.
    pub workspace: WorkspaceId,
}

/// All of it. What was never read counts in `lightsout_last_full_sweep_timestamp_seconds`, not here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StalenessView {
    /// Of a hundred workspaces ninety-nine are known this well or better; in seconds.
    pub p99: i64,
    /// Why that one was read no sooner.
    pub cause: Staleness,
    /// By policy; those without workspaces are left out.
    pub policies: Vec<PolicyStaleness>,
}
