//! What is more than the fleet's share of a sweep is left to the next, which follows at once; every other cap waits for its time.

use std::collections::BTreeSet;

use lightsout::guard::{Canary, Refusal};
use lightsout::rules::Ground;
use lightsout::units::PolicyId;

use crate::table::{Table, now, step};
use crate::{SCOPES, by_count};

/// How many are approved, and which of the others the next sweep decides about at once.
fn reviewed(table: &Table) -> (usize, Vec<String>) {
    let review = table.review();
    let refused: BTreeSet<_> = review.refused.iter().map(|(step, _)| &step.instance).collect();
    assert!(review.next.iter().all(|instance| refused.contains(instance)), "what is approved is not left");
    (review.approved.len(), review.next.iter().map(|instance| instance.name().to_owned()).collect())
}

fn names(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| format!("ci-{n:03}")).collect()
}

#[test]
fn g4_only_the_fleets_share_of_a_sweep_is_followed_at_once() {
    for (scope, limits) in SCOPES {
        for (cap, due) in [(5, 5), (5, 6), (2, 6), (0, 3)] {
            let mut table = Table::with(due, Ground::OffHours, 100);
            limits(&mut table).planned_per_sweep = by_count(cap);
            let approved = due.min(usize::try_from(cap).unwrap_or(0));
            let left = if scope == "fleet" && cap > 0 { names(approved..due) } else { Vec::new() };
            assert_eq!(reviewed(&table), (approved, left), "{scope}: {due} due, at most {cap}");
        }
        let mut table = Table::with(6, Ground::OffHours, 100);
        limits(&mut table).planned_per_hour = by_count(2);
        assert_eq!(reviewed(&table), (2, Vec::new()), "{scope}: the hour is no sweep");
    }
}

#[test]
fn g4_what_follows_stays_within_every_other_cap() {
    let mut table = Table::with(9, Ground::OffHours, 100);
    table.bounds.fleet.planned_per_sweep = by_count(2);
    table.bounds.fleet.planned_per_hour = by_count(5);
    table.sight.fleet.planned_last_hour = 1;
    assert_eq!(reviewed(&table), (2, names(2..4)), "one of five was used");
    table.bounds.workspace.planned_per_sweep = by_count(3);
    assert_eq!(reviewed(&table), (2, names(2..3)), "the workspace's share of a sweep is its own");
    table.sight.canaries.insert(PolicyId::new("office"), Canary { until: now(), room: 1 });
    assert_eq!(reviewed(&table), (1, Vec::new()), "and a trial is one");
}

#[test]
fn g4_what_nobody_planned_is_never_followed_at_once() {
    for ground in [Ground::Idle, Ground::Uptime, Ground::OverBudget, Ground::UnusedStart] {
        let mut table = Table::with(6, ground, 100);
        let revision = table.policy.revision.clone();
        table.steps.extend((6..9).map(|n| step(&format!("ci-{n:03}"), Ground::OffHours, &revision)));
        table.bounds.fleet.unplanned_per_sweep = by_count(2);
        table.bounds.fleet.planned_per_sweep = by_count(1);
        let review = table.review();
        let planned = review.approved.iter().filter(|one| one.step().ground == Ground::OffHours).count();
        assert_eq!((planned, reviewed(&table).1), (1, names(7..9)), "{}", ground.label());
        assert!(review.refused.iter().all(|(_, why)| matches!(why, Refusal::Paced | Refusal::OverCap)));
    }
}
