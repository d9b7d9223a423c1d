//! Start, stop and restart: what Azure accepts, refuses and ends how.

use jiff::{SignedDuration, Timestamp};

use super::agenda::Event;
use super::machine::{LastOperation, Machine, OperationName, OperationStatus, State, Trigger};
use super::person::UseKind;
use super::stream::stream;
use super::truth::{StartCause, StartRecord, StopCause, StopRecord};

/// How an operation is made to end, for faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OperationFate {
    /// As it should.
    #[default]
    Normal,
    /// The machine goes back to what it was, the operation says `Failed`.
    Fails,
    /// The same with `Canceled`.
    Canceled,
    /// It stays in progress for ever, the machine in between.
    NeverEnds,
    /// The operation says `Succeeded` and the machine goes on running.
    Lies,
}

/// Why ARM does not accept an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such instance.
    NotFound,
    /// Another operation is under way.
    Conflict,
    /// The disk is full; a stop or restart is refused.
    DiskFull,
}

/// How an operation stands when somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationEnd {
    /// Not ended.
    InProgress,
    /// Ended well.
    Succeeded,
    /// Ended badly, with a code and a message.
    Failed(String, String),
    /// Called off.
    Canceled,
}

/// One operation as its status URL shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationView {
    /// Its id.
    pub id: String,
    /// ARM id of the instance.
    pub instance: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, once it has.
    pub ended: Option<Timestamp>,
    /// How it stands.
    pub end: OperationEnd,
}

/// What a machine is on its way to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) becomes: State,
    pub(super) ends_at: Option<Timestamp>,
    pub(super) status: OperationStatus,
}

impl Machine {
    /// Does what an accepted request asks, and tells when and how its operation ends.
    pub(super) fn obey(
        &mut self,
        seed: u64,
        now: Timestamp,
        name: OperationName,
        fate: OperationFate,
    ) -> (Option<Timestamp>, OperationEnd) {
        let done = Some(now);
        let ends = match name {
            OperationName::Stop if self.state == State::Stopped => {
                return (done, OperationEnd::Succeeded);
            }
            OperationName::Stop => self.begin_stop(seed, now, StopCause::Arm, fate),
            OperationName::Start if self.state != State::Stopped => {
                return (done, only_when_stopped(&self.spec.name));
            }
            OperationName::Start => self.begin_start(seed, now, StartCause::Arm, fate),
            OperationName::Restart | OperationName::Create => self.begin_restart(seed, now, fate),
        };
        (ends, end_of(fate))
    }

    /// Begins a stop that is allowed; returns when it ends, if ever.
    pub(super) fn begin_stop(
        &mut self,
        seed: u64,
        at: Timestamp,
        cause: StopCause,
        fate: OperationFate,
    ) -> Option<Timestamp> {
        let up = self.is_up();
        let busy_job = up && self.wants(UseKind::Job);
        let busy_unseen = up && (self.wants(UseKind::Tmux) || self.wants(UseKind::Present));
        let trigger = match cause {
            StopCause::User | StopCause::Arm => Trigger::User,
            StopCause::NativeSchedule => Trigger::Schedule,
            StopCause::NativeIdle => Trigger::IdleShutdown,
        };
        if matches!(fate, OperationFate::Normal | OperationFate::NeverEnds) {
            self.interrupted = busy_job || busy_unseen;
            self.kernel_open = false;
            self.stops.push(StopRecord { instance: self.id.clone(), at, cause, busy_job, busy_unseen, regret: false });
        }
        let back = if self.state == State::JobRunning { State::Running } else { self.state };
        let goes = Move { name: OperationName::Stop, through: State::Stopping, to: State::Stopped, back };
        self.begin(seed, at, goes, (trigger, fate))
    }

