//! What became of the starts of one sweep.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::label::{self, Label};
use super::sweep::Outcome;
use crate::guard::Refusal;
use crate::units::{InstanceId, PolicyId};

/// How a start that was due stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartOutcome {
    /// The policy observes: it would have been started.
    Would,
    /// Azure took the start; it is seen done by later sweeps.
    Asked,
    /// The guard, the second look or the last word refused it for now.
    Waits {
        /// Why.
        refusal: Refusal,
        /// The particulars.
        words: String,
    },
    /// Azure refused or failed.
    Failed {
        /// The fault's label.
        #[serde(deserialize_with = "label::one")]
        label: Label,
        /// What happened, and what a person can do.
        words: String,
    },
    /// Sent, and the answer was lost; the next sweep looks (L5).
    Unclear {
        /// What happened.
        words: String,
    },
    /// It is not started for this edge, for what it would cost.
    KeptOff {
        /// Why.
        words: String,
    },
    /// Its time passed before it could be started.
    Missed {
        /// Why.
        words: String,
    },
}

impl StartOutcome {
    /// The word in metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Would => "would",
            Self::Asked => "asked",
            Self::Waits { .. } => "waits",
            Self::Failed { .. } => "failed",
            Self::Unclear { .. } => "unclear",
            Self::KeptOff { .. } => "kept_off",
            Self::Missed { .. } => "missed",
        }
    }

    /// What it says to a reader.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Would => "would be started; its policy only observes".to_owned(),
            Self::Asked => "Azure took the start".to_owned(),
            Self::Waits { refusal, words } if words.is_empty() => refusal.words().to_owned(),
            Self::Waits { words, .. }
            | Self::Failed { words, .. }
            | Self::Unclear { words }
            | Self::KeptOff { words }
            | Self::Missed { words } => words.clone(),
        }
    }
}

impl From<Outcome> for StartOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted | Outcome::AlreadyStopped => Self::Asked,
            Outcome::Dropped { refusal, words } => Self::Waits { refusal, words },
            Outcome::Failed { label, words } => Self::Failed { label, words },
            Outcome::Unclear { words } => Self::Unclear { words },
        }
    }
}

/// One start that was due, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartLine {
    /// Which instance.
    pub instance: InstanceId,
    /// By which policy.
    pub policy: PolicyId,
    /// Identity of the reason.
    pub key: Arc<str>,
    /// When its hours began.
    pub edge_at: Timestamp,
    /// How it stands.
    pub outcome: StartOutcome,
    /// When.
    pub at: Timestamp,
}
