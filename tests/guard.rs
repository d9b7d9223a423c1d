//! The guard at its borders: caps, sick views, failures, the age of a second look. Every bound is tried one below, at it, one above.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "guard/deletions.rs"]
mod deletions;
#[path = "guard/following.rs"]
mod following;
#[path = "support/policies.rs"]
mod policies;
#[path = "guard/starts.rs"]
mod starts;
#[path = "guard/table.rs"]
mod table;
#[path = "guard/timers.rs"]
mod timers;
#[path = "guard/warnings.rs"]
mod warnings;

use std::sync::Arc;

use lightsout::facts::{
    EndedStop, Freeze, InstanceFacts, OpenIntent, PowerState, Reading, StopKey, StopResult, Unknown,
};
use lightsout::guard::{Canary, FleetSight, Refusal, ScopeCount, SecondLook, second_look};
use lightsout::plan::Step;
use lightsout::policy::{Cap, Limits, Mode};
use lightsout::rules::{Action, Due, Finding, Ground, Rule, Under, Verdict};
use lightsout::units::{Percent, PolicyId, When};
use thin_vec::thin_vec;

use table::{Table, ago, facts, now, step, workspace};

fn by_count(n: u32) -> Cap {
    Cap { count: Some(n), percent: None }
}

fn by_share(n: i64) -> Cap {
    Cap { count: None, percent: Some(Percent::new(n).unwrap()) }
}

type Limited = fn(&mut Table) -> &mut Limits;

/// The limits of each of the four scopes.
const SCOPES: [(&str, Limited); 4] = [
    ("policy", |table| &mut Arc::make_mut(&mut table.policy).limits),
    ("workspace", |table| &mut table.bounds.workspace),
    ("subscription", |table| &mut table.bounds.subscription),
    ("fleet", |table| &mut table.bounds.fleet),
];

#[test]
fn g4_unplanned_caps_by_count_let_all_or_none() {
    for (scope, limits) in SCOPES {
        for (cap, due, approved) in [(5, 4, 4), (5, 5, 5), (5, 6, 0), (0, 1, 0), (1, 1, 1), (1, 2, 0)] {
            let mut table = Table::with(due, Ground::Idle, 100);
            limits(&mut table).unplanned_per_sweep = by_count(cap);
            let refusal = (approved < due).then_some(Refusal::OverCap);
            assert_eq!(table.verdict(), (approved, refusal), "{scope}: {due} due, at most {cap} a sweep");
            let mut table = Table::with(due, Ground::Uptime, 100);
            limits(&mut table).unplanned_per_hour = by_count(cap);
            assert_eq!(table.verdict(), (approved, refusal), "{scope}: {due} due, at most {cap} an hour");
        }
    }
}

#[test]
fn g4_unplanned_caps_by_share_round_up_and_zero_is_none() {
    for (scope, limits) in SCOPES {
        for (share, running, due, approved) in [
            (10, 20, 1, 1),
            (10, 20, 2, 2),
            (10, 20, 3, 0),
            (10, 21, 3, 3),
            (0, 100, 1, 0),
            (100, 7, 7, 7),
            (100, 6, 7, 0),
            (1, 1, 1, 1),
        ] {
            let mut table = Table::with(due, Ground::Idle, running);
            limits(&mut table).unplanned_per_sweep = by_share(share);
            assert_eq!(table.verdict().0, approved, "{scope}: {due} due, at most {share} % of {running}");
        }
    }
}

#[test]
fn g4_planned_caps_only_pace_in_the_order_of_the_plan() {
    for (scope, limits) in SCOPES {
        for (cap, due, approved) in [(5, 4, 4), (5, 5, 5), (5, 6, 5), (0, 3, 0)] {
            let mut table = Table::with(due, Ground::OffHours, 100);
            limits(&mut table).planned_per_sweep = by_count(cap);
            let refusal = (approved < due).then_some(Refusal::Paced);
            assert_eq!(table.verdict(), (approved, refusal), "{scope}: {due} due, at most {cap}");
            let names: Vec<String> =
                table.review().approved.iter().map(|one| one.step().instance.name().to_owned()).collect();
            let first: Vec<String> = (0..approved).map(|n| format!("ci-{n:03}")).collect();
            assert_eq!(names, first, "{scope}: the first of the plan go first");
        }
        for (share, approved) in [(0, 0), (50, 5), (100, 10)] {
            let mut table = Table::with(10, Ground::OffHours, 10);
            limits(&mut table).planned_per_sweep = by_share(share);
            assert_eq!(table.verdict().0, approved, "{scope}: {share} % of 10");
        }
    }
}

