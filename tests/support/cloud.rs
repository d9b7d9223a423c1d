//! A fake Azure: workspaces and computes that people, jobs and stops change, as time passes.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{
    DiskSight, InstanceFacts, LastOperation, Operation, OperationStatus, Owner, PowerState, Reading, Tags, Track,
    Trigger, WorkspaceFacts,
};
use lightsout::ports::{FaultKind, OperationState};
use lightsout::units::{InstanceId, Region, When, WorkspaceId};

#[path = "heard.rs"]
pub(crate) mod heard;
use heard::later;

/// A start that is asked for takes so long: some sweeps see it neither off nor on.
const STARTING: SignedDuration = SignedDuration::from_secs(90);

/// How Azure answers a stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OnStop {
    /// Takes it; off after so long.
    Takes(SignedDuration),
    /// Takes it, calls it done, and leaves the instance on (fault 22).
    Ignored,
    /// Takes it, and the operation fails (fault 20).
    OperationFails,
    /// Refuses.
    Refused(FaultKind),
    /// The answer is lost; true when the stop was taken all the same (fault 33).
    Lost(bool),
}

/// One compute as it truly is.
#[derive(Debug, Clone)]
pub(crate) struct Compute {
    pub(crate) facts: InstanceFacts,
    /// False while a page leaves it out (fault 27).
    pub(crate) listed: bool,
    /// True while nobody gets an answer who looks at it alone.
    pub(crate) hangs: bool,
    /// How a replica that lags remembers it, and whether lists come from there (fault 25).
    pub(crate) older: Option<InstanceFacts>,
    pub(crate) lags: bool,
    /// When a person or a job last turned it on.
    pub(crate) started: Option<Timestamp>,
    /// What a source says of it, and goes on saying unless it fell silent.
    pub(crate) heard: Option<Track>,
    pub(crate) silent: bool,
    /// What its agent says of its disk.
    pub(crate) disk: Option<DiskSight>,
    off_at: Option<Timestamp>,
    /// When a start that was asked for is through.
    on_at: Option<Timestamp>,
    pub(crate) on_stop: OnStop,
    /// How Azure answers a start; `Unclear`: it takes it, and the answer is lost.
    pub(crate) on_start: Option<FaultKind>,
    /// Whether Azure shows an idle timer that it took, or how it refuses one.
    pub(crate) on_timer: Result<bool, FaultKind>,
    operation: OperationState,
}

/// Workspaces and computes.
#[derive(Debug, Default)]
pub(crate) struct Cloud {
    pub(crate) workspaces: BTreeMap<WorkspaceId, (WorkspaceFacts, Option<FaultKind>)>,
    pub(crate) computes: BTreeMap<InstanceId, Compute>,
    /// Workspaces that discovery leaves out.
    pub(crate) unlisted: BTreeSet<WorkspaceId>,
}

/// A workspace's id by its name.
pub(crate) fn workspace_id(name: &str) -> WorkspaceId {
    WorkspaceId::new("11111111-2222-3333-4444-555555555555", "rg-ml", name).unwrap()
}

fn operation(operation: Operation, at: Timestamp, status: OperationStatus) -> Reading<Arc<LastOperation>> {
    let value = LastOperation { operation, at, status, trigger: Trigger::User };
    Reading::Known { value: Arc::new(value), as_of: at.into() }
}

impl Compute {
    /// One that a person started then.
    pub(crate) fn started(id: InstanceId, at: Timestamp) -> Self {
        let facts = InstanceFacts {
            id,
            created: When::at("2026-01-05T09:00:00Z".parse().unwrap()),
            state: PowerState::Running,
            size: Arc::from("STANDARD_DS3_V2"),
            region: Region::new("westeurope"),
            owner: Arc::new(Owner { user_name: Some("ana@example.com".into()), ..Owner::default() }),
            tags: Reading::Known { value: Tags::default(), as_of: at.into() },
            last_operation: operation(Operation::Start, at, OperationStatus::Succeeded),
            native: Arc::default(),
            observed_at: at,
            oddities: Default::default(),
        };
        let on_stop = OnStop::Takes(SignedDuration::from_secs(60));
        Self {
            facts,
            listed: true,
            hangs: false,
            older: None,
            lags: false,
            started: Some(at),
            heard: None,
            silent: false,
            disk: None,
            off_at: None,
            on_at: None,
            on_stop,
            on_start: None,
            on_timer: Ok(true),
            operation: OperationState::Succeeded,
        }
    }

    /// A person turns it on.
    pub(crate) fn start(&mut self, at: Timestamp) {
        self.facts.state = PowerState::Running;
        self.facts.last_operation = operation(Operation::Start, at, OperationStatus::Succeeded);
        (self.heard, self.silent) = (None, false);
        self.started = Some(at);
        (self.off_at, self.on_at) = (None, None);
    }

    /// Somebody else's request turns it on, which takes a while: no person sits before it.
    pub(crate) fn start_by_request(&mut self, at: Timestamp) {
        let started = self.started;
        self.start(at);
        self.started = started;
        self.facts.state = PowerState::Changing(Arc::from("Starting"));
        self.facts.last_operation = operation(Operation::Start, at, OperationStatus::InProgress);
        self.on_at = Some(at.checked_add(STARTING).unwrap());
    }

    /// It is in that state, and a start of it goes on for ever.
    pub(crate) fn stays(&mut self, state: PowerState) {
        (self.facts.state, self.on_at) = (state, None);
    }

