//! What a test or a demo makes happen by its own hand, at the world's present.

use jiff::Timestamp;

use super::agenda::Event;
use super::machine::{LastOperation, Machine, OperationName, OperationStatus, State, Trigger};
use super::operations::{OperationFate, Refusal};
use super::person::UseKind;
use super::truth::StartCause;
use super::universe::World;

impl World {
    /// Somebody starts the instance in the studio, whatever the habits of its person.
    ///
    /// # Errors
    /// When there is no such instance, or it is not stopped.
    pub fn start_as_person(&mut self, id: &str) -> Result<(), Refusal> {
        let seed = self.seed;
        self.intervene(id, |machine, now| {
            if machine.state != State::Stopped {
                return Err(Refusal::Conflict);
            }
            machine.begin_start(seed, now, StartCause::User, OperationFate::Normal);
            Ok(())
        })
        .unwrap_or(Err(Refusal::NotFound))
    }

    /// The instance is in use from now until then; if it is off, its person will start it. False if it does not exist.
    pub fn use_until(&mut self, id: &str, kind: UseKind, until: Timestamp) -> bool {
        let change = |machine: &mut Machine, now: Timestamp| {
            machine.agenda.add(now, Event::UseBegins(kind));
            machine.agenda.add(until.max(now), Event::UseEnds(kind));
        };
        let changed = self.intervene(id, change).is_some();
        self.advance_to(self.now());
        changed
    }

    /// Its disk is full from now on. False if it does not exist.
    pub fn fill_disk(&mut self, id: &str) -> bool {
        self.intervene(id, |machine, _| machine.disk_full = true).is_some()
    }

    /// An instance is deleted and made again under its name, now: another `createdOn`, nothing inherited but the name.
    pub fn recreate(&mut self, id: &str) -> bool {
        let change = |machine: &mut Machine, now: Timestamp| {
            machine.spec.created_on = now;
            machine.pending = None;
            machine.ahead.clear();
            machine.enter(State::Running, now);
            let (name, status) = (OperationName::Create, OperationStatus::Succeeded);
            machine.last = LastOperation { name, time: now, status, trigger: Trigger::User };
            machine.modified_on = now;
        };
        self.intervene(id, change).is_some()
    }

    /// An instance is deleted for good: ARM no longer knows it, and nothing happens to it any more.
    pub fn delete(&mut self, id: &str) -> bool {
        let position = self.by_id.get(&id.to_lowercase()).copied();
        if let Some(position) = position {
            self.bury(position);
        }
        position.is_some()
    }

    /// Changes one machine at the present, and lets the consequences follow.
    fn intervene<R>(&mut self, id: &str, change: impl FnOnce(&mut Machine, Timestamp) -> R) -> Option<R> {
        let position = self.by_id.get(&id.to_lowercase()).copied()?;
        let (seed, now) = (self.seed, self.now);
        let machine = self.machines.get_mut(position)?;
        machine.meter_to(now);
        let result = change(machine, now);
        machine.settle(seed, now);
        let workspace = machine.workspace;
        self.touch(workspace);
        self.note_due(position);
        Some(result)
    }
}
