//! Starts at the guard's borders: caps, trials and failures one below, at and one above; and the look right before.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::sync::Arc;

use lightsout::facts::{Freeze, InstanceFacts, PowerState};
use lightsout::guard::{
    Bounds, FleetSight, Refusal, StartAround, StartCount, StartLook, StartReview, review_starts, start_permit,
};
use lightsout::plan::{Expected, StartStep};
use lightsout::policy::Policy;
use lightsout::rules::{StartFinding, StartGround};
use lightsout::units::{PolicyId, When};

use crate::policies::policy_of;
use crate::table::{ago, bounds, facts, now, sight};

const KEY: &str = "start/office/2026-03-23/0/on";

fn policy(mode: &str) -> Arc<Policy> {
    policy_of(&format!(
        "name = \"office\"\nmode = \"{mode}\"\nscope.workspaces = [\"*\"]\n[hours]\nzone = \"UTC\"\nallowed = [\"daily 20:00-22:00\"]\n[start]\nall = true\nper_sweep = 3\nper_hour = 5\n"
    ))
}

fn off(name: &str) -> InstanceFacts {
    InstanceFacts { state: PowerState::Stopped, ..facts(name) }
}

fn step(name: &str, policy: &Policy) -> StartStep {
    let facts = off(name);
    StartStep {
        instance: facts.id.clone(),
        created: facts.created,
        policy: policy.id.clone(),
        revision: policy.revision.clone(),
        key: KEY.into(),
        edge_at: now(),
        start_at: now(),
        let_go_at: now(),
        expected: Expected::of(&facts),
        observed_at: now(),
        words: "its hours began".into(),
    }
}

/// What a review of starts looks at, each part to be changed.
struct Around {
    policy: Arc<Policy>,
    count: StartCount,
    bounds: Bounds,
    sight: FleetSight,
    freeze: Freeze,
    steps: Vec<StartStep>,
}

impl Around {
    fn with(steps: usize) -> Self {
        let policy = policy("enforce");
        let steps = (0..steps).map(|n| step(&format!("ci-{n}"), &policy)).collect();
        let (bounds, sight) = (bounds(), sight(10));
        Self { policy, count: StartCount::default(), bounds, sight, freeze: Freeze::Off, steps }
    }

    fn review(&self) -> StartReview {
        let policies = BTreeMap::from([(self.policy.id.clone(), self.policy.clone())]);
        let counts = BTreeMap::from([(PolicyId::new("office"), self.count)]);
        let around = StartAround {
            policies: &policies,
            counts: &counts,
            bounds: &self.bounds,
            sight: &self.sight,
            freeze: &self.freeze,
            now: now(),
        };
        review_starts(self.steps.clone(), &around)
    }

    /// How many pass, and why the first of the others does not.
    fn passed(&self) -> (usize, Option<Refusal>) {
        let review = self.review();
        assert_eq!(review.approved.len() + review.refused.len(), self.steps.len(), "each ends in one of the two");
        (review.approved.len(), review.refused.first().map(|(_, refusal)| *refusal))
    }

    fn counting(steps: usize, count: StartCount) -> (usize, Option<Refusal>) {
        Self { count, ..Self::with(steps) }.passed()
    }
}

#[test]
fn g4_caps_of_a_sweep_and_of_an_hour_at_their_borders() {
    let asked = |asked_last_hour| StartCount { asked_last_hour, ..StartCount::default() };
    assert_eq!(Around::counting(2, asked(0)), (2, None));
    assert_eq!(Around::counting(3, asked(0)), (3, None));
    assert_eq!(Around::counting(4, asked(0)), (3, Some(Refusal::Paced)));
    assert_eq!(Around::counting(2, asked(3)), (2, None));
    assert_eq!(Around::counting(3, asked(3)), (2, Some(Refusal::Paced)));
    assert_eq!(Around::counting(1, asked(4)), (1, None));
    assert_eq!(Around::counting(1, asked(5)), (0, Some(Refusal::Paced)));
    assert_eq!(Around::counting(1, asked(6)), (0, Some(Refusal::Paced)));
}

#[test]
fn g19_a_policy_on_trial_starts_as_many_as_it_has_room_for() {
    let trial = |room| StartCount { trial: Some(room), ..StartCount::default() };
    assert_eq!(Around::counting(3, trial(0)), (0, Some(Refusal::Canary)));
    assert_eq!(Around::counting(3, trial(2)), (2, Some(Refusal::Canary)));
    assert_eq!(Around::counting(3, trial(3)), (3, None));
}

