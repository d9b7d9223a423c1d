//! What one sweep saw, decided and did.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::label::{self, Label};
use super::{LadderLine, TimerLine};
use crate::guard::Refusal;
use crate::plan::{Notice, Step};
use crate::rules::Verdict;
use crate::units::{InstanceId, PolicyId, WorkspaceId};

/// How an approved step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Azure took the stop; it is verified by later sweeps.
    Accepted,
    /// It was off already.
    AlreadyStopped,
    /// Refused at the second look or right before sending.
    Dropped {
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
}

/// One approved step and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopLine {
    /// The step.
    pub step: Step,
    /// Its end.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}

/// A settled stop: what became of an accepted one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultLine {
    /// Where: a workspace, or none for the service itself.
    pub workspace: Option<WorkspaceId>,
    /// The fault's label.
    #[serde(deserialize_with = "label::one")]
    pub label: Label,
    /// What could not be done, why, and what helps.
    pub words: String,
}

/// The account of one sweep.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct SweepReport {
    /// When it began.
    pub began_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Workspaces read.
    pub workspaces_read: usize,
    /// Every verdict.
    pub verdicts: Vec<Arc<Verdict>>,
    /// Notices recorded for delivery.
    pub notices: Vec<Notice>,
    /// Steps that the guard refused.
    pub refused: Vec<(Step, Refusal)>,
    /// Steps that were carried out or dropped.
    pub stops: Vec<StopLine>,
    /// Idle timers of Azure's that were set, or could not be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<TimerLine>,
    /// What was done about instances that stay off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<LadderLine>,
    /// Stops of earlier sweeps that were settled: instance, result label.
    pub settled: Vec<(InstanceId, String)>,
    /// Off edges that came and went unseen: how many of which policy, with the reason's label (S7).
    #[serde(deserialize_with = "label::triples")]
    pub edges_missed: Vec<(PolicyId, u64, Label)>,
    /// What went wrong.
    pub faults: Vec<FaultLine>,
}