#[test]
fn g4_the_hour_counts_what_was_asked_before() {
    for (used, due, approved) in [(3, 2, 2), (4, 1, 1), (4, 2, 0), (5, 1, 0), (9, 1, 0)] {
        let mut table = Table::with(due, Ground::Idle, 100);
        table.sight.fleet.unplanned_last_hour = used;
        table.bounds.fleet.unplanned_per_hour = by_count(5);
        assert_eq!(table.verdict().0, approved, "{used} used of 5, {due} due");
        let mut table = Table::with(due, Ground::OffHours, 100);
        table.sight.fleet.planned_last_hour = used;
        table.bounds.fleet.planned_per_hour = by_count(5);
        assert_eq!(table.verdict().0, due.min(5_usize.saturating_sub(used)), "planned: {used} used of 5, {due} due");
    }
}

#[test]
fn g4_the_tightest_of_count_and_share_and_scope_wins() {
    let mut table = Table::with(4, Ground::OffHours, 100);
    table.bounds.fleet.planned_per_sweep = Cap { count: Some(3), percent: Some(Percent::new(2).unwrap()) };
    assert_eq!(table.verdict().0, 2, "2 % of 100 is less than 3");
    table.bounds.workspace.planned_per_sweep = by_count(1);
    assert_eq!(table.verdict().0, 1, "the workspace's cap is tighter");
    table.sight.workspaces_count.clear();
    assert_eq!(table.verdict().0, 0, "a share of what nobody counted is none");
}

#[test]
fn g4_unplanned_over_the_cap_do_not_hold_up_planned_ones() {
    let mut table = Table::with(3, Ground::Idle, 100);
    let revision = table.policy.revision.clone();
    table.steps.push(step("ci-planned", Ground::OffHours, &revision));
    table.bounds.fleet.unplanned_per_sweep = by_count(2);
    let review = table.review();
    let names: Vec<&str> = review.approved.iter().map(|one| one.step().instance.name()).collect();
    assert_eq!(names, ["ci-planned"]);
}

/// How many are approved of so many stops by budget and by idleness, where so many unplanned ones were made in the hour.
fn approved(budget: usize, idle: usize, used: usize, cap: u32) -> (usize, usize) {
    let mut table = Table::with(budget, Ground::OverBudget, 200);
    let revision = table.policy.revision.clone();
    table.steps.extend((0..idle).map(|n| step(&format!("ci-idle-{n}"), Ground::Idle, &revision)));
    table.sight.fleet.unplanned_last_hour = used;
    table.bounds.fleet.unplanned_per_hour = by_count(cap);
    let review = table.review();
    assert_eq!(review.approved.len() + review.refused.len(), budget + idle);
    for (step, why) in &review.refused {
        let wanted = if step.ground == Ground::Idle { Refusal::OverCap } else { Refusal::Paced };
        assert_eq!(*why, wanted, "{}", step.instance.name());
    }
    let of = |ground| review.approved.iter().filter(|one| one.step().ground == ground).count();
    (of(Ground::OverBudget), of(Ground::Idle))
}

#[test]
fn g4_a_used_up_budget_waits_its_turn_and_starves_nobody() {
    assert_eq!(approved(100, 0, 0, 20), (20, 0), "within the room that there is");
    assert_eq!(approved(100, 0, 15, 20), (5, 0));
    assert_eq!(approved(100, 15, 0, 20), (5, 15), "the others first");
    assert_eq!(approved(100, 15, 10, 20), (0, 0), "what comes free is left to those who need it at once");
    assert_eq!(approved(100, 15, 5, 20), (0, 15));
    assert_eq!(approved(100, 21, 0, 20), (20, 0), "those are too many in any hour, and a person has to look at them");
    assert_eq!(approved(3, 0, 0, 0), (0, 0));
}

