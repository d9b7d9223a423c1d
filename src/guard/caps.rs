//! How much may be stopped at once: per sweep and per hour, by count and by share; the tightest wins, 0 is none (G4).

use std::collections::BTreeMap;

use super::{FleetSight, Refusal, ScopeCount};
use crate::plan::Step;
use crate::policy::{Cap, Limits};
use crate::rules::Ground;
use crate::units::{PolicyId, SubscriptionId, WorkspaceId};

/// One scope in which steps are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    Fleet,
    Subscription(SubscriptionId),
    Workspace(WorkspaceId),
    Policy(PolicyId),
}

impl Scope {
    /// The four scopes that a step counts in.
    pub(super) fn of(step: &Step) -> [Self; 4] {
        let workspace = step.instance.workspace();
        [
            Self::Fleet,
            Self::Subscription(workspace.subscription().clone()),
            Self::Workspace(workspace.clone()),
            Self::Policy(step.policy.clone()),
        ]
    }

    /// What is counted there; nothing where nothing is known, so that a share of it is none.
    pub(super) fn count(&self, sight: &FleetSight) -> ScopeCount {
        match self {
            Self::Fleet => Some(sight.fleet),
            Self::Subscription(id) => sight.subscriptions.get(id).copied(),
            Self::Workspace(id) => sight.workspaces_count.get(id).copied(),
            Self::Policy(id) => sight.policies.get(id).copied(),
        }
        .unwrap_or_default()
    }

    /// Counts one more stop there.
    pub(super) fn ask(&self, sight: &mut FleetSight, planned: bool) {
        let count = match self {
            Self::Fleet => Some(&mut sight.fleet),
            Self::Subscription(id) => sight.subscriptions.get_mut(id),
            Self::Workspace(id) => sight.workspaces_count.get_mut(id),
            Self::Policy(id) => sight.policies.get_mut(id),
        };
        count.into_iter().for_each(|count| count.ask(planned));
    }
}

/// How many unplanned stops would fit in one scope if none had been made in this hour.
fn whole(limits: &Limits, count: &ScopeCount) -> usize {
    room(limits, &ScopeCount { unplanned_last_hour: 0, ..*count }, false)
}

/// How many of a kind may still be stopped in one scope, in this sweep and this hour: whichever is less.
fn room(limits: &Limits, count: &ScopeCount, planned: bool) -> usize {
    let sweep = if planned { &limits.planned_per_sweep } else { &limits.unplanned_per_sweep };
    most(sweep, count.running).min(of_hour(limits, count, planned))
}

/// How many of a kind may still be stopped in one scope in this hour, in however many sweeps.
fn of_hour(limits: &Limits, count: &ScopeCount, planned: bool) -> usize {
    let (hour, used) = if planned {
        (&limits.planned_per_hour, count.planned_last_hour)
    } else {
        (&limits.unplanned_per_hour, count.unplanned_last_hour)
    };
    most(hour, count.running.saturating_add(used)).saturating_sub(used)
}

/// Over which sweeps room is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sweeps {
    /// Over one.
    One,
    /// Over one, and those that follow it at once since what a calendar announces is more than the fleet's share of a sweep.
    Following,
}

impl Sweeps {
    /// The room in one scope. None in one sweep is none in any.
    fn room(self, scope: &Scope, (limits, count): (&Limits, &ScopeCount), planned: bool) -> usize {
        let one = room(limits, count, planned);
        let follows = self == Self::Following && planned && *scope == Scope::Fleet && one > 0;
        if follows { of_hour(limits, count, planned) } else { one }
    }
}

fn most(cap: &Cap, running: usize) -> usize {
    let count = cap.count.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let share = cap.percent.map_or(usize::MAX, |share| share.of(running));
    count.min(share)
}

