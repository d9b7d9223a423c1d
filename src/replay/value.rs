//! What a replay gives: figures of what happened and of what would have, of each instance and in sum.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::check::Checked;
use crate::facts::{Created, Source};
use crate::ledger::Costs;
use crate::rules::Ground;
use crate::units::InstanceId;

/// How anybody knows that a person worked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Worked {
    /// A source saw it.
    Seen {
        /// Which.
        source: Source,
        /// What it saw.
        words: Arc<str>,
    },
    /// Somebody held it, to keep it on.
    Held {
        /// Who.
        by: Arc<str>,
    },
    /// It was started again.
    Started,
}

/// Whether a stop would have hurt: somebody worked within so long after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Regret {
    /// The record tells that nobody did.
    None,
    /// Somebody did.
    Certain {
        /// When.
        at: Timestamp,
        /// How that is known.
        worked: Worked,
    },
    /// From then on the record does not tell.
    Possible {
        /// From when.
        from: Timestamp,
    },
}

/// A stop of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplayedStop {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub ground: Ground,
    /// It happened just so: what came of it is what the record has.
    pub happened: bool,
    /// Whom it would have hurt.
    pub regret: Regret,
}

/// At least and at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Spread<T> {
    /// At least.
    pub least: T,
    /// At most.
    pub most: T,
}

/// What was done, and what it came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Stops that came about.
    pub stops: u32,
    /// Warnings.
    pub warnings: u32,
    /// Stops after which somebody worked within half an hour.
    pub regrets: u32,
    /// Seconds that the meter ran.
    pub running_seconds: i64,
    /// What that cost.
    pub cost: Costs,
    /// What stops avoided, by the ledger's rules.
    pub avoided: Costs,
    /// Running seconds of which nobody knows a price.
    pub unpriced_seconds: i64,
}

impl Figures {
    pub(super) fn add(&mut self, other: &Self) {
        self.stops = self.stops.saturating_add(other.stops);
        self.warnings = self.warnings.saturating_add(other.warnings);
        self.regrets = self.regrets.saturating_add(other.regrets);
        self.running_seconds = self.running_seconds.saturating_add(other.running_seconds);
        self.cost.merge(&other.cost);
        self.avoided.merge(&other.avoided);
        self.unpriced_seconds = self.unpriced_seconds.saturating_add(other.unpriced_seconds);
    }
}

/// What happened, and what would have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// As the record has it.
    pub happened: Figures,
    /// By the policy that was tried.
    pub replayed: Spread<Figures>,
}

impl Compared {
    pub(super) fn add(&mut self, other: &Self) {
        self.happened.add(&other.happened);
        self.replayed.least.add(&other.replayed.least);
        self.replayed.most.add(&other.replayed.most);
    }
}

/// One life of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstanceReplay {
    /// Which.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// Whose, as far as anyone knows.
    pub owner: Option<Arc<str>>,
    /// The policy that would have governed it.
    pub policy: Option<Arc<str>>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Compared,
    /// Stops, as if nobody had used it where the record does not tell.
    pub stops: Vec<ReplayedStop>,
    /// Seconds that it was on, by the record.
    pub on_seconds: i64,
    /// Seconds of these of which the record does not tell whether it was used.
    pub untold_seconds: i64,
}

/// Somebody whom a stop would have hurt, or may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hurt {
    /// Which instance.
    pub instance: InstanceId,
    /// Whose.
    pub owner: Option<Arc<str>>,
    /// The stop.
    #[serde(flatten)]
    pub stop: ReplayedStop,
}

/// One day's running cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DayCosts {
    /// As the record has it.
    pub happened: Costs,
    /// By the policy that was tried.
    pub replayed: Spread<Costs>,
}

/// A whole replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// The first instant that counts.
    pub from: Timestamp,
    /// The first that does not.
    pub to: Timestamp,
    /// In sum.
    pub total: Compared,
    /// Of each instance.
    pub instances: Vec<InstanceReplay>,
    /// Whom it would have hurt, or may have.
    pub hurt: Vec<Hurt>,
    /// Running cost by day, in UTC.
    pub days: BTreeMap<Date, DayCosts>,
    /// Stops and warnings that the guard would have held back, by its word, as if nobody had used a machine where the record does not tell.
    pub held_back: BTreeMap<&'static str, u32>,
    /// How far the record's own decisions come out again.
    pub checked: Checked,
    /// What the record cannot tell, and what was assumed.
    pub notes: Vec<String>,
}
