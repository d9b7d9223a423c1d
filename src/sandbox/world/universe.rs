//! The world: all workspaces and machines at one instant, moved on only by being told the time.

use std::collections::{BTreeSet, HashMap};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::agenda::Event;
use super::machine::{Machine, OperationName, State};
use super::operations::{OperationEnd, OperationFate, OperationView, Refusal};
use super::person::Person;
use super::prices::PriceList;
use super::quota::Limits;
use super::spec::{InstanceSpec, WorkspaceSpec, WorldError, WorldSpec};
use super::stream::mix;
use super::truth::{HoldWish, Truth};

/// A workspace with the positions of its machines.
#[derive(Debug)]
pub(in crate::sandbox) struct Workspace {
    pub(in crate::sandbox) id: String,
    /// What it was made of; its `instances` have moved to [`World`].
    pub(in crate::sandbox) spec: WorkspaceSpec,
    pub(in crate::sandbox) members: Vec<usize>,
    /// Rises whenever anything that its list shows may have changed.
    pub(in crate::sandbox) version: u64,
}

/// The simulated estate.
#[derive(Debug)]
pub struct World {
    pub(super) seed: u64,
    start: Timestamp,
    pub(super) now: Timestamp,
    pub(in crate::sandbox) tenant: String,
    prices: PriceList,
    pub(in crate::sandbox) workspaces: Vec<Workspace>,
    pub(in crate::sandbox) machines: Vec<Machine>,
    pub(super) by_id: HashMap<String, usize>,
    workspace_by_id: HashMap<String, usize>,
    /// Machines by the instant of their next event.
    due: BTreeSet<(Timestamp, usize)>,
    due_of: HashMap<usize, Timestamp>,
    pub(super) operations: HashMap<String, OperationView>,
    pub(super) limits: Limits,
    pub(super) overwrites: u64,
    wishes: Vec<HoldWish>,
}

impl World {
    /// Makes a world, and lets it live through its warm-up.
    ///
    /// # Errors
    /// When a zone is unknown, an instance is given twice, or the warm-up leaves the calendar.
    pub fn new(spec: WorldSpec) -> Result<Self, WorldError> {
        let WorldSpec { seed, start, warm_up, tenant, prices, limits, workspaces } = spec;
        let begin = start.checked_sub(warm_up).map_err(|cause| WorldError::Start { start, cause })?;
        let mut world = Self {
            seed,
            start,
            now: begin,
            tenant,
            prices,
            workspaces: Vec::new(),
            machines: Vec::new(),
            by_id: HashMap::new(),
            workspace_by_id: HashMap::new(),
            due: BTreeSet::new(),
            due_of: HashMap::new(),
            operations: HashMap::new(),
            limits,
            overwrites: 0,
            wishes: Vec::new(),
        };
        for workspace in workspaces {
            world.add_workspace(workspace)?;
        }
        world.advance_to(start);
        for machine in &mut world.machines {
            machine.begin_records(start);
        }
        world.wishes.clear();
        Ok(world)
    }

