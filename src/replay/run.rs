//! The replay itself: instants in their order, at each of them verdicts, a plan, and what the guard lets through.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use thin_vec::ThinVec;

use super::check::Checked;
use super::course::{Course, Untold};
use super::fleet::Sight;
use super::machine::{Lived, Machine};
use super::value::{Compared, Hurt, InstanceReplay, Regret, Replay};
use super::{notes, real, tally};
use crate::facts::{DiskSight, Freeze, History, InstanceFacts, PastStart, Starts};
use crate::guard::{Bounds, FleetSight, Review, Surroundings, review, weigh};
use crate::ledger::{Bound, Claim, ClaimRules};
use crate::past::{Life, Past};
use crate::plan::{Plan, Step, counterfactual, draft};
use crate::policy::{Governing, Mode, Policy, PolicySet};
use crate::rules::{Action, Moment, Verdict, opens_after, terms_of};
use crate::schedule::Hours;
use crate::units::{InstanceId, PolicyId, Span};

/// What is asked of a replay.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// The policies to try. One that only observes is tried as if it enforced.
    pub policies: &'a PolicySet,
    /// The first instant that counts.
    pub from: Timestamp,
    /// The first that does not.
    pub to: Timestamp,
    /// How often the fleet is looked at.
    pub interval: Span,
    /// Bounds of the guard.
    pub bounds: &'a Bounds,
    /// How claims are counted.
    pub rules: ClaimRules,
    /// No stop is credited for longer.
    pub horizon: Span,
    /// When people are left in peace, where policies respect it.
    pub quiet: Option<Arc<Hours>>,
}

/// So long before the first instant that counts it begins, so that warnings and quiet times of then are known.
const RUN_UP: SignedDuration = SignedDuration::from_hours(72);

/// Tries policies on what was recorded. `checked` says how far the record's own decisions come out again.
#[must_use]
pub fn replay(past: &Past, asked: &Asked<'_>, checked: Checked) -> Replay {
    let courses: Vec<Course<'_>> = past.lives.iter().map(|life| Course::of(life, past.to)).collect();
    let enforced: Vec<Arc<Policy>> = asked.policies.policies.iter().map(enforcing).collect();
    let governed: Vec<Option<Arc<Policy>>> = past
        .lives
        .iter()
        .map(|life| governing(asked.policies, life).and_then(|place| enforced.get(place).cloned()))
        .collect();
    let world = World { asked, courses: &courses, governed: &governed, enforced: &enforced, began: past.from };
    let (quiet, held_back) = world.run(Untold::Quiet);
    let (used, _) = world.run(Untold::Used);
    let window = (asked.from, asked.to);
    let (mut total, mut instances, mut hurt, mut days) =
        (Compared::default(), Vec::new(), Vec::new(), tally::Days::default());
    for (((course, policy), quiet), used) in courses.iter().zip(&governed).zip(&quiet).zip(&used) {
        let of = |lived: &Lived| tally::figures(course, lived, window, asked.rules);
        let replayed = tally::spread(&of(quiet), &of(used));
        let figures = Compared { happened: real::figures(course, window, asked.rules), replayed };
        days.add(course, [quiet, used], window);
        total.add(&figures);
        let one = instance(course, policy.as_deref(), (figures, quiet), window);
        let stops = hurting(quiet, used, window).into_iter();
        hurt.extend(stops.map(|stop| Hurt { instance: one.instance.clone(), owner: one.owner.clone(), stop }));
        instances.push(one);
    }
    hurt.sort_by(|a, b| (a.stop.at, &a.instance).cmp(&(b.stop.at, &b.instance)));
    let notes = notes::notes(&notes::Around { asked, past, instances: &instances, checked: &checked });
    Replay { from: asked.from, to: asked.to, total, instances, hurt, days: days.finish(), held_back, checked, notes }
}

fn enforcing(policy: &Arc<Policy>) -> Arc<Policy> {
    match policy.mode {
        Mode::Enforce => policy.clone(),
        Mode::Observe => Arc::new(Policy { mode: Mode::Enforce, ..Policy::clone(policy) }),
    }
}

