//! Instances come and go by ARM: made, overwritten, deleted.

use jiff::Timestamp;

use super::super::spec::find;
use super::agenda::Agenda;
use super::creation::Creation;
use super::machine::{Machine, OperationName, State};
use super::names::{Taken, judge_name};
use super::operations::{OperationFate, Refusal};
use super::quota::Beyond;
use super::spec::{InstanceSpec, Owner};
use super::universe::World;

/// Why ARM makes no instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateRefusal {
    /// There is no such workspace.
    NoWorkspace,
    /// The name breaks the rules of names.
    Name(&'static str),
    /// Another compute of the region has the name.
    Taken,
    /// The size is not known in the region, or not for instances.
    Size,
    /// A limit would be broken.
    Quota(Beyond),
    /// An operation runs on the instance of that name.
    Conflict,
}

/// What a request to make an instance began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Id of the operation.
    pub operation: String,
    /// Whether an instance of that name was there, which is lost now with all that was on it.
    pub overwrote: bool,
}

impl World {
    /// A caller of ARM makes an instance, now. One of that name in the same workspace is overwritten, as the
    /// specification says of a PUT: it is gone at once with its data, and [`World::overwrites`] counts it.
    ///
    /// # Errors
    /// When ARM would refuse it.
    pub fn create(&mut self, creation: Creation, fate: OperationFate) -> Result<Begun, CreateRefusal> {
        let workspace = creation.workspace.to_lowercase();
        let index = self.workspace_at(&workspace).ok_or(CreateRefusal::NoWorkspace)?;
        let id = format!("{workspace}/computes/{}", creation.name.to_lowercase());
        let instead = self.by_id.get(&id).copied();
        self.admit(index, &creation, instead)?;
        if let Some(position) = instead {
            self.overwrites = self.overwrites.saturating_add(1);
            self.bury(position);
        }
        let shown = self.workspaces.get(index).map(|found| found.id.clone()).unwrap_or_default();
        let spec = spec_of(creation, self.now);
        let machine = Machine::new(format!("{shown}/computes/{}", spec.name), index, spec, None, self.now);
        let position = self.machines.len();
        self.by_id.insert(id, position);
        self.machines.push(machine);
        if let Some(found) = self.workspaces.get_mut(index) {
            found.members.push(position);
        }
        let seed = self.seed;
        let operation = self.begin_operation(position, |machine, now| {
            let begun = machine.obey(seed, now, OperationName::Create, fate);
            for schedule in 0..machine.spec.schedules.len() {
                machine.plan_schedule(now, schedule);
            }
            begun
        });
        Ok(Begun { operation: operation.unwrap_or_default(), overwrote: instead.is_some() })
    }

    /// The rules of names, of sizes and of quota, in the order in which a person can act on them.
    fn admit(&self, index: usize, creation: &Creation, instead: Option<usize>) -> Result<(), CreateRefusal> {
        let found = self.workspaces.get(index).ok_or(CreateRefusal::NoWorkspace)?;
        judge_name(&creation.name).map_err(CreateRefusal::Name)?;
        if self.name_taken(&found.spec.region, &creation.name) != Taken::No && instead.is_none() {
            return Err(CreateRefusal::Taken);
        }
        let size = find(&creation.vm_size).filter(|size| size.instances).ok_or(CreateRefusal::Size)?;
        let old = instead.and_then(|position| self.machines.get(position));
        if old.is_some_and(|old| old.state.is_changing()) {
            return Err(CreateRefusal::Conflict);
        }
        let place = (found.spec.subscription.as_str(), found.spec.region.as_str());
        self.beyond(place, size, instead).map_or(Ok(()), |beyond| Err(CreateRefusal::Quota(beyond)))
    }

    /// Whether a name is in use in a region, in whatever workspace, by whatever kind of compute.
    pub fn name_taken(&self, region: &str, name: &str) -> Taken {
        let here = self.workspaces.iter().filter(|found| found.spec.region.eq_ignore_ascii_case(region));
        let taken = here.filter(|found| {
            let id = format!("{}/computes/{name}", found.id).to_lowercase();
            self.by_id.contains_key(&id) || found.spec.others.iter().any(|other| other.name.eq_ignore_ascii_case(name))
        });
        taken.into_iter().next().map_or(Taken::No, |found| Taken::In(found.id.clone()))
    }

    /// A caller of ARM deletes an instance, now. Returns the id of the operation; quota is free when it has ended.
    ///
    /// # Errors
    /// When ARM would refuse it.
    pub fn begin_delete(&mut self, id: &str, fate: OperationFate) -> Result<String, Refusal> {
        let position = self.by_id.get(&id.to_lowercase()).copied().ok_or(Refusal::NotFound)?;
        if self.machines.get(position).is_none_or(|machine| machine.state.is_changing()) {
            return Err(Refusal::Conflict);
        }
        let seed = self.seed;
        self.begin_operation(position, |machine, now| machine.obey(seed, now, OperationName::Delete, fate))
            .ok_or(Refusal::NotFound)
    }

    /// How many instances were lost to a PUT on one that was there.
    pub fn overwrites(&self) -> u64 {
        self.overwrites
    }

    /// A machine is gone, now: nothing happens to it any more, and lists and ids do not know it.
    pub(super) fn bury(&mut self, position: usize) {
        let now = self.now;
        let Some(machine) = self.machines.get_mut(position) else {
            return;
        };
        machine.meter_to(now);
        machine.end_life(now);
        self.forget(position);
    }

    /// Takes a machine that is gone out of lists and ids; its seconds and its bill stay.
    pub(super) fn forget(&mut self, position: usize) {
        let Some(machine) = self.machines.get(position) else {
            return;
        };
        let (id, workspace) = (machine.id.to_lowercase(), machine.workspace);
        if self.by_id.get(&id) == Some(&position) {
            self.by_id.remove(&id);
        }
        if let Some(found) = self.workspaces.get_mut(workspace) {
            found.members.retain(|member| *member != position);
        }
        self.touch(workspace);
        self.note_due(position);
    }
}

impl Machine {
    /// The end: no events, no person, no operation.
    pub(super) fn end_life(&mut self, at: Timestamp) {
        self.agenda = Agenda::default();
        self.person = None;
        self.pending = None;
        self.ahead.clear();
        self.enter(State::Deleted, at);
        self.note_uses(at);
    }
}

/// A machine as the request wants it, before anything has happened to it.
fn spec_of(creation: Creation, now: Timestamp) -> InstanceSpec {
    let owner = Owner { user_name: None, object_id: creation.caller, assigned_to: creation.assigned_to };
    InstanceSpec {
        name: creation.name,
        vm_size: creation.vm_size,
        tags: creation.tags,
        owner: Some(owner),
        habits: None,
        idle_minutes: creation.idle_minutes,
        identity: creation.identity,
        custom_services: creation.custom_services,
        schedules: creation.schedules,
        disk_fills_at: None,
        state: State::Creating,
        created_on: now,
        scripts: creation.scripts,
        asked: Some(creation.asked),
    }
}
