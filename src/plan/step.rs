//! A plan is a value: printable, storable, comparable, and the only thing that is ever acted on.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::facts::{Created, InstanceFacts, LastOperation, NoticeKey, PowerState, Reading, StopKey, Tags};
use crate::ledger::Counterfactual;
use crate::rules::Ground;
use crate::units::{InstanceId, PolicyId};

/// What the instance looked like when the plan was made; the second look must find the same (G10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Its state.
    pub state: PowerState,
    /// Its last operation.
    pub last_operation: Reading<Arc<LastOperation>>,
    /// Its tags.
    pub tags: Reading<Tags>,
}

impl Expected {
    /// Of an instance as observed.
    #[must_use]
    pub fn of(facts: &InstanceFacts) -> Self {
        Self { state: facts.state.clone(), last_operation: facts.last_operation.clone(), tags: facts.tags.clone() }
    }

    /// What differs in a fresh look, in words; none when nothing does.
    #[must_use]
    pub fn differs_from(&self, fresh: &InstanceFacts) -> Option<String> {
        if self.state != fresh.state {
            return Some(format!("its state went from {} to {}", self.state, fresh.state));
        }
        if self.last_operation.known() != fresh.last_operation.known() {
            return Some("its last operation changed".to_owned());
        }
        if self.tags.known() != fresh.tags.known() {
            return Some("its tags changed".to_owned());
        }
        None
    }
}

/// One proposed stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// By which policy.
    pub policy: PolicyId,
    /// Which revision of it (G11).
    pub revision: Arc<str>,
    /// `OffHours`, `Idle`, `Uptime` or `OverBudget`.
    pub ground: Ground,
    /// Identity of the reason.
    pub key: StopKey,
    /// When the rule said it was due.
    pub due_at: Timestamp,
    /// When it was to be carried out.
    pub stop_at: Timestamp,
    /// What it looked like.
    pub expected: Expected,
    /// When it was observed so.
    pub observed_at: Timestamp,
    /// Its VM size, for the order of acting and for notices.
    pub size: Arc<str>,
    /// Until when it would run at most if it were not stopped; stated before the stop, so that nobody can choose it after
    /// (C9). None in steps of before there was a ledger.
    #[serde(default)]
    pub counterfactual: Option<Counterfactual>,
}

impl Step {
    /// True for stops that a calendar announces; idle, uptime and budget stops are unplanned and capped harder (G4).
    #[must_use]
    pub fn is_planned(&self) -> bool {
        self.ground == Ground::OffHours
    }
}

/// One notice to a person that a stop is coming.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// What it announces, keyed by the deadline.
    pub key: NoticeKey,
    /// By which policy.
    pub policy: PolicyId,
    /// The ground's label.
    pub ground: String,
    /// Whose it is, as far as anyone knows.
    pub owner: Option<String>,
    /// Who else is told.
    pub notify: Vec<String>,
    /// One sentence for a person.
    pub words: String,
}

/// A notice that is to be given, and the stop that it announces: the guard weighs the one by the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// What a person is told.
    pub notice: Notice,
    /// The stop as it will be proposed when its time comes.
    pub step: Step,
}

/// What one sweep proposes, in a stable order: earliest due first, then by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "a plan that nobody reviews stops nothing"]
pub struct Plan {
    /// When it was made.
    pub made_at: Option<Timestamp>,
    /// Stops.
    pub steps: Vec<Step>,
    /// Notices, with the stops that they announce.
    pub notices: Vec<Announcement>,
}
