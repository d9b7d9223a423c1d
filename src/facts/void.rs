//! What makes a proposal void: a closed list whose labels stand in journal and audit log.

use serde::{Deserialize, Serialize};

/// Why a proposal came to nothing without anybody keeping the instance: whatever says no ends it, and a later one begins
/// the ladder anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VoidGround {
    /// It was turned on, or something was done with it since.
    Started,
    /// Another instance has its name now.
    Recreated,
    /// It is gone, by another hand.
    Gone,
    /// Somebody holds it.
    Held,
    /// Its tag or its policy exempts it.
    Exempt,
    /// The policy changed, or wants this no more.
    PolicyChanged,
    /// It is another's by now, or the allow-list names it no more.
    Changed,
    /// Everything was frozen.
    Frozen,
}

impl VoidGround {
    /// Every ground.
    pub const ALL: [Self; 8] = [
        Self::Started,
        Self::Recreated,
        Self::Gone,
        Self::Held,
        Self::Exempt,
        Self::PolicyChanged,
        Self::Changed,
        Self::Frozen,
    ];

    /// The word in journal and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Recreated => "recreated",
            Self::Gone => "gone",
            Self::Held => "held",
            Self::Exempt => "exempt",
            Self::PolicyChanged => "policy_changed",
            Self::Changed => "changed",
            Self::Frozen => "frozen",
        }
    }
}
