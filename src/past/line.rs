//! One line of an exported record.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::parts::{Credit, Decided, Heard, Metered, StateChange, Told, TriedStart, TriedStop};
use crate::facts::{Created, Hold, InstanceFacts};
use crate::units::InstanceId;

/// What a file is and covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Always `lightsout-history`.
    pub format: String,
    /// Which version of the format.
    pub version: u32,
    /// The first instant of which anything is recorded.
    pub from: Timestamp,
    /// When anybody last looked.
    pub to: Timestamp,
}

/// One line of an exported record: `{"kind": [number, what]}`. Lines other than the head are about one life of an instance, by
/// the number that its own line gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Head(Head),
    /// A life of an instance's name, with its ARM id and when it was created: comes before every other line about it.
    Instance(u32, InstanceId, Created),
    /// Everything that Azure said of it, where that is another thing than before beside its state and operation;
    /// `observed_at` says when.
    Facts(u32, Arc<InstanceFacts>),
    /// Another state or operation.
    State(u32, StateChange),
    /// What sources said of its use.
    Heard(u32, Heard),
    /// A decision.
    Decided(u32, Decided),
    /// A warning.
    Told(u32, Told),
    /// A stop.
    Stop(u32, TriedStop),
    /// A start at the beginning of hours.
    Start(u32, TriedStart),
    /// A hold as it was made, and when it ended: before its time where it was lifted.
    Hold(u32, Box<Hold>, Timestamp),
    /// Metered time.
    Metered(u32, Metered),
    /// What a stop was credited with.
    Credit(u32, Credit),
}
