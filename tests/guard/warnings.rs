//! Who is warned: no more than can be stopped when their time comes, and nobody again and again in vain.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{EndedStop, NoticeKey, NoticeState, PastNotice, StopResult};
use lightsout::guard::{Canary, FleetSight, Refusal, Surroundings, weigh};
use lightsout::plan::{Announcement, Notice, Step};
use lightsout::rules::Ground;
use lightsout::units::{InstanceId, PolicyId};

use crate::table::{Table, ago, now};
use crate::{SCOPES, by_count};

fn minutes(n: i64) -> Timestamp {
    now().checked_add(SignedDuration::from_mins(n)).unwrap()
}

/// The warning of a step, for so many minutes from now.
fn announced(step: &Step, in_minutes: i64) -> Announcement {
    let step = Step { stop_at: minutes(in_minutes), ..step.clone() };
    let notice = Notice {
        instance: step.instance.clone(),
        created: step.created,
        key: NoticeKey { stop: step.key.clone(), stop_at: step.stop_at },
        policy: step.policy.clone(),
        ground: step.ground.label().to_owned(),
        owner: None,
        notify: Vec::new(),
        words: String::new(),
    };
    Announcement { notice, step }
}

fn weighed(table: &Table, announcements: Vec<Announcement>) -> (Vec<String>, Vec<(String, Refusal)>) {
    let policies = BTreeMap::from([(table.policy.id.clone(), table.policy.clone())]);
    let histories = |_: &InstanceId| Some((&table.history, 3));
    let (bounds, sight, freeze) = (&table.bounds, &table.sight, &table.freeze);
    let around = Surroundings {
        policies: &policies,
        bounds,
        sight,
        histories: &histories,
        disks: &|_| None,
        freeze,
        now: now(),
    };
    let found = weigh(announcements, &around);
    (
        found.told.iter().map(|notice| notice.instance.name().to_owned()).collect(),
        found.held_back.iter().map(|(step, why)| (step.instance.name().to_owned(), *why)).collect(),
    )
}

/// How many are told of those that the table's steps announce for a quarter of an hour from now, and why the others are not.
fn told(table: &Table) -> (usize, Option<Refusal>) {
    let (told, held_back) = weighed(table, table.steps.iter().map(|step| announced(step, 16)).collect());
    let whys: Vec<Refusal> = held_back.iter().map(|(_, why)| *why).collect();
    assert!(whys.windows(2).all(|pair| pair.first() == pair.last()), "{whys:?}");
    (told.len(), whys.first().copied())
}

#[test]
fn g19_a_policy_on_trial_warns_as_many_as_it_may_stop() {
    for (room, due, expected) in [(0, 1, 0), (1, 1, 1), (1, 2, 1), (2, 3, 2), (3, 2, 2)] {
        let mut table = Table::with(due, Ground::OffHours, 100);
        let id = PolicyId::new("office");
        table.sight.canaries.insert(id.clone(), Canary { until: minutes(17), room });
        let refusal = (expected < due).then_some(Refusal::Canary);
        assert_eq!(told(&table), (expected, refusal), "{due} due, room for {room}");
        table.sight.canaries.insert(id, Canary { until: minutes(16), room });
        assert_eq!(told(&table), (due, None), "the trial is over when their time comes");
    }
}

#[test]
fn g4_planned_ones_wait_their_turn_and_unplanned_ones_are_told() {
    for (cap, due, planned) in [(2, 1, 1), (2, 2, 2), (2, 3, 2), (0, 1, 0)] {
        for (scope, limits) in SCOPES.into_iter().filter(|(scope, _)| *scope != "fleet") {
            let mut table = Table::with(due, Ground::OffHours, 100);
            limits(&mut table).planned_per_sweep = by_count(cap);
            let refusal = (planned < due).then_some(Refusal::Paced);
            assert_eq!(told(&table), (planned, refusal), "{scope}: {due} due, {cap} a sweep");
        }
        let mut table = Table::with(due, Ground::Idle, 100);
        table.bounds.fleet.unplanned_per_sweep = by_count(cap);
        assert_eq!(told(&table), (due, None), "people bring what is unplanned below its cap");
        let mut table = Table::with(due, Ground::OverBudget, 100);
        table.bounds.fleet.unplanned_per_sweep = by_count(cap);
        let refusal = (planned < due).then_some(Refusal::Paced);
        assert_eq!(told(&table), (planned, refusal), "of a budget: {due} due, {cap} a sweep");
    }
}