    /// Somebody turns it off, at once.
    pub(crate) fn turn_off(&mut self, at: Timestamp) {
        self.facts.state = PowerState::Stopped;
        self.facts.last_operation = operation(Operation::Stop, at, OperationStatus::Succeeded);
        (self.off_at, self.on_at) = (None, None);
    }

    /// A job begins or ends.
    pub(crate) fn job(&mut self, runs: bool) {
        if self.facts.state.is_on() {
            self.facts.state = if runs { PowerState::JobRunning } else { PowerState::Running };
        }
    }

    /// Reads it as Azure shows it now.
    pub(crate) fn read(&self, now: Timestamp) -> InstanceFacts {
        let mut facts = self.facts.clone();
        facts.observed_at = now;
        facts
    }

    /// What is heard of its use now.
    pub(crate) fn hear(&mut self, now: Timestamp) -> Option<Track> {
        let on = self.facts.state.is_on() && !self.silent;
        let heard = self.heard.as_mut().filter(|_| on)?;
        *heard = later(heard, now);
        Some(heard.clone())
    }

    /// Reads it as a list shows it now.
    pub(crate) fn listing(&self, now: Timestamp) -> InstanceFacts {
        match self.older.clone().filter(|_| self.lags) {
            Some(facts) => Self { facts, ..self.clone() }.read(now),
            None => self.read(now),
        }
    }

    fn take_stop(&mut self, now: Timestamp, length: SignedDuration) {
        self.facts.state = PowerState::Changing(Arc::from("Stopping"));
        self.facts.last_operation = operation(Operation::Stop, now, OperationStatus::InProgress);
        self.operation = OperationState::InProgress;
        (self.off_at, self.on_at) = (Some(now.checked_add(length).unwrap()), None);
    }

    /// A stop arrives. `Ok` says that it was taken and answered; the second value, that it will come true.
    pub(crate) fn stop(&mut self, now: Timestamp) -> (Result<(), FaultKind>, bool) {
        match self.on_stop.clone() {
            OnStop::Takes(length) => {
                self.take_stop(now, length);
                (Ok(()), true)
            }
            OnStop::Ignored => {
                self.facts.last_operation = operation(Operation::Stop, now, OperationStatus::Succeeded);
                self.operation = OperationState::Succeeded;
                (Ok(()), false)
            }
            OnStop::OperationFails => {
                self.facts.last_operation =
                    operation(Operation::Stop, now, OperationStatus::Failed(Arc::from("StopFailed")));
                self.operation =
                    OperationState::Failed { code: "StopFailed".to_owned(), message: "it did not stop".to_owned() };
                (Ok(()), false)
            }
            OnStop::Refused(kind) => (Err(kind), false),
            OnStop::Lost(taken) => {
                if taken {
                    self.take_stop(now, SignedDuration::from_secs(60));
                }
                (Err(FaultKind::Unclear), taken)
            }
        }
    }

    fn pass(&mut self, now: Timestamp) {
        if let Some(off_at) = self.off_at.filter(|at| *at <= now) {
            let asked = self.facts.last_operation.known().map_or(off_at, |op| op.at);
            self.facts.state = PowerState::Stopped;
            self.facts.last_operation = operation(Operation::Stop, asked, OperationStatus::Succeeded);
            self.operation = OperationState::Succeeded;
            self.off_at = None;
        }
        if self.on_at.take_if(|at| *at <= now).is_some() {
            let asked = self.facts.last_operation.known().map_or(now, |op| op.at);
            self.facts.state = PowerState::Running;
            self.facts.last_operation = operation(Operation::Start, asked, OperationStatus::Succeeded);
        }
    }

    /// How its last operation stands.
    pub(crate) fn operation(&self) -> OperationState {
        self.operation.clone()
    }
}

impl Cloud {
    /// Adds a workspace, where it is not there.
    pub(crate) fn workspace(&mut self, name: &str) -> WorkspaceId {
        let id = workspace_id(name);
        let facts = WorkspaceFacts { id: id.clone(), region: Region::new("westeurope"), tags: Tags::default() };
        self.workspaces.entry(id.clone()).or_insert((facts, None));
        id
    }

    /// Adds a compute.
    pub(crate) fn add(&mut self, workspace: &str, name: &str, started: Timestamp) -> &mut Compute {
        let id = InstanceId::new(self.workspace(workspace), name).unwrap();
        self.computes.insert(id.clone(), Compute::started(id.clone(), started));
        self.computes.get_mut(&id).unwrap()
    }

    /// The compute of that name.
    pub(crate) fn named(&mut self, name: &str) -> &mut Compute {
        self.computes
            .values_mut()
            .find(|compute| compute.facts.id.name() == name)
            .unwrap_or_else(|| panic!("no compute is called {name}"))
    }

    /// Its id.
    pub(crate) fn id(&mut self, name: &str) -> InstanceId {
        self.named(name).facts.id.clone()
    }

    /// Lets time pass: stops that were taken come true.
    pub(crate) fn pass(&mut self, now: Timestamp) {
        self.computes.values_mut().for_each(|compute| compute.pass(now));
    }

    /// How many are on in a workspace, or in all.
    pub(crate) fn running(&self, workspace: Option<&WorkspaceId>) -> usize {
        let wanted = |id: &InstanceId| workspace.is_none_or(|one| id.workspace() == one);
        self.computes.iter().filter(|(id, compute)| wanted(id) && compute.facts.state.is_on()).count()
    }
}
