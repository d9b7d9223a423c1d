//! One compute instance: its states, its last operation, its meters.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::agenda::Agenda;
use super::operations::Pending;
use super::person::{Person, UseKind};
use super::spec::InstanceSpec;
use super::truth::{Meters, StartRecord, StopRecord, UseInterval};

/// The states of a compute instance that the simulation goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Being made.
    Creating,
    /// Made, and being prepared by Azure.
    SettingUp,
    /// Up, and running its setup scripts before anybody may use it.
    UserSettingUp,
    /// On its way up.
    Starting,
    /// Up.
    Running,
    /// Up, with a submitted job.
    JobRunning,
    /// On its way down.
    Stopping,
    /// Off; only disk, address and load balancer are billed.
    Stopped,
    /// Going down and up.
    Restarting,
    /// Broken, and still allocated as far as anyone knows.
    Unusable,
    /// Azure could not prepare it; allocated.
    SetupFailed,
    /// Its setup script failed; allocated.
    UserSetupFailed,
    /// It could not be made. Taken to hold no machine, and a place in lists and quota until it is deleted; not verified.
    CreateFailed,
    /// On its way out, allocated until it is gone.
    Deleting,
    /// The same of one that was off: no machine is billed.
    DeletingStopped,
    /// Gone for good; ARM answers 404.
    Deleted,
}

impl State {
    /// The word in ARM's answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Creating => "Creating",
            Self::SettingUp => "SettingUp",
            Self::UserSettingUp => "UserSettingUp",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::JobRunning => "JobRunning",
            Self::Stopping => "Stopping",
            Self::Stopped => "Stopped",
            Self::Restarting => "Restarting",
            Self::Unusable => "Unusable",
            Self::SetupFailed => "SetupFailed",
            Self::UserSetupFailed => "UserSetupFailed",
            Self::CreateFailed => "CreateFailed",
            Self::Deleting | Self::DeletingStopped | Self::Deleted => "Deleting",
        }
    }

    /// Whether Azure bills the size in it: everything but what is off, gone or was never there.
    pub const fn is_allocated(self) -> bool {
        !matches!(self, Self::Stopped | Self::CreateFailed | Self::DeletingStopped | Self::Deleted)
    }

    /// Whether an operation is under way in it.
    pub const fn is_changing(self) -> bool {
        matches!(
            self,
            Self::Creating
                | Self::SettingUp
                | Self::UserSettingUp
                | Self::Starting
                | Self::Stopping
                | Self::Restarting
                | Self::Deleting
                | Self::DeletingStopped
        )
    }
}

/// Operations that `lastOperation` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationName {
    /// Creation.
    Create,
    /// Start.
    Start,
    /// Stop.
    Stop,
    /// Restart.
    Restart,
    /// Deletion.
    Delete,
}

impl OperationName {
    /// The word in ARM's answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Start => "Start",
            Self::Stop => "Stop",
            Self::Restart => "Restart",
            Self::Delete => "Delete",
        }
    }
}

/// How the last operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationStatus {
    /// Not ended.
    InProgress,
    /// Ended well.
    Succeeded,
    /// Ended badly; the word names the operation (`StopFailed`).
    Failed,
}

/// Who caused the last operation, as ARM tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A person, or any caller of ARM.
    User,
    /// A schedule of the instance's own.
    Schedule,
    /// The instance's own idle timer.
    IdleShutdown,
}

impl Trigger {
    /// The word in ARM's answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Schedule => "Schedule",
            Self::IdleShutdown => "IdleShutdown",
        }
    }
}

/// What `lastOperation` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastOperation {
    /// Which operation.
    pub name: OperationName,
    /// When it began.
    pub time: Timestamp,
    /// How it stands.
    pub status: OperationStatus,
    /// Who caused it.
    pub trigger: Trigger,
}