    fn add_workspace(&mut self, mut spec: WorkspaceSpec) -> Result<(), WorldError> {
        let index = self.workspaces.len();
        let id = format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}",
            spec.subscription, spec.resource_group, spec.name
        );
        let instances = std::mem::take(&mut spec.instances);
        let mut members = Vec::with_capacity(instances.len());
        for instance in instances {
            members.push(self.machines.len());
            self.add_machine(&id, index, instance)?;
        }
        self.workspace_by_id.insert(id.to_lowercase(), index);
        self.workspaces.push(Workspace { id, spec, members, version: 1 });
        Ok(())
    }

    fn add_machine(&mut self, workspace: &str, index: usize, spec: InstanceSpec) -> Result<(), WorldError> {
        let id = format!("{workspace}/computes/{}", spec.name);
        let zones = spec.schedules.iter().map(|schedule| schedule.zone.clone());
        for zone in zones {
            zone_of(&spec.name, &zone)?;
        }
        let person = match &spec.habits {
            Some(habits) => Some(Person {
                seed: self.seed,
                stream: id.clone(),
                zone: zone_of(&spec.name, &habits.zone)?,
                habits: habits.clone(),
            }),
            None => None,
        };
        let position = self.machines.len();
        if self.by_id.insert(id.to_lowercase(), position).is_some() {
            return Err(WorldError::Twice { id });
        }
        let mut machine = Machine::new(id, index, spec, person, self.now);
        machine.open_agenda(self.now);
        machine.settle(self.seed, self.now);
        self.machines.push(machine);
        self.note_due(position);
        Ok(())
    }

    /// The present of this world.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When the world began for its visitors; meters and histories begin here.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Moves on to `to`: everything due until then happens, in order. A time in the past changes nothing.
    pub fn advance_to(&mut self, to: Timestamp) {
        while let Some((at, position)) = self.due.first().copied().filter(|(at, _)| *at <= to) {
            self.due.pop_first();
            self.due_of.remove(&position);
            self.now = self.now.max(at);
            self.live(position, at);
        }
        self.now = self.now.max(to);
    }

    fn live(&mut self, position: usize, until: Timestamp) {
        let Some(machine) = self.machines.get_mut(position) else {
            return;
        };
        let (last, modified, state) = (machine.last, machine.modified_on, machine.state);
        let wishes = machine.live_until(self.seed, until);
        let changed = (machine.last, machine.modified_on, machine.state) != (last, modified, state);
        let (workspace, gone) = (machine.workspace, machine.state == State::Deleted && state != State::Deleted);
        self.wishes.extend(wishes);
        if gone {
            self.forget(position);
        }
        if changed {
            self.touch(workspace);
        }
        self.note_due(position);
    }

    pub(super) fn touch(&mut self, workspace: usize) {
        if let Some(workspace) = self.workspaces.get_mut(workspace) {
            workspace.version = workspace.version.wrapping_add(1);
        }
    }

    pub(super) fn note_due(&mut self, position: usize) {
        if let Some(old) = self.due_of.remove(&position) {
            self.due.remove(&(old, position));
        }
        if let Some(next) = self.machines.get(position).and_then(|machine| machine.agenda.next()) {
            self.due.insert((next, position));
            self.due_of.insert(position, next);
        }
    }

    /// Every instance, in the order of the lists.
    pub fn truths(&self) -> impl Iterator<Item = Truth<'_>> {
        self.machines.iter().map(|machine| self.truth_of(machine))
    }

    /// What everything costs in this world.
    pub fn prices(&self) -> &PriceList {
        &self.prices
    }

    /// The truth about a machine of this world.
    pub(in crate::sandbox) fn truth_of<'a>(&'a self, machine: &'a Machine) -> Truth<'a> {
        let workspace = self.workspaces.get(machine.workspace);
        let region = workspace.map(|workspace| workspace.spec.region.as_str()).unwrap_or_default();
        Truth { machine, prices: &self.prices, region, now: self.now }
    }

    /// The truth about one instance, by its ARM id in any case.
    pub fn truth(&self, id: &str) -> Option<Truth<'_>> {
        self.machine(id).map(|machine| self.truth_of(machine))
    }

    /// Brings every meter up to the present; call it before reading meters.
    pub fn read_meters(&mut self) {
        for machine in &mut self.machines {
            machine.meter_to(self.now);
        }
    }

    pub(in crate::sandbox) fn machine(&self, id: &str) -> Option<&Machine> {
        self.machines.get(*self.by_id.get(&id.to_lowercase())?)
    }

    /// Position of a workspace, by its ARM id in small letters.
    pub(in crate::sandbox) fn workspace_at(&self, id: &str) -> Option<usize> {
        self.workspace_by_id.get(id).copied()
    }

    /// Wishes voiced so far and not yet taken.
    pub fn take_hold_wishes(&mut self) -> Vec<HoldWish> {
        std::mem::take(&mut self.wishes)
    }

    /// The person of this instance reads now that it will be stopped at `stop_at`, and may
    /// follow the link that it was sent with; false if there is no such instance.
    pub fn read_notice(&mut self, id: &str, stop_at: Timestamp, link: Option<String>) -> bool {
        let Some(position) = self.by_id.get(&id.to_lowercase()).copied() else {
            return false;
        };
        let (seed, now) = (self.seed, self.now);
        if let Some(machine) = self.machines.get_mut(position) {
            machine.read_notice(seed, now, stop_at, link);
        }
        self.note_due(position);
        true
    }

    /// The person of this instance reads now that its disk is full; false if there is no such instance.
    pub fn read_of_disk(&mut self, id: &str) -> bool {
        let Some(position) = self.by_id.get(&id.to_lowercase()).copied() else {
            return false;
        };
        let now = self.now;
        if let Some(machine) = self.machines.get_mut(position).filter(|machine| machine.disk_full) {
            machine.tell_disk_full(now);
        }
        self.note_due(position);
        true
    }

    /// A caller of ARM asks for a start, stop or restart, now. Returns the id of the operation.
    ///
    /// # Errors
    /// When ARM would refuse it.
    pub fn operate(&mut self, id: &str, name: OperationName, fate: OperationFate) -> Result<String, Refusal> {
        let position = self.by_id.get(&id.to_lowercase()).copied().ok_or(Refusal::NotFound)?;
        let (seed, now) = (self.seed, self.now);
        let machine = self.machines.get_mut(position).ok_or(Refusal::NotFound)?;
        if machine.state.is_changing() {
            return Err(Refusal::Conflict);
        }
        if machine.disk_full && machine.is_up() && matches!(name, OperationName::Stop | OperationName::Restart) {
            machine.tell_disk_full(now);
            self.note_due(position);
            return Err(Refusal::DiskFull);
        }
        self.begin_operation(position, |machine, now| machine.obey(seed, now, name, fate)).ok_or(Refusal::NotFound)
    }

    /// Begins an operation that ARM has accepted: what it does to the machine, and how it will be shown.
    pub(super) fn begin_operation(
        &mut self,
        position: usize,
        begin: impl FnOnce(&mut Machine, Timestamp) -> (Option<Timestamp>, OperationEnd),
    ) -> Option<String> {
        let (seed, now) = (self.seed, self.now);
        let machine = self.machines.get_mut(position)?;
        machine.meter_to(now);
        let (ended, end) = begin(machine, now);
        machine.operations = machine.operations.wrapping_add(1);
        machine.settle(seed, now);
        let number = machine.operations.to_string();
        // One name may be made again and again: the instant tells their operations apart.
        let born = machine.spec.asked.as_ref().map(|_| machine.spec.created_on.to_string()).unwrap_or_default();
        let part = |letter| mix(seed, &[&machine.id, &format!("{number}{born}"), letter]);
        let operation = uuid_of(part("a"), part("b"));
        let view = OperationView { id: operation.clone(), instance: machine.id.clone(), started: now, ended, end };
        let workspace = machine.workspace;
        self.operations.insert(operation.clone(), view);
        self.touch(workspace);
        self.note_due(position);
        Some(operation)
    }

    /// A caller of ARM sets the idle timer, now. Azure counts from anew.
    ///
    /// # Errors
    /// When ARM would refuse it.
    pub fn set_idle(&mut self, id: &str, minutes: u32) -> Result<(), Refusal> {
        let position = self.by_id.get(&id.to_lowercase()).copied().ok_or(Refusal::NotFound)?;
        let now = self.now;
        let machine = self.machines.get_mut(position).ok_or(Refusal::NotFound)?;
        if machine.state.is_changing() {
            return Err(Refusal::Conflict);
        }
        machine.meter_to(now);
        machine.wind_idle_timer(now, minutes);
        let workspace = machine.workspace;
        self.touch(workspace);
        self.note_due(position);
        Ok(())
    }

    /// How an operation stands at the present.
    pub fn operation(&self, id: &str) -> Option<OperationView> {
        let mut view = self.operations.get(id)?.clone();
        if view.ended.is_none_or(|end| end > self.now) {
            view.end = OperationEnd::InProgress;
            view.ended = None;
        }
        Some(view)
    }

    /// How many operations were begun on this instance through ARM.
    pub(in crate::sandbox) fn operations_of(&self, id: &str) -> u64 {
        self.machine(id).map_or(0, |machine| machine.operations)
    }
}

impl Machine {
    /// The first entries of the agenda.
    fn open_agenda(&mut self, at: Timestamp) {
        if let Some(person) = &self.person {
            let today = at.to_zoned(person.zone.clone()).date();
            self.agenda.add(at, Event::PlanDay(today));
        }
        for index in 0..self.spec.schedules.len() {
            self.plan_schedule(at, index);
        }
        if let Some(fills) = self.spec.disk_fills_at {
            self.agenda.add(fills.max(at), Event::DiskFills);
        }
    }
}

fn zone_of(instance: &str, zone: &str) -> Result<TimeZone, WorldError> {
    TimeZone::get(zone).map_err(|cause| WorldError::Zone {
        instance: instance.to_owned(),
        zone: zone.to_owned(),
        cause,
    })
}

/// Sixteen bytes in the shape of an id.
pub(in crate::sandbox) fn uuid_of(high: u64, low: u64) -> String {
    let digits = format!("{high:016x}{low:016x}");
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// The warm-up that makes a lived-in place: a week and a half holds a weekend whatever the start.
pub(in crate::sandbox) const LIVED_IN: SignedDuration = SignedDuration::from_hours(24 * 10);