#[test]
fn g4_whoever_waits_for_a_sweep_that_follows_at_once_is_told_with_the_others() {
    for (cap, due, expected) in [(2, 3, 3), (1, 50, 50), (0, 1, 0)] {
        let mut table = Table::with(due, Ground::OffHours, 100);
        table.bounds.fleet.planned_per_sweep = by_count(cap);
        assert_eq!(told(&table), (expected, (expected < due).then_some(Refusal::Paced)), "{due} due, {cap} a sweep");
        table.bounds.fleet.planned_per_hour = by_count(2);
        assert_eq!(told(&table).0, expected.min(2), "{due} due, {cap} a sweep, two an hour");
    }
}

#[test]
fn g4_those_of_another_time_share_the_hour_and_not_the_sweep() {
    let mut table = Table::with(3, Ground::OffHours, 100);
    table.bounds.subscription.planned_per_sweep = by_count(1);
    let spread = |table: &Table| {
        let times = [18, 16, 17];
        table.steps.iter().zip(times).map(|(step, at)| announced(step, at)).collect::<Vec<_>>()
    };
    assert_eq!(weighed(&table, spread(&table)).0.len(), 3, "one a sweep, three sweeps");
    table.bounds.fleet.planned_per_hour = by_count(2);
    assert_eq!(weighed(&table, spread(&table)).0, ["ci-001", "ci-002"], "two an hour, earliest first");
    table.sight.fleet.planned_last_hour = 1;
    assert_eq!(weighed(&table, spread(&table)).0, ["ci-001"], "one of them used or promised");
}

#[test]
fn s8_who_was_told_in_vain_is_not_told_again_while_it_would_be_refused() {
    type Change = fn(&mut FleetSight);
    let cases: [(Refusal, Change); 2] = [
        (Refusal::SickView, |sight| sight.workspaces_failed = 9),
        (Refusal::TooManyFailures, |sight| sight.fleet.failed_last_hour = 99),
    ];
    for (refusal, change) in cases {
        let mut table = Table::one();
        change(&mut table.sight);
        assert_eq!(told(&table), (1, None), "{refusal:?}: the first warning goes out, it may be over by then");
        let stop = table.steps.first().unwrap().key.clone();
        let key = NoticeKey { stop, stop_at: ago(3600) };
        table.history.notices.push(PastNotice { key, recorded_at: ago(4500), state: NoticeState::Recorded });
        assert_eq!(told(&table), (0, Some(refusal)));
        table.sight = crate::table::sight(10);
        assert_eq!(told(&table), (1, None), "{refusal:?} is over");
    }
}

#[test]
fn s11_nobody_is_told_a_time_by_a_clock_that_is_wrong() {
    let mut table = Table::one();
    table.sight.clock_trouble = Some("stepped".to_owned());
    assert_eq!(told(&table), (0, Some(Refusal::ClockUnsteady)));
    table.sight.clock_trouble = None;
    assert_eq!(told(&table), (1, None));
}

#[test]
fn s8_nobody_is_told_of_what_was_not_seen_lately() {
    let mut table = Table::one();
    let longest = table.bounds.observed_max.as_secs();
    table.steps.iter_mut().for_each(|step| step.observed_at = ago(i64::from(longest)));
    assert_eq!(told(&table), (1, None));
    table.steps.iter_mut().for_each(|step| step.observed_at = ago(i64::from(longest) + 1));
    assert_eq!(told(&table), (0, Some(Refusal::Stale)));
}

#[test]
fn g15_a_rest_that_is_over_in_time_holds_no_warning_back() {
    let mut table = Table::one();
    let key = table.steps.first().unwrap().key.clone();
    let past = NoticeKey { stop: key.clone(), stop_at: ago(3600) };
    table.history.notices.push(PastNotice { key: past, recorded_at: ago(4500), state: NoticeState::Recorded });
    let failed = |at| EndedStop {
        key: key.clone(),
        asked_at: at,
        ended_at: at,
        result: StopResult::Failed("disk_full".to_owned()),
    };
    table.history.stops = thin_vec::thin_vec![failed(now())];
    assert_eq!(told(&table), (1, None), "two minutes of rest, sixteen of warning");
    table.history.stops = (0..6).map(|_| failed(now())).collect();
    assert_eq!(told(&table), (0, Some(Refusal::BackingOff)), "half an hour of rest");
}
