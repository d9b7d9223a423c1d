//! What Azure says of one compute instance, as observed at one moment.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::Reading;
use crate::units::{InstanceId, Region, Span, When};

/// An instance's state in the words that matter for deciding. `Running` and `JobRunning` are the states in which a
/// stop may be asked; every other one is left alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerState {
    /// On, and Azure knows of no job.
    Running,
    /// On, and a job runs.
    JobRunning,
    /// Off; disk, address and load balancer still cost.
    Stopped,
    /// On its way between states: Azure's word for it (Starting, Stopping, Restarting, Resizing, Creating, Deleting, SettingUp, UserSettingUp).
    Changing(Arc<str>),
    /// Broken, and billing is likely: Azure's word for it (Unusable, SetupFailed, UserSetupFailed, CreateFailed).
    Broken(Arc<str>),
    /// A word this version does not know, or `Unknown`; never acted on (G14).
    Unrecognised(Arc<str>),
}

impl PowerState {
    /// The bounded metric label.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::JobRunning => "job_running",
            Self::Stopped => "stopped",
            Self::Changing(_) => "changing",
            Self::Broken(_) => "broken",
            Self::Unrecognised(_) => "unrecognised",
        }
    }

    /// True when the compute meter is believed to run: everything but stopped, deleting and what is not known (FACTS 6.4).
    #[must_use]
    pub fn is_billed(&self) -> bool {
        match self {
            Self::Running | Self::JobRunning => true,
            Self::Stopped | Self::Unrecognised(_) => false,
            Self::Changing(word) => !word.eq_ignore_ascii_case("Deleting"),
            Self::Broken(word) => !word.eq_ignore_ascii_case("CreateFailed"),
        }
    }

    /// True for the two states in which a person can be using it.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        matches!(self, Self::Running | Self::JobRunning)
    }
}

impl fmt::Display for PowerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("Running"),
            Self::JobRunning => f.write_str("JobRunning"),
            Self::Stopped => f.write_str("Stopped"),
            Self::Changing(word) | Self::Broken(word) | Self::Unrecognised(word) => f.write_str(word),
        }
    }
}

/// What was last asked of the instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Created.
    Create,
    /// Started.
    Start,
    /// Stopped.
    Stop,
    /// Restarted.
    Restart,
    /// Given another size.
    Resize,
    /// Given a new image.
    Reimage,
    /// Deleted.
    Delete,
    /// A word this version does not know.
    Other(Arc<str>),
}

impl Operation {
    /// True for operations that leave the instance on, begun by someone or something.
    #[must_use]
    pub const fn turns_on(&self) -> bool {
        match self {
            Self::Create | Self::Start | Self::Restart | Self::Resize | Self::Reimage => true,
            Self::Stop | Self::Delete | Self::Other(_) => false,
        }
    }
}

/// How the last operation ended, or that it has not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationStatus {
    /// Still going on.
    InProgress,
    /// Done.
    Succeeded,
    /// Failed, in Azure's word (`StopFailed`, …), or not said.
    Failed(Arc<str>),
    /// A word this version does not know: it may be going on.
    Other(Arc<str>),
}

impl OperationStatus {
    /// True when it is certainly not going on any more.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        match self {
            Self::Succeeded | Self::Failed(_) => true,
            Self::InProgress | Self::Other(_) => false,
        }
    }
}

/// Who or what asked for it; absent in old answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A person or a service principal: ours too.
    User,
    /// A native schedule.
    Schedule,
    /// Azure's own idle timer.
    IdleShutdown,
    /// Not said, or a word this version does not know.
    Other(Arc<str>),
}

/// `lastOperation` of an instance. There is no other trace of when it was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastOperation {
    /// What was asked.
    pub operation: Operation,
    /// When, as Azure says.
    pub at: Timestamp,
    /// How it went.
    pub status: OperationStatus,
    /// Who asked.
    pub trigger: Trigger,
}

