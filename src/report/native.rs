//! Azure's own timers: the audit of them over the fleet, and the account of setting them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::label::{self, Label};
use super::{FleetView, InstanceView, WorkspaceView};
use crate::facts::NativeSchedule;
use crate::guard::Refusal;
use crate::rules::NativeFinding;
use crate::units::{InstanceId, PolicyId, Span, WorkspaceId};

/// One thing that an audit says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NativeTold {
    /// Its label.
    pub finding: &'static str,
    /// Whether a person has to mend it.
    pub trouble: bool,
    /// In words, with what helps.
    pub words: String,
}

/// The timers of one instance, and what there is to say of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NativeLine {
    /// Which.
    pub instance: InstanceId,
    /// Under which policy; none: nobody governs it, and nothing is wanted.
    pub policy: Option<PolicyId>,
    /// Whether it is on.
    pub on: bool,
    /// The idle timer as it is set.
    pub idle_shutdown: Option<Span>,
    /// The idle timer as it is to be set, where it is not.
    pub wanted: Option<Span>,
    /// Its schedules.
    pub schedules: Vec<NativeSchedule>,
    /// Whether it has a managed identity; none: not said.
    pub identity: Option<bool>,
    /// Its custom applications.
    pub custom_applications: Vec<Box<str>>,
    /// What there is to say; mostly nothing.
    pub findings: Vec<NativeTold>,
}

/// A workspace of which nobody knows what is in it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Which.
    pub workspace: WorkspaceId,
    /// Why, and what helps.
    pub words: String,
}

impl Unread {
    /// Every workspace of a view that was not read, or not whole.
    #[must_use]
    pub fn all(view: &FleetView) -> Vec<Self> {
        let unread = |place: &WorkspaceView| {
            let words = match (&place.fault, place.read_at) {
                (Some(fault), _) => fault.clone(),
                (None, None) => "it was not read yet; ask again in a minute".to_owned(),
                (None, Some(_)) => return None,
            };
            Some(Self { workspace: place.id.clone(), words })
        };
        view.workspaces.values().filter_map(unread).collect()
    }
}

/// The timers of the whole fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NativeAudit {
    /// As of when.
    pub at: Timestamp,
    /// Every instance, by workspace.
    pub instances: Vec<NativeLine>,
    /// How many instances a person has to look after.
    pub troubled: usize,
    /// The workspaces of which this says nothing.
    pub unread: Vec<Unread>,
}

impl NativeAudit {
    /// What a view says.
    #[must_use]
    pub fn of(view: &FleetView) -> Self {
        let instances: Vec<NativeLine> =
            view.workspaces.values().flat_map(|place| place.instances.iter().map(|one| line(place, one))).collect();
        let troubled = instances.iter().filter(|line| line.findings.iter().any(|told| told.trouble)).count();
        Self { at: view.at, instances, troubled, unread: Unread::all(view) }
    }
}

fn line(place: &WorkspaceView, instance: &InstanceView) -> NativeLine {
    let timers = &instance.facts.native;
    let told = |finding: &NativeFinding| NativeTold {
        finding: finding.label(),
        trouble: finding.is_trouble(),
        words: finding.words(timers),
    };
    NativeLine {
        instance: instance.facts.id.clone(),
        policy: place.policy.clone(),
        on: instance.facts.state.is_on(),
        idle_shutdown: timers.idle_shutdown,
        wanted: instance.native.iter().find_map(|finding| finding.wanted()),
        schedules: timers.schedules.clone(),
        identity: timers.identity,
        custom_applications: timers.custom_applications.clone(),
        findings: instance.native.iter().map(told).collect(),
    }
}

/// What became of setting one idle timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerOutcome {
    /// It would be set: nothing was sent.
    WouldBeSet,
    /// Azure took it, and shows it.
    Set,
    /// It was sent, no answer came, and Azure shows another one: it may yet arrive.
    Unclear {
        /// What it shows, or why nobody knows.
        words: String,
    },
    /// Azure took it, and does not show it.
    NotShown {
        /// What it shows, or why nobody knows.
        words: String,
    },
    /// Nothing was sent.
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
}

impl TimerOutcome {
    /// The word in metrics and journal.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::WouldBeSet => "would_be_set",
            Self::Set => "set",
            Self::Unclear { .. } => "unclear",
            Self::NotShown { .. } => "not_shown",
            Self::Dropped { .. } => "dropped",
            Self::Failed { .. } => "failed",
        }
    }

    /// True for what Azure may have got: what was never sent is not tried again later than the next time.
    #[must_use]
    pub const fn may_have_been_sent(&self) -> bool {
        match self {
            Self::WouldBeSet | Self::Dropped { .. } => false,
            Self::Set | Self::Unclear { .. } | Self::NotShown { .. } | Self::Failed { .. } => true,
        }
    }

    /// True when a person has to look.
    #[must_use]
    pub const fn is_trouble(&self) -> bool {
        match self {
            Self::WouldBeSet | Self::Set => false,
            // held, in use, right already, or being stopped: nobody has to mend that
            Self::Dropped { refusal, .. } => !matches!(refusal, Refusal::NoLongerDue | Refusal::UnderWay),
            Self::Unclear { .. } | Self::NotShown { .. } | Self::Failed { .. } => true,
        }
    }

    /// In words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::WouldBeSet => "would be set; nothing was sent".to_owned(),
            Self::Set => "set, and Azure shows it".to_owned(),
            Self::Unclear { words } => format!("sent, and no answer came: {words}"),
            Self::NotShown { words } => format!("Azure took it, and does not show it: {words}"),
            Self::Dropped { refusal, words } => format!("not sent, {}: {words}", refusal.label()),
            Self::Failed { label, words } => format!("FAILED, {label}: {words}"),
        }
    }
}

/// One idle timer that was to be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerLine {
    /// Of which instance.
    pub instance: InstanceId,
    /// What it was; none: none was set.
    pub was: Option<Span>,
    /// What it is to be.
    pub to: Span,
    /// What became of it.
    pub outcome: TimerOutcome,
    /// When.
    pub at: Timestamp,
}

/// What became of a request to set idle timers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimersTold {
    /// Each that was not as wanted.
    pub lines: Vec<TimerLine>,
    /// How many more there are: one request sets so many and no more.
    pub left: usize,
    /// The workspaces of which this says nothing.
    pub unread: Vec<Unread>,
}