impl LastOperation {
    /// The status word in ARM's answers.
    pub const fn status_word(&self) -> &'static str {
        match (self.status, self.name) {
            (OperationStatus::InProgress, _) => "InProgress",
            (OperationStatus::Succeeded, _) => "Succeeded",
            (OperationStatus::Failed, OperationName::Create) => "CreateFailed",
            (OperationStatus::Failed, OperationName::Start) => "StartFailed",
            (OperationStatus::Failed, OperationName::Stop) => "StopFailed",
            (OperationStatus::Failed, OperationName::Restart) => "RestartFailed",
            (OperationStatus::Failed, OperationName::Delete) => "DeleteFailed",
        }
    }
}

/// How many of each kind of use are going on, wanted by the person whether or not the machine is up.
#[derive(Debug, Default)]
struct Wanted {
    job: u32,
    tmux: u32,
    present: u32,
}

/// One compute instance.
#[derive(Debug)]
pub(in crate::sandbox) struct Machine {
    pub(in crate::sandbox) id: String,
    /// Position of its workspace.
    pub(in crate::sandbox) workspace: usize,
    pub(in crate::sandbox) spec: InstanceSpec,
    pub(in crate::sandbox) state: State,
    pub(in crate::sandbox) last: LastOperation,
    /// Moves with everything that shows on the wire.
    pub(in crate::sandbox) modified_on: Timestamp,
    pub(super) agenda: Agenda,
    pub(super) person: Option<Person>,
    pub(super) pending: Option<Pending>,
    /// What follows when `pending` is done.
    pub(super) ahead: VecDeque<Pending>,
    /// Why it is in a failed state: code and message.
    pub(in crate::sandbox) failure: Option<(&'static str, String)>,
    pub(super) operations: u64,
    pub(super) disk_full: bool,
    pub(super) kernel_open: bool,
    pub(super) interrupted: bool,
    pub(super) start_planned: bool,
    /// The stop that the person was last told of; hearing of it twice changes nothing.
    pub(super) noticed: Option<Timestamp>,
    /// What its person was told: when, and of which stop.
    pub(super) told: Vec<(Timestamp, Timestamp)>,
    /// The link of the newest notice.
    pub(super) link: Option<String>,
    pub(super) idle_timer: Option<u64>,
    pub(super) idle_timers: u64,
    wanted: Wanted,
    metered_to: Timestamp,
    pub(super) meters: Meters,
    pub(super) history: Vec<(Timestamp, State)>,
    pub(super) uses: Vec<UseInterval>,
    /// Places in `uses` of the stretches that are going on.
    open_uses: BTreeMap<UseKind, usize>,
    pub(super) starts: Vec<StartRecord>,
    pub(super) stops: Vec<StopRecord>,
}

impl Machine {
    /// A machine as its spec gives it, at the beginning of time.
    pub(super) fn new(id: String, workspace: usize, spec: InstanceSpec, person: Option<Person>, at: Timestamp) -> Self {
        let last = LastOperation {
            name: if spec.state == State::Stopped { OperationName::Stop } else { OperationName::Create },
            time: spec.created_on.checked_add(SignedDuration::from_millis(2_222)).unwrap_or(spec.created_on),
            status: OperationStatus::Succeeded,
            trigger: Trigger::User,
        };
        Self {
            id,
            workspace,
            state: spec.state,
            last,
            modified_on: last.time,
            agenda: Agenda::default(),
            person,
            pending: None,
            ahead: VecDeque::new(),
            failure: None,
            operations: 0,
            disk_full: false,
            kernel_open: false,
            interrupted: false,
            start_planned: false,
            noticed: None,
            told: Vec::new(),
            link: None,
            idle_timer: None,
            idle_timers: 0,
            wanted: Wanted::default(),
            metered_to: at,
            meters: Meters::default(),
            history: vec![(at, spec.state)],
            uses: Vec::new(),
            open_uses: BTreeMap::new(),
            starts: Vec::new(),
            stops: Vec::new(),
            spec,
        }
    }