/// The policy that governs an instance, by its place in the set. Tags of workspaces are not in the record: what only they would
/// tell is taken from the policy of the same name that governed it.
pub(super) fn governing(set: &PolicySet, life: &Life) -> Option<usize> {
    let found = match set.governing(life.id.workspace(), &[]) {
        Governing::One(policy) => Some(policy.id.clone()),
        Governing::None => life.decided.last().map(|decided| PolicyId::new(&decided.policy)),
        Governing::Conflict(_) | Governing::Broken(_) => None,
    };
    let found = found?;
    set.policies.iter().position(|policy| policy.id == found)
}

fn instance(
    course: &Course<'_>,
    policy: Option<&Policy>,
    (figures, quiet): (Compared, &Lived),
    (from, to): (Timestamp, Timestamp),
) -> InstanceReplay {
    let life = course.life;
    let (on_seconds, untold_seconds) = course.seconds(from, to);
    let counts = |at: Timestamp| from <= at && at < to;
    InstanceReplay {
        instance: life.id.clone(),
        created: life.created,
        owner: life.facts.last().and_then(|facts| facts.owner.name().map(Into::into)),
        policy: policy.map(|policy| policy.id.as_str().into()),
        figures,
        stops: quiet.stops.iter().map(|made| made.stop.clone()).filter(|stop| counts(stop.at)).collect(),
        on_seconds,
        untold_seconds,
    }
}

/// Stops that would have hurt for certain, and those that may have, each once.
fn hurting(quiet: &Lived, used: &Lived, (from, to): (Timestamp, Timestamp)) -> Vec<super::value::ReplayedStop> {
    let mut found: Vec<super::value::ReplayedStop> = Vec::new();
    for made in quiet.stops.iter().chain(&used.stops) {
        let stop = &made.stop;
        let known = found.iter().any(|other| other.at == stop.at);
        if stop.regret != Regret::None && !known && from <= stop.at && stop.at < to {
            found.push(stop.clone());
        }
    }
    found
}

struct World<'a> {
    asked: &'a Asked<'a>,
    courses: &'a [Course<'a>],
    governed: &'a [Option<Arc<Policy>>],
    enforced: &'a [Arc<Policy>],
    began: Timestamp,
}

type Due = BinaryHeap<Reverse<(Timestamp, usize)>>;

impl<'a> World<'a> {
    fn run(&self, untold: Untold) -> (Vec<Lived>, BTreeMap<&'static str, u32>) {
        let machines: Vec<Machine<'a>> = self
            .courses
            .iter()
            .zip(self.governed)
            .map(|(course, policy)| Machine::new(course, policy.clone(), untold))
            .collect();
        let mut fleet = Fleet {
            world: self,
            on: vec![false; machines.len()],
            machines,
            present: HashMap::new(),
            policies: self.enforced.iter().map(|policy| (policy.id.clone(), policy.clone())).collect(),
            starts: Arc::new(starts(self.courses)),
            sight: Sight::default(),
            held_back: BTreeMap::new(),
            waiting: BTreeSet::new(),
        };
        let begin = self.asked.from.checked_sub(RUN_UP).unwrap_or(self.began).max(self.began);
        let mut due: Due = (0..fleet.machines.len()).map(|place| Reverse((begin, place))).collect();
        while let Some(Reverse((now, first))) = due.pop() {
            if now >= self.asked.to {
                break;
            }
            let mut places = vec![first];
            while let Some(Reverse((_, place))) = due.pop_due(now) {
                places.push(place);
            }
            places.sort_unstable();
            places.dedup();
            places
                .retain(|place| now == begin || fleet.machines.get(*place).is_some_and(|one| one.next() == Some(now)));
            fleet.join_waiting(&mut places, now);
            fleet.turn(&places, now);
            let later = now.checked_add(SignedDuration::from_nanos(1)).unwrap_or(now);
            let next = |place: &usize| Some(Reverse((fleet.machines.get(*place)?.next()?.max(later), *place)));
            due.extend(places.iter().filter_map(next));
        }
        let end = self.courses.iter().map(|course| course.end).max().unwrap_or(self.asked.to);
        fleet.machines.iter_mut().for_each(|machine| machine.finish(end));
        (fleet.machines.into_iter().map(|machine| machine.lived).collect(), fleet.held_back)
    }
}