    /// Begins a start that is allowed.
    pub(super) fn begin_start(
        &mut self,
        seed: u64,
        at: Timestamp,
        cause: StartCause,
        fate: OperationFate,
    ) -> Option<Timestamp> {
        let trigger = match cause {
            StartCause::User | StartCause::Arm => Trigger::User,
            StartCause::NativeSchedule => Trigger::Schedule,
        };
        if cause == StartCause::User {
            self.note_regret(at);
        }
        self.starts.push(StartRecord { at, cause });
        let goes =
            Move { name: OperationName::Start, through: State::Starting, to: State::Running, back: State::Stopped };
        self.begin(seed, at, goes, (trigger, fate))
    }

    /// Begins a restart that is allowed: what was in use is interrupted.
    pub(super) fn begin_restart(&mut self, seed: u64, at: Timestamp, fate: OperationFate) -> Option<Timestamp> {
        let goes =
            Move { name: OperationName::Restart, through: State::Restarting, to: State::Running, back: State::Running };
        self.begin(seed, at, goes, (Trigger::User, fate))
    }

    fn begin(
        &mut self,
        seed: u64,
        at: Timestamp,
        goes: Move,
        (trigger, fate): (Trigger, OperationFate),
    ) -> Option<Timestamp> {
        let ends_at = at.checked_add(self.takes(seed, goes.name, at)).ok().filter(|_| fate != OperationFate::NeverEnds);
        let (becomes, status) = match fate {
            OperationFate::Normal | OperationFate::NeverEnds => (goes.to, OperationStatus::Succeeded),
            OperationFate::Fails | OperationFate::Canceled => (goes.back, OperationStatus::Failed),
            OperationFate::Lies => (goes.back, OperationStatus::Succeeded),
        };
        self.last = LastOperation { name: goes.name, time: at, status: OperationStatus::InProgress, trigger };
        self.enter(goes.through, at);
        self.modified_on = at;
        self.pending = Some(Pending { becomes, ends_at, status });
        if let Some(end) = ends_at {
            self.agenda.add(end, Event::TransitionEnds);
        }
        ends_at
    }

    /// How long an operation takes, in the machine's own stream of chance.
    fn takes(&self, seed: u64, name: OperationName, at: Timestamp) -> SignedDuration {
        let mut rng = stream(seed, &[&self.id, name.word(), &at.as_second().to_string()]);
        SignedDuration::from_secs(match name {
            OperationName::Stop => rng.i64(60..=180),
            OperationName::Create | OperationName::Start => rng.i64(120..=240),
            OperationName::Restart => rng.i64(180..=330),
        })
    }

    /// The transition that is due now ends.
    pub(super) fn end_transition(&mut self, at: Timestamp) {
        let due = self.pending.is_some_and(|pending| pending.ends_at.is_some_and(|end| end <= at));
        if due && let Some(pending) = self.pending.take() {
            self.last.status = pending.status;
            self.enter(pending.becomes, at);
            self.modified_on = at;
        }
    }

    /// A person starts a machine that a caller of ARM stopped less than 30 minutes ago: that stop is regretted.
    fn note_regret(&mut self, at: Timestamp) {
        if let Some(stop) = self.stops.last_mut()
            && stop.cause == StopCause::Arm
            && at.duration_since(stop.at) <= REGRET_WITHIN
        {
            stop.regret = true;
        }
    }
}

/// A person who starts a machine again this soon after a stop regrets it.
const REGRET_WITHIN: SignedDuration = SignedDuration::from_mins(30);

/// The way an operation takes a machine.
struct Move {
    name: OperationName,
    through: State,
    to: State,
    back: State,
}

fn end_of(fate: OperationFate) -> OperationEnd {
    match fate {
        OperationFate::Normal | OperationFate::Lies | OperationFate::NeverEnds => OperationEnd::Succeeded,
        OperationFate::Canceled => OperationEnd::Canceled,
        OperationFate::Fails => OperationEnd::Failed("ServiceError".into(), "InternalServerError".into()),
    }
}

/// Words of a real answer: the request is accepted, its operation fails.
fn only_when_stopped(name: &str) -> OperationEnd {
    OperationEnd::Failed(
        "StartComputeInstanceOnlyAllowedInStoppedState".into(),
        format!("Start Azure ML Compute Instance is only allowed when the instance {name} is in 'stopped' state"),
    )
}