/// Who an instance belongs to, in order of trust: the assigned user, then the creator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The creator's user name, mostly a mail address; Azure may leave it out.
    pub user_name: Option<Box<str>>,
    /// The creator's object id.
    pub user_id: Option<Box<str>>,
    /// Object id of the person it was created on behalf of.
    pub assigned_id: Option<Box<str>>,
}

impl Owner {
    /// True when nothing names a person.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        self.user_name.is_none() && self.user_id.is_none() && self.assigned_id.is_none()
    }

    /// The best name there is. An instance made on behalf of someone is not called by its creator's name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match (&self.assigned_id, &self.user_name, &self.user_id) {
            (Some(assigned), name, Some(creator)) if assigned == creator => name.as_deref().or(Some(assigned)),
            (Some(assigned), _, _) => Some(assigned),
            (None, Some(name), _) => Some(name),
            (None, None, Some(id)) => Some(id),
            (None, None, None) => None,
        }
    }
}

/// Tags as ARM sends them. Names compare without case, values with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags(pub Vec<(Arc<str>, Arc<str>)>);

impl Tags {
    /// The value of a tag.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }
}

/// One start or stop schedule that Azure itself keeps on the instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeSchedule {
    /// True for Start, false for Stop.
    pub starts: bool,
    /// True when Azure says it is enabled.
    pub enabled: bool,
    /// Its recurrence or cron expression in words.
    pub when: String,
    /// The Windows zone name it is written in; Azure's labels ignore DST.
    pub zone: Option<String>,
    /// True when Azure says that setting it up failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// Azure's own means to stop the instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeTimers {
    /// The idle timer, when set.
    pub idle_shutdown: Option<Span>,
    /// What Azure wrote where the idle timer stands, when that cannot be read: then one may be set, and nobody knows which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<Box<str>>,
    /// At most four.
    pub schedules: Vec<NativeSchedule>,
    /// Whether it has a managed identity; none: Azure's answer does not say. The idle timer works only where that is
    /// Contributor of the workspace, which no answer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<bool>,
    /// The names of its custom applications: to Azure's timer an instance with one is never idle. What `applications` lists
    /// beside the usual ones is not told apart from these, and is not looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_applications: Vec<Box<str>>,
}

/// Something odd in Azure's answer about this instance, kept for the reader and the metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oddity {
    /// The field, in Azure's words.
    pub field: String,
    /// What was odd.
    pub what: String,
}

/// When the instance was created: part of its identity, since a name can be used again.
pub type Created = When;

/// One compute instance as observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceFacts {
    /// Its ARM id.
    pub id: InstanceId,
    /// `createdOn`, when credible.
    pub created: Created,
    /// Its state.
    pub state: PowerState,
    /// VM size as Azure sends it, mostly upper case; compare without case.
    pub size: Arc<str>,
    /// Its region.
    pub region: Region,
    /// Whose it is; shared from one reading to the next.
    pub owner: Arc<Owner>,
    /// Its tags; `Err`-like unreadable tags are an oddity and an opt-out (G13).
    pub tags: Reading<Tags>,
    /// What was last asked of it.
    pub last_operation: Reading<Arc<LastOperation>>,
    /// Azure's own timers on it.
    pub native: Arc<NativeTimers>,
    /// When this was read; what stays the same may be kept as it was first read.
    pub observed_at: Timestamp,
    /// What was odd about the answer; mostly empty.
    pub oddities: ThinVec<Oddity>,
}

impl InstanceFacts {
    /// The same, or an operation that this version does not know: it may have been a start, as late as possible in favour
    /// of the person who made it.
    #[must_use]
    pub fn may_have_started_at(&self) -> Option<Timestamp> {
        let starts = |op: &Operation| op.turns_on() || matches!(op, Operation::Other(_));
        self.last_operation.known().filter(|op| starts(&op.operation)).map(|op| op.at)
    }

    /// The start that Azure vouches for: the last operation, when it is one that leaves the instance on.
    #[must_use]
    pub fn started_at(&self) -> Option<Timestamp> {
        self.last_operation.known().filter(|op| op.operation.turns_on()).map(|op| op.at)
    }
}
