//! Evidence that an instance is in use. Azure's API has no last-activity field, so each source says what it can.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Unknown;
use crate::units::Percent;

/// Where evidence came from; a closed list, also used as words in explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The state `JobRunning` in Azure Resource Manager: a job runs now.
    Job,
}

impl Source {
    /// The source in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Job => "a job is running (Azure state JobRunning)",
        }
    }
}

/// What all evidence together says of an instance's use at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// In use.
    Busy {
        /// Who says so.
        source: Source,
        /// When that held.
        as_of: Timestamp,
    },
    /// Every required source says quiet.
    Quiet {
        /// Since when, at the latest sign of use.
        since: Timestamp,
        /// When the newest reading was taken.
        as_of: Timestamp,
        /// How much of the time since then fresh readings cover (G17).
        covered: Percent,
    },
    /// Not known, which never means quiet.
    Unknown(Unknown),
}