#[test]
fn g8_more_failures_than_the_bound_stop_the_rest() {
    let failed = |failed_last_hour| StartCount { failed_last_hour, ..StartCount::default() };
    let most = usize::try_from(bounds().failed_stops_max).unwrap();
    assert_eq!(Around::counting(1, failed(most)), (1, None), "more than, and not as many as");
    assert_eq!(Around::counting(1, failed(most + 1)), (0, Some(Refusal::TooManyFailures)));
}

#[test]
fn what_is_not_known_or_not_wanted_starts_nothing() {
    let refusal = |change: fn(&mut Around)| {
        let mut around = Around::with(1);
        change(&mut around);
        around.passed()
    };
    let none = |refusal| (0, Some(refusal));
    let observed = |around: &mut Around| {
        around.policy = policy("observe");
        around.steps = vec![step("ci-0", &around.policy)];
    };
    assert_eq!(refusal(observed), none(Refusal::ObserveMode));
    assert_eq!(refusal(|around| around.freeze = Freeze::On("incident".into())), none(Refusal::Frozen));
    assert_eq!(refusal(|around| around.freeze = Freeze::Unreadable("?".into())), none(Refusal::Frozen));
    assert_eq!(refusal(|around| around.sight.clock_trouble = Some("apart".into())), none(Refusal::ClockUnsteady));
    assert_eq!(refusal(|around| around.sight.workspaces_failed = 3), none(Refusal::SickView));
    assert_eq!(refusal(|around| around.sight.last_full_sweep = None), none(Refusal::SickView));
    assert_eq!(refusal(|around| around.steps[0].observed_at = ago(121)), none(Refusal::Stale));
    assert_eq!(refusal(|around| around.steps[0].expected.state = PowerState::Running), none(Refusal::Stale));
    assert_eq!(refusal(|around| around.steps[0].revision = "another".into()), none(Refusal::PolicyChanged));
    let without = |around: &mut Around| {
        let mut policy = (*around.policy).clone();
        policy.start = None;
        around.policy = Arc::new(policy);
    };
    assert_eq!(refusal(without), none(Refusal::PolicyChanged), "G3: only for what a policy starts");
}

fn found(ground: StartGround, key: &str) -> StartFinding {
    StartFinding {
        ground,
        key: key.into(),
        edge_at: now().into(),
        start_at: now().into(),
        until: When::NONE,
        let_go_at: now().into(),
        purse: None,
        words: "as found".into(),
    }
}

/// What the second look says, after a change of it.
fn looked(change: impl FnOnce(&mut InstanceFacts, &mut Option<StartFinding>, &mut Arc<Policy>)) -> Option<Refusal> {
    let around = Around::with(1);
    let approved = around.review().approved.pop().unwrap();
    let (mut fresh, mut finding, mut policy) = (off("ci-0"), Some(found(StartGround::Due, KEY)), around.policy);
    change(&mut fresh, &mut finding, &mut policy);
    let look =
        StartLook { fresh: &fresh, finding: finding.as_ref(), policy: &policy, freeze: &Freeze::Off, now: now() };
    match start_permit(approved, &look) {
        Ok(permit) => {
            assert_eq!((permit.verb().label(), permit.instance(), permit.looked_at()), ("start", &fresh.id, now()));
            None
        }
        Err((refusal, _)) => Some(refusal),
    }
}

#[test]
fn g10_the_second_look_finds_the_same_or_nothing_is_started() {
    assert_eq!(looked(|_, _, _| ()), None);
    assert_eq!(looked(|fresh, _, _| fresh.observed_at = ago(10)), None);
    assert_eq!(looked(|fresh, _, _| fresh.observed_at = ago(11)), Some(Refusal::NoSecondLook));
    assert_eq!(looked(|fresh, _, _| fresh.state = PowerState::Running), Some(Refusal::NoLongerDue));
    assert_eq!(looked(|fresh, _, _| fresh.created = When::at(ago(5))), Some(Refusal::NoLongerDue));
    assert_eq!(looked(|_, finding, _| *finding = None), Some(Refusal::NoLongerDue));
    for ground in StartGround::ALL.into_iter().filter(|ground| *ground != StartGround::Due) {
        let other = |_: &mut InstanceFacts, finding: &mut Option<StartFinding>, _: &mut Arc<Policy>| {
            *finding = Some(found(ground, KEY));
        };
        assert_eq!(looked(other), Some(Refusal::NoLongerDue), "{ground:?}");
    }
    let other_edge = |_: &mut InstanceFacts, finding: &mut Option<StartFinding>, _: &mut Arc<Policy>| {
        *finding = Some(found(StartGround::Due, "start/office/2026-03-24/0/on"));
    };
    assert_eq!(looked(other_edge), Some(Refusal::NoLongerDue));
    assert_eq!(looked(|_, _, changed| *changed = policy("observe")), Some(Refusal::PolicyChanged));
}
