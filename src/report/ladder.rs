//! What a sweep did about instances that stay off.

use serde::{Deserialize, Serialize};

use crate::facts::Proposal;
use crate::guard::Refusal;
use crate::units::InstanceId;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LadderKind {
    /// It was proposed for deletion.
    Proposed,
    /// A step of the ladder was told.
    Told,
    /// The proposal came to nothing.
    Void,
    /// Azure was asked to delete it.
    Sent,
    /// It was ready, and the guard refused.
    Refused(Refusal),
    /// It was seen deleted.
    Deleted,
    /// Azure refused, or it was not seen done.
    Failed,
}

impl LadderKind {
    /// The word in metrics and log.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Told => "told",
            Self::Void => "void",
            Self::Sent => "sent",
            Self::Refused(_) => "refused",
            Self::Deleted => "deleted",
            Self::Failed => "failed",
        }
    }
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LadderLine {
    /// Which instance.
    pub instance: InstanceId,
    /// What was done.
    pub kind: LadderKind,
    /// The particulars.
    pub words: String,
}

impl LadderLine {
    /// About a proposal.
    #[must_use]
    pub fn of(proposal: &Proposal, kind: LadderKind, words: String) -> Self {
        Self { instance: proposal.instance.clone(), kind, words }
    }
}
