//! What may be spent in a month, for whom, and what happens when it is used up.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::units::Money;

/// What each allowance is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A workspace that the policy governs.
    Workspace,
    /// A team, over all workspaces that the policy governs.
    Team,
    /// An owner, over all workspaces that the policy governs.
    Owner,
}

impl Per {
    /// The word of files, journal and faces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Team => "team",
            Self::Owner => "owner",
        }
    }
}

/// What happens when an allowance is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtLimit {
    /// People are told (the default).
    Warn,
    /// What runs is stopped, after its warning.
    Stop,
}

impl AtLimit {
    /// The word of files and faces.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Stop => "stop",
        }
    }
}

/// A monthly allowance. Only the compute meter counts against it: what stopping can stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetRule {
    /// How much, and in which currency; nothing in another one is counted.
    pub monthly: Money,
    /// For each of what.
    pub per: Per,
    /// By whose clocks months begin.
    pub zone: TimeZone,
    /// At which shares people are told, in percent, rising.
    pub warn_at: Vec<u32>,
    /// What happens when it is used up.
    pub at_limit: AtLimit,
}

impl BudgetRule {
    /// The IANA name of its zone.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// What it does, completing "the policy …".
    #[must_use]
    pub fn in_words(&self) -> String {
        let end = match self.at_limit {
            AtLimit::Warn => "and stops nothing",
            AtLimit::Stop => "and stops what runs when it is used up",
        };
        let levels: Vec<String> = self.warn_at.iter().map(|level| format!("{level} %")).collect();
        let told =
            if levels.is_empty() { "tells nobody".to_owned() } else { format!("tells at {}", levels.join(", ")) };
        format!(
            "allows each {} {} a month in {}, {told}, {end}; compute alone counts",
            self.per.label(),
            self.monthly,
            self.zone_name()
        )
    }
}
