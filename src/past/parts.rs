//! The parts of a record: one thing each that happened to an instance, or that was known of it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::facts::{LastOperation, NoticeKey, OperationResult, PowerState, StopKey, StopResult, Track};
use crate::ledger::Interval;
use crate::rules::{Action, Due, Ground};
use crate::units::{Rate, When};

/// Another state, or another operation, as it was first seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// When it was seen so for the first time.
    pub at: Timestamp,
    /// When it was last seen otherwise, where anybody looked before.
    #[serde(default, skip_serializing_if = "When::is_none")]
    pub not_before: When,
    /// The state; none: the instance is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PowerState>,
    /// The last operation that Azure named then; none where it named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Arc<LastOperation>>,
}

/// What sources beside Azure Resource Manager said of its use, as it was when something was decided by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// When.
    pub at: Timestamp,
    /// The newest account of each source.
    pub tracks: Vec<Track>,
}

/// A decision that differed from the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// By which policy.
    pub policy: Arc<str>,
    /// In which revision.
    pub revision: Arc<str>,
    /// What to do.
    pub action: Action,
    /// Why.
    pub ground: Ground,
    /// The stop that was due or coming.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Box<Due>>,
    /// For when a stop was announced by it.
    #[serde(default, skip_serializing_if = "When::is_none")]
    pub announced: When,
    /// Every source that its idle rule needs was heard, and told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub watched: bool,
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Told {
    /// When it was written.
    pub at: Timestamp,
    /// What it announced.
    pub key: NoticeKey,
    /// When the first channel took it.
    #[serde(default, skip_serializing_if = "When::is_none")]
    pub delivered_at: When,
}

/// A stop that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedStop {
    /// When it was intended.
    pub asked_at: Timestamp,
    /// Identity of its reason.
    pub key: StopKey,
    /// The ground's label; `asked`: a person wanted it.
    pub ground: Arc<str>,
    /// When it ended; none: it was under way at the end of the record.
    #[serde(default, skip_serializing_if = "When::is_none")]
    pub ended_at: When,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<StopResult>,
}

impl TriedStop {
    /// True for one that a policy wanted, and no person.
    #[must_use]
    pub fn is_by_policy(&self) -> bool {
        &*self.ground != Ground::Asked.label()
    }
}

/// A start at the beginning of hours that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriedStart {
    /// When.
    pub asked_at: Timestamp,
    /// Identity of its reason.
    pub key: Arc<str>,
    /// When it ended, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<(Timestamp, OperationResult)>,
}

/// A metered stretch, as the ledger has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metered {
    /// From when to when, in which state, on what basis.
    pub interval: Interval,
    /// What an hour of it cost; none where nobody knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// What a stop was credited with, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// From when to when it was credited.
    pub interval: Interval,
    /// False: a policy only observed, and would have stopped it.
    pub did: bool,
    /// Identity of the stop's reason.
    pub key: StopKey,
    /// Credited seconds.
    pub credited: i64,
    /// Charged seconds.
    pub charged: i64,
    /// Its person started it again at once.
    pub regret: bool,
    /// What an hour of it cost; none where nobody knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}