/// What is due at an instant.
trait PopDue {
    fn pop_due(&mut self, now: Timestamp) -> Option<Reverse<(Timestamp, usize)>>;
}

impl PopDue for Due {
    fn pop_due(&mut self, now: Timestamp) -> Option<Reverse<(Timestamp, usize)>> {
        self.peek().filter(|Reverse((at, _))| *at <= now)?;
        self.pop()
    }
}

/// What the service started at the beginning of hours.
fn starts(courses: &[Course<'_>]) -> Starts {
    let mut all = Starts::default();
    for life in courses.iter().map(|course| course.life).filter(|life| !life.starts.is_empty()) {
        let past = |start: &crate::past::TriedStart| PastStart {
            key: start.key.clone(),
            created: life.created,
            asked_at: start.asked_at,
            ended: start.ended.clone(),
        };
        all.0.entry(life.id.clone()).or_default().extend(life.starts.iter().map(past));
    }
    all
}

struct Fleet<'a, 'w> {
    world: &'w World<'a>,
    machines: Vec<Machine<'a>>,
    on: Vec<bool>,
    /// The life that each name has now.
    present: HashMap<InstanceId, usize>,
    policies: BTreeMap<PolicyId, Arc<Policy>>,
    starts: Arc<Starts>,
    sight: Sight,
    held_back: BTreeMap<&'static str, u32>,
    /// Those whose stop or warning was held back: each look at their workspace decides about them again.
    waiting: BTreeSet<usize>,
}

impl Fleet<'_, '_> {
    /// A workspace is read whole: who waits there is decided about as well.
    fn join_waiting(&self, places: &mut Vec<usize>, now: Timestamp) {
        let workspace = |place: &usize| self.machines.get(*place).map(|machine| machine.course.life.id.workspace());
        let is_read = |place: &&usize| self.machines.get(**place).is_some_and(|machine| machine.is_read(now));
        let read: BTreeSet<_> = places.iter().filter(is_read).filter_map(workspace).collect();
        let same = |place: &&usize| workspace(place).is_some_and(|workspace| read.contains(workspace));
        let joining: Vec<usize> = self.waiting.iter().filter(same).copied().collect();
        places.extend(joining);
        places.sort_unstable();
        places.dedup();
    }

    /// One instant: everything happens, is decided, planned, weighed and done.
    fn turn(&mut self, places: &[usize], now: Timestamp) {
        let policies = self.world.enforced;
        let mut moments: BTreeMap<&PolicyId, Moment<'_>> = BTreeMap::new();
        let mut acting: Vec<(Arc<InstanceFacts>, Verdict, ThinVec<String>)> = Vec::new();
        for place in places {
            let Some(machine) = self.machines.get_mut(*place) else { continue };
            machine.advance(now);
            self.waiting.remove(place);
            let policy = machine.policy.as_ref().and_then(|policy| policies.iter().find(|one| one.id == policy.id));
            if let Some(policy) = policy.filter(|_| machine.is_on()) {
                let moment = moments.entry(&policy.id).or_insert_with(|| {
                    let moment = Moment::new(policy, now).hushed(self.world.asked.quiet.clone());
                    moment.started(policy.start.is_some().then(|| self.starts.clone()))
                });
                let verdict =
                    machine.decide(moment, self.world.asked.interval).filter(|one| one.action != Action::Keep);
                if let Some(verdict) = verdict.cloned() {
                    acting.extend(machine.facts.clone().map(|facts| (facts, verdict, ThinVec::new())));
                }
            }
            if machine.facts.is_some() {
                self.present.insert(machine.course.life.id.clone(), *place);
            }
            self.count(*place);
        }
        if !acting.is_empty() {
            let plan = draft(&acting, now);
            drop(acting);
            self.carry_out(plan, now);
        }
    }

    /// Keeps the count of what is on.
    fn count(&mut self, place: usize) {
        let Some((machine, was_on)) = self.machines.get(place).zip(self.on.get_mut(place)) else { return };
        let is_on = machine.is_on();
        if is_on != *was_on
            && let Some(policy) = &machine.policy
        {
            self.sight.turned((machine.course.life.id.workspace(), &policy.id), is_on);
        }
        *was_on = is_on;
    }

    fn carry_out(&mut self, plan: Plan, now: Timestamp) {
        let Plan { made_at, steps, notices } = plan;
        let first = notices.iter().map(|one| one.step.stop_at).min();
        if let Some(then) = first {
            let sight = self.sight.foresight(now, then, &self.machines);
            let weighed = self.with_surroundings(&sight, now, |around| weigh(notices, around));
            for notice in weighed.told {
                if let Some(machine) = self.of(&notice.instance).and_then(|place| self.machines.get_mut(place)) {
                    machine.warn(&notice, now);
                }
            }
            let held = weighed.held_back.into_iter();
            held.for_each(|(step, refusal)| self.hold_back(&step, refusal.label(), now));
        }
        let mut due = steps;
        while !due.is_empty() {
            due = self.stop_due(Plan { made_at, steps: due, notices: Vec::new() }, now);
        }
    }

    /// One sweep's stops; what is left to one that follows at once, since the fleet's share of a sweep only paces.
    fn stop_due(&mut self, plan: Plan, now: Timestamp) -> Vec<Step> {
        let sight = self.sight.seen(now, now);
        let Review { approved, refused, next } = self.with_surroundings(&sight, now, |around| review(plan, around));
        for one in &approved {
            self.stop(one.step(), now);
        }
        let follows = |step: &Step| !approved.is_empty() && next.contains(&step.instance);
        let (left, refused): (Vec<_>, Vec<_>) = refused.into_iter().partition(|(step, _)| follows(step));
        for (step, refusal) in &refused {
            self.hold_back(step, refusal.label(), now);
        }
        left.into_iter().map(|(step, _)| step).collect()
    }

    fn of(&self, instance: &InstanceId) -> Option<usize> {
        self.present.get(instance).copied()
    }

    /// It is looked at again with the next sweep.
    fn hold_back(&mut self, step: &Step, word: &'static str, now: Timestamp) {
        let count = self.held_back.entry(word).or_default();
        *count = count.saturating_add(1);
        let again = now.checked_add(self.world.asked.interval.duration()).unwrap_or(now);
        let Some(place) = self.of(&step.instance) else { return };
        self.waiting.insert(place);
        if let Some(machine) = self.machines.get_mut(place) {
            machine.wake_at(again);
        }
    }

    fn stop(&mut self, step: &Step, now: Timestamp) {
        let Some(place) = self.of(&step.instance) else { return };
        let (rules, horizon) = (self.world.asked.rules, self.world.asked.horizon);
        let policy = self.policies.get(&step.policy).cloned();
        let Some(machine) = self.machines.get_mut(place) else { return };
        let claim = |machine: &Machine<'_>| {
            let (facts, policy) = (machine.facts.as_ref()?, policy?);
            let opens = opens_after(&policy, facts, now);
            Some(Claim {
                did: true,
                from: Bound::sharp(now.as_second()),
                counterfactual: counterfactual((facts, &machine.history), opens, now, horizon),
                ground: step.ground.label().into(),
                key: step.key.0.clone(),
            })
        };
        machine.stop(step, claim, rules);
        self.sight.ask(now, (step.instance.workspace(), &step.policy), step.is_planned());
        self.count(place);
    }

    fn with_surroundings<T>(&self, sight: &FleetSight, now: Timestamp, look: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let histories = |id: &InstanceId| -> Option<(&History, u32)> {
            let machine = self.machines.get(self.of(id)?)?;
            let (policy, facts) = (machine.policy.as_ref()?, machine.facts.as_ref()?);
            Some((&machine.history, terms_of(policy, facts).stops_per_day))
        };
        let disks = |_: &InstanceId| -> Option<&DiskSight> { None };
        let (policies, bounds) = (&self.policies, self.world.asked.bounds);
        look(&Surroundings { policies, bounds, sight, histories: &histories, disks: &disks, freeze: &Freeze::Off, now })
    }
}
