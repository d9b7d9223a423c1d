//! The fleet as it will be when what is announced is carried out, for the guard to weigh new warnings by (G4, G19).

use jiff::Timestamp;

use super::entry::Entry;
use super::sight::each_scope;
use super::state::{Engine, State};
use crate::facts::Freeze;
use crate::guard::{Bounds, FleetSight, Surroundings, Weighed, weigh};
use crate::plan::Announcement;
use crate::policy::Mode;
use crate::ports::World;
use crate::report::SweepReport;
use crate::rules::{Action, Due, Ground, Verdict, terms_of};
use crate::units::InstanceId;

impl<W: World> Engine<W> {
    /// Divides announcements into those that can be kept and those for whom there is no room, and remembers the latter.
    pub(super) fn weigh(&self, announcements: Vec<Announcement>, freeze: &Freeze, now: Timestamp) -> Weighed {
        let Some(then) = announcements.iter().map(|one| one.step.stop_at).min() else {
            return Weighed::default();
        };
        let state = self.lock();
        state.with_surroundings(&self.options.bounds, &state.foresight(now, then), (freeze, now), |around| {
            weigh(announcements, around)
        })
    }
}

impl State {
    /// Everything that the guard looks at beside a plan, with the fleet as given, at an instant, frozen or not.
    pub(super) fn with_surroundings<T>(
        &self,
        bounds: &Bounds,
        sight: &FleetSight,
        (freeze, now): (&Freeze, Timestamp),
        look: impl FnOnce(&Surroundings<'_>) -> T,
    ) -> T {
        let policies = self.policies.policies.iter().map(|policy| (policy.id.clone(), policy.clone())).collect();
        let histories = |id: &InstanceId| {
            let entry = self.places.get(id.workspace())?.entries.get(id)?;
            let policy = self.policy_of(id.workspace())?;
            Some((&entry.history, terms_of(&policy, &entry.facts).stops_per_day))
        };
        let disks = |id: &InstanceId| {
            let entry = self.places.get(id.workspace())?.entries.get(id)?;
            entry.evidence().disk.as_deref()
        };
        look(&Surroundings { policies: &policies, bounds, sight, histories: &histories, disks: &disks, freeze, now })
    }

    /// Remembers of each instance why its stop, or the warning of it, does not go ahead.
    pub(super) fn note_held_back(&mut self, report: &SweepReport) {
        for (step, refusal) in &report.refused {
            let place = self.places.get_mut(step.instance.workspace());
            if let Some(entry) = place.and_then(|place| place.entries.get_mut(&step.instance)) {
                entry.held_back = Some(*refusal);
            }
        }
    }

    /// What is due or announced by `now` counts as asked for, and in the last hour counts what does `then`.
    pub(super) fn foresight(&self, now: Timestamp, then: Timestamp) -> FleetSight {
        let mut sight = self.seen(then);
        for (id, place) in &self.places {
            for verdict in place.entries.values().filter_map(|entry| self.promised(entry)) {
                let planned = verdict.due.as_ref().is_some_and(|due| due.ground == Ground::OffHours);
                each_scope(&mut sight, id, Some(verdict.under.policy.clone()), |count| count.ask(planned));
            }
        }
        self.add_canaries(&mut sight, now, |entry| self.promised(entry).is_some());
        sight
    }

    /// The verdict on an instance whose stop is due or announced: it is asked for without another warning.
    fn promised<'a>(&self, entry: &'a Entry) -> Option<&'a Verdict> {
        let verdict = entry.verdict.as_ref().filter(|_| !entry.absent && entry.history.open.is_none())?;
        let enforced = self.policies.get(&verdict.under.policy).is_some_and(|policy| policy.mode == Mode::Enforce);
        (enforced && (verdict.action == Action::Stop || waits(entry, verdict))).then_some(verdict)
    }
}

/// True when it was told, and waits for the time that it was told of; also while a hold lasts until then.
fn waits(entry: &Entry, verdict: &Verdict) -> bool {
    let told =
        |due: &Due| entry.history.notices.iter().any(|one| one.key.stop == due.key && one.key.stop_at == due.stop_at);
    let held = || verdict.ground == Ground::Held && verdict.due.as_deref().is_some_and(told);
    verdict.action == Action::Keep && (verdict.ground == Ground::Announced || held())
}