#[test]
fn g6_a_sick_view_stops_nothing() {
    type Change = fn(&mut FleetSight);
    let cases: [(&str, Change, bool); 14] = [
        ("20 % of workspaces failed", |sight| sight.workspaces_failed = 2, false),
        ("more than 20 % failed", |sight| sight.workspaces_failed = 3, true),
        ("one of two failed", |sight| (sight.workspaces, sight.workspaces_failed) = (2, 1), false),
        ("the only one failed", |sight| (sight.workspaces, sight.workspaces_failed) = (1, 1), true),
        ("two of four failed", |sight| (sight.workspaces, sight.workspaces_failed) = (4, 2), true),
        ("30 % of instances are gone", |sight| sight.instances = 70, false),
        ("31 % are gone", |sight| sight.instances = 69, true),
        ("two of three are gone", |sight| (sight.instances_before, sight.instances) = (3, 1), false),
        ("45 % are in unknown states", |sight| sight.instances_unknown = 45, false),
        ("46 % are", |sight| sight.instances_unknown = 46, true),
        ("the last full sweep is two intervals old", |sight| sight.last_full_sweep = Some(ago(120)), false),
        ("… and a second more", |sight| sight.last_full_sweep = Some(ago(121)), true),
        ("there was none", |sight| sight.last_full_sweep = None, true),
        ("more instances than before", |sight| sight.instances = 1000, false),
    ];
    for (what, change, is_sick) in cases {
        let mut table = Table::one();
        change(&mut table.sight);
        assert_eq!(table.verdict().1, is_sick.then_some(Refusal::SickView), "{what}");
    }
}

#[test]
fn g8_more_than_three_and_more_than_a_tenth_and_not_as_many_as() {
    for (failed, asked, stops) in [
        (3, 3, true),
        (4, 4, false),
        (4, 1000, true),
        (10, 100, true),
        (11, 100, false),
        (11, 101, true),
        (12, 101, false),
    ] {
        for scope in 0..3 {
            let mut table = Table::one();
            let count =
                ScopeCount { running: 10, failed_last_hour: failed, asked_last_hour: asked, ..ScopeCount::default() };
            match scope {
                0 => table.sight.fleet = count,
                1 => drop(table.sight.policies.insert(PolicyId::new("office"), count)),
                _ => drop(table.sight.workspaces_count.insert(workspace(), count)),
            }
            let refusal = (!stops).then_some(Refusal::TooManyFailures);
            assert_eq!(table.verdict().1, refusal, "{failed} of {asked} failed, scope {scope}");
        }
    }
}

#[test]
fn every_other_reason_refuses_by_its_name() {
    type Change = fn(&mut Table);
    let stopped = |minutes: i64| EndedStop {
        key: StopKey("k".into()),
        asked_at: ago(minutes * 60),
        ended_at: ago(minutes * 60),
        result: StopResult::Stopped,
    };
    let cases: [(Refusal, Change); 9] = [
        (Refusal::ObserveMode, |table| Arc::make_mut(&mut table.policy).mode = Mode::Observe),
        (Refusal::Frozen, |table| table.freeze = Freeze::On("incident".to_owned())),
        (Refusal::ClockUnsteady, |table| table.sight.clock_trouble = Some("stepped".to_owned())),
        (Refusal::Stale, |table| table.steps.iter_mut().for_each(|step| step.observed_at = ago(121))),
        (Refusal::Stale, |table| table.steps.iter_mut().for_each(|step| step.expected.state = PowerState::Stopped)),
        (Refusal::PolicyChanged, |table| table.steps.iter_mut().for_each(|step| step.revision = Arc::from("another"))),
        (Refusal::Canary, |table| {
            table.sight.canaries.insert(PolicyId::new("office"), Canary { until: now(), room: 0 });
        }),
        (Refusal::UnderWay, |table| {
            table.history.open = Some(Box::new(OpenIntent {
                id: "1".to_owned(),
                key: StopKey("k".into()),
                intended_at: now(),
                sent_at: None,
            }));
        }),
        (Refusal::BackingOff, |table| {
            table.history.stops = thin_vec![EndedStop {
                key: StopKey("k".into()),
                asked_at: ago(60),
                ended_at: ago(60),
                result: StopResult::Failed("conflict".to_owned()),
            }];
        }),
    ];
    for (refusal, change) in cases {
        let mut table = Table::one();
        assert_eq!(table.verdict(), (1, None));
        change(&mut table);
        assert_eq!(table.verdict(), (0, Some(refusal)));
    }
    let mut table = Table::one();
    table.history.stops = thin_vec![stopped(300), stopped(200), stopped(100)];
    assert_eq!(table.verdict(), (0, Some(Refusal::Resting)), "G15: three in a day");
}