/// How a step is held to the caps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// A calendar announces it: it waits its turn within the planned room.
    Planned,
    /// Many at once are a sign that something is wrong: all or none, within the unplanned room.
    Together,
    /// A budget is used up by many at once, and many are started at once and not used on a holiday that no calendar knows; that
    /// is no sign of anything: it waits its turn within what unplanned room the others leave, and takes none where they lack it.
    Budget,
}

impl Turn {
    fn of(step: &Step) -> Self {
        if matches!(step.ground, Ground::OverBudget | Ground::UnusedStart) {
            Self::Budget
        } else if step.is_planned() {
            Self::Planned
        } else {
            Self::Together
        }
    }
}

/// True when a cap refuses all or none of its kind.
pub(super) fn is_together(step: &Step) -> bool {
    Turn::of(step) == Turn::Together
}

/// Room by scope, planned or not.
struct Rooms(BTreeMap<(Scope, bool), usize>);

impl Rooms {
    fn of(&self, scope: &Scope, planned: bool) -> usize {
        self.0.get(&(scope.clone(), planned)).copied().unwrap_or(0)
    }

    fn take(&mut self, step: &Step, planned: bool) {
        for scope in Scope::of(step) {
            self.0.entry((scope, planned)).and_modify(|free| *free = free.saturating_sub(1));
        }
    }
}

/// Divides steps into those within every cap and those refused. Unplanned steps over a cap are all refused in that
/// scope, which rings; planned ones and those of a budget only wait their turn, in order. Where the others would fit if no
/// stop had been made in this hour, a budget's steps leave them the room that comes free: all of them need it at once.
pub(super) fn within_caps(
    steps: Vec<Step>,
    sweeps: Sweeps,
    sight: &FleetSight,
    limits: &dyn Fn(&Scope) -> Option<Limits>,
) -> (Vec<Step>, Vec<(Step, Refusal)>) {
    let mut rooms = Rooms(BTreeMap::new());
    let mut wanted: BTreeMap<Scope, usize> = BTreeMap::new();
    let free = |scope: &Scope, planned| {
        limits(scope).map_or(0, |limits| sweeps.room(scope, (&limits, &scope.count(sight)), planned))
    };
    for step in &steps {
        for scope in Scope::of(step) {
            for planned in [true, false] {
                rooms.0.entry((scope.clone(), planned)).or_insert_with(|| free(&scope, planned));
            }
            if Turn::of(step) == Turn::Together {
                let count = wanted.entry(scope).or_insert(0);
                *count = count.saturating_add(1);
            }
        }
    }
    let is_short = |scope: &Scope| wanted.get(scope).copied().unwrap_or(0) > rooms.of(scope, false);
    let is_within = |step: &Step| !Scope::of(step).iter().any(is_short);
    let together: Vec<bool> = steps.iter().map(|step| Turn::of(step) == Turn::Together && is_within(step)).collect();
    let would_fit =
        |scope: &Scope, count: usize| limits(scope).is_some_and(|limits| count <= whole(&limits, &scope.count(sight)));
    let kept_free: Vec<Scope> = wanted
        .iter()
        .filter(|(scope, count)| is_short(scope) && would_fit(scope, **count))
        .map(|(scope, _)| scope.clone())
        .collect();
    for scope in kept_free {
        rooms.0.insert((scope, false), 0);
    }
    for (step, _) in steps.iter().zip(&together).filter(|(_, within)| **within) {
        rooms.take(step, false);
    }
    let (mut passed, mut refused) = (Vec::new(), Vec::new());
    for (step, together) in steps.into_iter().zip(together) {
        let turn = Turn::of(&step);
        let planned = turn == Turn::Planned;
        let fits = turn == Turn::Together && together
            || turn != Turn::Together && Scope::of(&step).iter().all(|scope| rooms.of(scope, planned) > 0);
        if !fits {
            refused.push((step, if turn == Turn::Together { Refusal::OverCap } else { Refusal::Paced }));
            continue;
        }
        if turn != Turn::Together {
            rooms.take(&step, planned);
        }
        passed.push(step);
    }
    (passed, refused)
}
