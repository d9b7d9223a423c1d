//! What the rules say of one instance: the action, its ground, what lost to it, and when it changes.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::Words;
use crate::facts::{Created, NoticeKey, StopKey};
use crate::units::{InstanceId, PolicyId, When};

/// What is to be done with an instance now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing.
    Keep,
    /// Announce a stop.
    Warn,
    /// Stop it.
    Stop,
}

impl Action {
    /// The metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Warn => "warn",
            Self::Stop => "stop",
        }
    }
}

/// Why: a closed list, whose labels are the words of metrics, journal and `explain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// It is off.
    Off,
    /// It is on its way between states, or broken.
    Unsettled,
    /// Azure's word for its state is not known, or fields contradict each other (G14).
    Unrecognised,
    /// A person holds it.
    Held,
    /// Everything is frozen.
    Frozen,
    /// Policy or its owner's tag exempts it.
    Exempt,
    /// It is in use.
    Busy,
    /// It was started only just now, or stopped only just now.
    JustStarted,
    /// Its allowed hours.
    InHours,
    /// Off hours, but a person started it after the edge.
    EdgeSpent,
    /// Off hours, but nobody knows whether it was started before or after the edge.
    StartUnknown,
    /// Off hours, but their edge came and went unseen, longer ago than the policy catches up (S7).
    EdgeMissed,
    /// A day on which nothing is done.
    NoActionDay,
    /// A calendar or zone could not be read, so the hours are not known (S17, S21).
    HoursUnknown,
    /// Nobody knows whether it is idle.
    IdleUnknown,
    /// No rule says it is due.
    NotDue,
    /// Due outside its hours.
    OffHours,
    /// Due after being idle.
    Idle,
    /// Due for having run too long.
    Uptime,
    /// Due since the month's allowance is used up.
    OverBudget,
    /// Due since it was started at the beginning of hours and nobody has used it.
    UnusedStart,
    /// Due, and waiting for the announced time.
    Announced,
    /// Due, and its warning has not been delivered.
    WarningUndelivered,
    /// Due, and its warning waits until quiet hours end.
    QuietHours,
    /// Its stop is under way.
    StopUnderWay,
    /// A person wants it stopped now. No rule finds it: it stands in the records of such stops.
    Asked,
}

impl Ground {
    /// Every ground, in order, for metrics and tests.
    pub const ALL: [Self; 26] = [
        Self::Off,
        Self::Unsettled,
        Self::Unrecognised,
        Self::Held,
        Self::Frozen,
        Self::Exempt,
        Self::Busy,
        Self::JustStarted,
        Self::InHours,
        Self::EdgeSpent,
        Self::StartUnknown,
        Self::EdgeMissed,
        Self::NoActionDay,
        Self::HoursUnknown,
        Self::IdleUnknown,
        Self::NotDue,
        Self::OffHours,
        Self::Idle,
        Self::Uptime,
        Self::OverBudget,
        Self::UnusedStart,
        Self::Announced,
        Self::WarningUndelivered,
        Self::QuietHours,
        Self::StopUnderWay,
        Self::Asked,
    ];

    /// The word in metrics and journal.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Unsettled => "unsettled",
            Self::Unrecognised => "unrecognised",
            Self::Held => "held",
            Self::Frozen => "frozen",
            Self::Exempt => "exempt",
            Self::Busy => "busy",
            Self::JustStarted => "just_started",
            Self::InHours => "in_hours",
            Self::EdgeSpent => "edge_spent",
            Self::StartUnknown => "start_unknown",
            Self::EdgeMissed => "edge_missed",
            Self::NoActionDay => "no_action_day",
            Self::HoursUnknown => "hours_unknown",
            Self::IdleUnknown => "idle_unknown",
            Self::NotDue => "not_due",
            Self::OffHours => "off_hours",
            Self::Idle => "idle",
            Self::Uptime => "uptime",
            Self::OverBudget => "over_budget",
            Self::UnusedStart => "unused_start",
            Self::Announced => "announced",
            Self::WarningUndelivered => "warning_undelivered",
            Self::QuietHours => "quiet_hours",
            Self::StopUnderWay => "stop_under_way",
            Self::Asked => "asked",
        }
    }
}

