//! Start, stop, restart, creation and deletion: what Azure accepts, refuses and ends how.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::agenda::Event;
use super::creation::Failure;
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
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) becomes: State,
    pub(super) ends_at: Option<Timestamp>,
    pub(super) status: OperationStatus,
    pub(super) failure: Option<Failure>,
}

impl Pending {
    fn new(becomes: State, ends_at: Option<Timestamp>, status: OperationStatus) -> Self {
        Self { becomes, ends_at, status, failure: None }
    }
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
            OperationName::Stop if self.state == State::CreateFailed => {
                return (done, only_when_up("Stop", &self.spec.name));
            }
            OperationName::Stop => self.begin_stop(seed, now, StopCause::Arm, fate),
            OperationName::Start if self.state != State::Stopped => {
                return (done, only_when_stopped(&self.spec.name));
            }
            OperationName::Start => self.begin_start(seed, now, StartCause::Arm, fate),
            OperationName::Restart if !self.is_up() => return (done, only_when_up("Restart", &self.spec.name)),
            OperationName::Restart => self.begin_restart(seed, now, fate),
            OperationName::Create => self.begin_create(seed, now, fate),
            OperationName::Delete => self.begin_delete(seed, now, fate),
        };
        let last = self.ahead.back().or(self.pending.as_ref());
        match last.and_then(|last| last.failure.clone()).filter(|_| fate == OperationFate::Normal) {
            Some((_, code, message)) => (ends, OperationEnd::Failed(code.to_owned(), message)),
            None => (ends, end_of(fate)),
        }
    }

    /// Begins a stop that is allowed; returns when it ends, if ever.
    pub(super) fn begin_stop(
        &mut self,
        seed: u64,
        at: Timestamp,
        cause: StopCause,
        fate: OperationFate,
    ) -> Option<Timestamp> {
        let trigger = match cause {
            StopCause::User | StopCause::Arm => Trigger::User,
            StopCause::NativeSchedule => Trigger::Schedule,
            StopCause::NativeIdle => Trigger::IdleShutdown,
        };
        if matches!(fate, OperationFate::Normal | OperationFate::NeverEnds) {
            self.note_stop(at, cause);
        }
        let back = if self.state == State::JobRunning { State::Running } else { self.state };
        let goes = Move { name: OperationName::Stop, through: State::Stopping, to: State::Stopped, back };
        self.begin(seed, at, goes, (trigger, fate))
    }

    /// Writes down that it stops, and what was truly going on.
    fn note_stop(&mut self, at: Timestamp, cause: StopCause) {
        let up = self.is_up();
        let busy_job = up && self.wants(UseKind::Job);
        let busy_unseen = up && (self.wants(UseKind::Tmux) || self.wants(UseKind::Present));
        self.interrupted = busy_job || busy_unseen;
        self.kernel_open = false;
        self.stops.push(StopRecord { instance: self.id.clone(), at, cause, busy_job, busy_unseen, regret: false });
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

    /// Begins to make a machine that was not there.
    fn begin_create(&mut self, seed: u64, at: Timestamp, fate: OperationFate) -> Option<Timestamp> {
        let (name, back) = (OperationName::Create, State::CreateFailed);
        let goes = Move { name, through: State::Creating, to: State::Running, back };
        self.begin(seed, at, goes, (Trigger::User, fate))
    }

    /// Begins to delete it; what was going on on it ends, and is written down like any stop.
    fn begin_delete(&mut self, seed: u64, at: Timestamp, fate: OperationFate) -> Option<Timestamp> {
        let allocated = self.state.is_allocated();
        if allocated && matches!(fate, OperationFate::Normal | OperationFate::NeverEnds) {
            self.note_stop(at, StopCause::Arm);
        }
        let through = if allocated { State::Deleting } else { State::DeletingStopped };
        let back = if self.state == State::JobRunning { State::Running } else { self.state };
        let goes = Move { name: OperationName::Delete, through, to: State::Deleted, back };
        self.begin(seed, at, goes, (Trigger::User, fate))
    }

    fn begin(
        &mut self,
        seed: u64,
        at: Timestamp,
        goes: Move,
        (trigger, fate): (Trigger, OperationFate),
    ) -> Option<Timestamp> {
        let mut way = self.way(seed, at, &goes, fate);
        let ends_at = way.back().and_then(|last| last.ends_at);
        if goes.to == State::Running {
            self.failure = None;
        }
        self.last = LastOperation { name: goes.name, time: at, status: OperationStatus::InProgress, trigger };
        self.enter(goes.through, at);
        self.modified_on = at;
        self.pending = None;
        let first = way.pop_front();
        self.ahead = way;
        self.await_next(first);
        ends_at
    }

    /// What an operation leads through, in order: its last step ends it.
    fn way(&self, seed: u64, at: Timestamp, goes: &Move, fate: OperationFate) -> VecDeque<Pending> {
        let end = at.checked_add(self.takes(seed, goes.name, at)).ok();
        let making = goes.name == OperationName::Create;
        match fate {
            OperationFate::Normal => self.way_that_ends_well(seed, goes, end),
            OperationFate::NeverEnds => VecDeque::from([Pending::new(goes.to, None, OperationStatus::Succeeded)]),
            OperationFate::Lies => VecDeque::from([Pending::new(goes.back, end, OperationStatus::Succeeded)]),
            OperationFate::Fails | OperationFate::Canceled => {
                let failure = (goes.back, "ServiceError", "InternalServerError".to_owned());
                let failed = Pending::new(goes.back, end, OperationStatus::Failed);
                VecDeque::from([Pending { failure: Some(failure).filter(|_| making), ..failed }])
            }
        }
    }

    /// The same without a fault: a new machine is prepared first, and one that comes up runs its scripts.
    fn way_that_ends_well(&self, seed: u64, goes: &Move, end: Option<Timestamp>) -> VecDeque<Pending> {
        let (mut way, mut end) = (VecDeque::new(), end);
        let making = goes.name == OperationName::Create;
        let later = |end: Option<Timestamp>, by: SignedDuration| end.and_then(|end| end.checked_add(by).ok());
        if making {
            way.push_back(Pending::new(State::SettingUp, end, OperationStatus::InProgress));
            let mut rng = stream(seed, &[&self.id, "prepares", &self.spec.created_on.as_second().to_string()]);
            end = later(end, SignedDuration::from_secs(rng.i64(60..=150)));
        }
        let Some((took, failure)) = self.spec.scripts.run(making).filter(|_| goes.to == State::Running) else {
            way.push_back(Pending::new(goes.to, end, OperationStatus::Succeeded));
            return way;
        };
        if failure.as_ref().is_none_or(|(state, ..)| *state != State::SetupFailed) {
            way.push_back(Pending::new(State::UserSettingUp, end, OperationStatus::InProgress));
            end = later(end, took);
        }
        let (becomes, status) = match &failure {
            Some((state, ..)) => (*state, OperationStatus::Failed),
            None => (goes.to, OperationStatus::Succeeded),
        };
        way.push_back(Pending { failure, ..Pending::new(becomes, end, status) });
        way
    }

    /// The next step is on its way.
    fn await_next(&mut self, next: Option<Pending>) {
        if let Some(end) = next.as_ref().and_then(|next| next.ends_at) {
            self.agenda.add(end, Event::TransitionEnds);
        }
        self.pending = next;
    }

    /// How long an operation takes, in the machine's own stream of chance.
    fn takes(&self, seed: u64, name: OperationName, at: Timestamp) -> SignedDuration {
        let mut rng = stream(seed, &[&self.id, name.word(), &at.as_second().to_string()]);
        SignedDuration::from_secs(match name {
            OperationName::Stop => rng.i64(60..=180),
            OperationName::Create => rng.i64(60..=150),
            OperationName::Start => rng.i64(120..=240),
            OperationName::Restart => rng.i64(180..=330),
            OperationName::Delete => rng.i64(120..=300),
        })
    }

    /// The transition that is due now ends.
    pub(super) fn end_transition(&mut self, at: Timestamp) {
        let due = self.pending.as_ref().is_some_and(|pending| pending.ends_at.is_some_and(|end| end <= at));
        if due && let Some(pending) = self.pending.take() {
            self.last.status = pending.status;
            self.modified_on = at;
            if pending.becomes == State::Deleted {
                self.end_life(at);
                return;
            }
            self.enter(pending.becomes, at);
            if let Some((_, code, message)) = pending.failure {
                self.failure = Some((code, message));
            }
            let next = self.ahead.pop_front();
            self.await_next(next);
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

/// The same for what only a machine that is up can do; the code is made after that of a start, and is not verified.
fn only_when_up(verb: &str, name: &str) -> OperationEnd {
    OperationEnd::Failed(
        format!("{verb}ComputeInstanceOnlyAllowedInRunningState"),
        format!("{verb} Azure ML Compute Instance is only allowed when the instance {name} is in 'running' state"),
    )
}