    /// Whether the machine can be worked on.
    pub(in crate::sandbox) fn is_up(&self) -> bool {
        matches!(self.state, State::Running | State::JobRunning)
    }

    /// The stretches in which it was up and used for that.
    pub(in crate::sandbox) fn used_for(&self, kind: UseKind) -> impl Iterator<Item = &UseInterval> {
        self.uses.iter().filter(move |used| used.kind == kind)
    }

    /// When its person is going to use it for that; what is wanted and waits for the machine to be up is due since now.
    pub(in crate::sandbox) fn next_use(&self, kind: UseKind) -> Option<Timestamp> {
        let waits = self.wants(kind) && !self.is_up();
        if waits { Some(self.metered_to) } else { self.agenda.beginning_of(kind) }
    }

    /// Whether its person wants it for that, up or not.
    pub(super) fn wants(&self, kind: UseKind) -> bool {
        let count = match kind {
            UseKind::Job => self.wanted.job,
            UseKind::Tmux => self.wanted.tmux,
            UseKind::Present => self.wanted.present,
        };
        count > 0
    }

    pub(super) fn wants_any(&self) -> bool {
        UseKind::ALL.iter().any(|kind| self.wants(*kind))
    }

    /// One more (`true`) or one fewer use of that kind.
    pub(super) fn change_want(&mut self, kind: UseKind, begins: bool) {
        let count = match kind {
            UseKind::Job => &mut self.wanted.job,
            UseKind::Tmux => &mut self.wanted.tmux,
            UseKind::Present => &mut self.wanted.present,
        };
        *count = if begins { count.saturating_add(1) } else { count.saturating_sub(1) };
    }

    /// Moves into a state, and writes it down if it is a new one.
    pub(super) fn enter(&mut self, state: State, at: Timestamp) {
        if self.state != state {
            self.state = state;
            self.modified_on = at;
            self.history.push((at, state));
        }
    }

    /// Adds the time since the last call to the meters, as what the machine has been since.
    pub(super) fn meter_to(&mut self, at: Timestamp) {
        let passed = at.duration_since(self.metered_to);
        if passed <= SignedDuration::ZERO {
            return;
        }
        self.metered_to = at;
        add(self.meters.by_state.entry(self.state).or_default(), passed);
        if !self.is_up() {
            return;
        }
        for kind in UseKind::ALL {
            if self.wants(kind) {
                add(self.meters.by_use.entry(kind).or_default(), passed);
            }
        }
        if self.wants_any() {
            add(&mut self.meters.in_use, passed);
        }
    }

    /// Opens and closes the stretches of use as state and wishes now say.
    pub(super) fn note_uses(&mut self, at: Timestamp) {
        for kind in UseKind::ALL {
            let used = self.is_up() && self.wants(kind);
            let open = self.open_uses.get(&kind).copied();
            match (open, used) {
                (None, true) => {
                    self.open_uses.insert(kind, self.uses.len());
                    self.uses.push(UseInterval { kind, from: at, to: None });
                }
                (Some(place), false) => {
                    self.open_uses.remove(&kind);
                    if let Some(interval) = self.uses.get_mut(place) {
                        interval.to = Some(at);
                    }
                }
                (None, false) | (Some(_), true) => {}
            }
        }
    }

    /// Forgets what was recorded before `at`, where the world begins for its visitors.
    pub(super) fn begin_records(&mut self, at: Timestamp) {
        self.meter_to(at);
        self.meters = Meters::default();
        self.history = vec![(at, self.state)];
        self.starts.clear();
        self.stops.clear();
        self.uses.retain(|interval| interval.to.is_none());
        self.open_uses.clear();
        for (place, interval) in self.uses.iter_mut().enumerate() {
            interval.from = at;
            self.open_uses.insert(interval.kind, place);
        }
    }
}

fn add(total: &mut SignedDuration, passed: SignedDuration) {
    *total = total.saturating_add(passed);
}