/// Which rule found something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Its state.
    State,
    /// Freeze.
    Freeze,
    /// Holds.
    Hold,
    /// Exemptions and the opt-out tag.
    Exempt,
    /// Signs of use.
    Busy,
    /// The time since its start and its last stop.
    JustStarted,
    /// Allowed hours.
    Hours,
    /// Idle.
    Idle,
    /// Uptime ceiling.
    Uptime,
    /// The month's allowance.
    Budget,
    /// A start at the beginning of hours.
    Start,
    /// Warnings.
    Warning,
}

/// What one rule found, for the reader. The verdict lists them strongest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// Its word.
    pub ground: Ground,
    /// A sentence fragment with the particulars.
    pub words: Words,
    /// When a stop would be due by this rule alone; of an edge that was missed, when that was.
    pub due_at: When,
}

/// A stop that is due, or will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// `OffHours`, `Idle`, `Uptime`, `OverBudget` or `UnusedStart`.
    pub ground: Ground,
    /// Its identity (S2).
    pub key: StopKey,
    /// When the rule says it is due: the edge, the ceiling, the end of the quiet time.
    pub due_at: Timestamp,
    /// From when on nothing but its warning keeps it: the same, after holds, the time after a start, and use.
    pub base_at: Timestamp,
    /// When it will be carried out: after holds, just-started time and the warning.
    pub stop_at: Timestamp,
    /// When its warning is, or was, to be sent.
    pub warn_at: Timestamp,
}

/// Whose word a verdict is: one policy in one revision, as one override of it has it. Shared by all that it decides about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Under {
    /// The policy.
    pub policy: PolicyId,
    /// Which revision of it.
    pub revision: Arc<str>,
    /// The override that held, if any.
    pub override_name: Option<Arc<str>>,
    /// The IANA name of the zone of its hours, where it has hours (S16).
    #[serde(default)]
    pub zone: Option<Arc<str>>,
    /// The release of the zone data that its edges were worked out with (S16).
    #[serde(default)]
    pub zone_data: Option<Arc<str>>,
}

/// The decision about one instance at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct Verdict {
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// Under which policy.
    #[serde(flatten)]
    pub under: Arc<Under>,
    /// When it was decided.
    pub at: Timestamp,
    /// What to do.
    pub action: Action,
    /// The ground that won.
    pub ground: Ground,
    /// The stop that is due or coming, whether or not something stronger keeps it.
    pub due: Option<Box<Due>>,
    /// The notice to send now, when the action is `Warn`.
    pub notice: Option<Box<NoticeKey>>,
    /// When this verdict can change by time alone.
    pub changes_at: When,
    /// Everything that was found, strongest first; never empty.
    pub findings: Arc<[Finding]>,
}

impl Verdict {
    /// True when it should be off by its policy and is on, and for how long at `at`: the due instant has passed and
    /// nothing that policy respects (hold, exemption, use, start) keeps it.
    #[must_use]
    pub fn overdue_since(&self) -> Option<Timestamp> {
        let due = self.due.as_ref().filter(|due| due.stop_at <= self.at)?;
        match self.ground {
            Ground::OffHours
            | Ground::Idle
            | Ground::Uptime
            | Ground::OverBudget
            | Ground::UnusedStart
            | Ground::WarningUndelivered
            | Ground::StopUnderWay
            | Ground::Announced => Some(due.stop_at),
            Ground::Off
            | Ground::Unsettled
            | Ground::Unrecognised
            | Ground::Held
            | Ground::Frozen
            | Ground::Exempt
            | Ground::Busy
            | Ground::JustStarted
            | Ground::InHours
            | Ground::EdgeSpent
            | Ground::StartUnknown
            | Ground::EdgeMissed
            | Ground::NoActionDay
            | Ground::HoursUnknown
            | Ground::IdleUnknown
            | Ground::QuietHours
            | Ground::NotDue
            | Ground::Asked => None,
        }
    }

    /// Since when it should be off, where nobody is warned because there is no room to stop it.
    #[must_use]
    pub fn held_back_since(&self) -> Option<Timestamp> {
        let due = self.due.as_ref().filter(|due| self.action == Action::Warn && self.ground == due.ground)?;
        Some(due.base_at).filter(|at| *at <= self.at)
    }
}