#[test]
fn s18_one_step_an_instance_whatever_the_plan_says() {
    let mut table = Table::one();
    let again = table.steps.first().unwrap().clone();
    table.steps.push(again);
    assert_eq!(table.verdict(), (1, Some(Refusal::UnderWay)));
}

#[test]
fn g19_a_canary_has_so_much_room() {
    for (room, due, approved) in [(2, 1, 1), (2, 2, 2), (2, 3, 2), (0, 1, 0)] {
        let mut table = Table::with(due, Ground::OffHours, 100);
        table.sight.canaries.insert(PolicyId::new("office"), Canary { until: now(), room });
        assert_eq!(table.verdict().0, approved, "room for {room}, {due} due");
    }
}

/// The verdict that says stop for the one step of a table.
fn stop_verdict(step: &Step) -> Verdict {
    let (ground, key) = (step.ground, step.key.clone());
    let due = Due { ground, key, due_at: now(), base_at: now(), stop_at: now(), warn_at: now() };
    let finding = Finding { rule: Rule::Uptime, ground: step.ground, words: "too long".into(), due_at: When::NONE };
    Verdict {
        instance: step.instance.clone(),
        created: step.created,
        under: Arc::new(Under {
            policy: step.policy.clone(),
            revision: step.revision.clone(),
            override_name: None,
            zone: None,
            zone_data: None,
        }),
        at: now(),
        action: Action::Stop,
        ground: step.ground,
        due: Some(Box::new(due)),
        notice: None,
        changes_at: When::NONE,
        findings: Arc::new([finding]),
    }
}

/// What the second look answers when fresh facts and verdict are changed so.
fn looked(change: impl FnOnce(&mut InstanceFacts, &mut Verdict, &mut Freeze)) -> Option<Refusal> {
    let table = Table::one();
    let (mut fresh, mut freeze) = (facts("ci-000"), Freeze::Off);
    let mut verdict = stop_verdict(table.steps.first().unwrap());
    change(&mut fresh, &mut verdict, &mut freeze);
    let approved = table.review().approved.into_iter().next().unwrap();
    let look = SecondLook { fresh: &fresh, verdict: &verdict, freeze: &freeze, now: now() };
    second_look(approved, &look).err().map(|(refusal, _)| refusal)
}

#[test]
fn g10_a_second_look_that_finds_the_same_permits() {
    assert_eq!(looked(|_, _, _| {}), None);
    assert_eq!(looked(|fresh, _, _| fresh.observed_at = ago(10)), None, "ten seconds old is young enough");
    assert_eq!(looked(|fresh, _, _| fresh.observed_at = ago(11)), Some(Refusal::NoSecondLook));
    assert_eq!(
        looked(|fresh, _, _| fresh.observed_at = ago(-1)),
        Some(Refusal::NoSecondLook),
        "a look from the future is none"
    );
    assert_eq!(looked(|_, _, freeze| *freeze = Freeze::On("now".to_owned())), Some(Refusal::Frozen));
    assert_eq!(looked(|fresh, _, _| fresh.created = now().into()), Some(Refusal::NoLongerDue), "fault 28");
    assert_eq!(looked(|fresh, _, _| fresh.created = When::NONE), Some(Refusal::NoLongerDue));
    assert_eq!(looked(|fresh, _, _| fresh.state = PowerState::JobRunning), Some(Refusal::NoLongerDue));
    assert_eq!(looked(|fresh, _, _| fresh.tags = Reading::Unknown(Unknown::Missing)), Some(Refusal::NoLongerDue));
    assert_eq!(
        looked(|_, verdict, _| Arc::make_mut(&mut verdict.under).revision = Arc::from("another")),
        Some(Refusal::PolicyChanged)
    );
    assert_eq!(
        looked(|_, verdict, _| Arc::make_mut(&mut verdict.under).policy = PolicyId::new("another")),
        Some(Refusal::PolicyChanged)
    );
    assert_eq!(looked(|_, verdict, _| verdict.action = Action::Warn), Some(Refusal::NoLongerDue));
    assert_eq!(looked(|_, verdict, _| verdict.due = None), Some(Refusal::NoLongerDue));
    let other = |verdict: &mut Verdict| verdict.due.iter_mut().for_each(|due| due.key = StopKey("another".into()));
    assert_eq!(
        looked(|_, verdict, _| other(verdict)),
        Some(Refusal::NoLongerDue),
        "due for another reason is another stop"
    );
}
