//! Cost lines: what each workspace's machines truly cost on a day, by meter, as far as Azure knows by now.
//!
//! A day's line of a workspace and meter is rounded once, half to even, to ten decimals; rows of an answer are sums of such
//! lines, and sums are exact. Quantities follow the seconds and their fractions, and are rounded the same way.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::super::super::spec::Sold;
use super::super::super::world::{Cost, Machine, Workspace, World, half_even, stream};
use super::filter::Dimension;
use super::period::{Period, date_of, midnight};

/// Decimals of a line, as many as Azure writes.
pub(super) const PLACES: u32 = 10;

/// An hour, in which compute, addresses and balancers are counted.
const HOUR: i128 = 3_600_000_000_000;

/// A month of disk.
const MONTH: i128 = 730 * HOUR;

/// Data is refreshed every four hours of UTC.
const REFRESH_SECONDS: i64 = 4 * 3_600;

/// What is told of a day at first, in percent.
const FIRST_SHARE: u32 = 80;

/// Whose costs are asked for: a subscription, or one of its resource groups, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) struct Scope {
    pub(in crate::sandbox) subscription: String,
    pub(in crate::sandbox) group: Option<String>,
}

impl Scope {
    /// Whether it covers a workspace.
    pub(super) fn covers(&self, workspace: &Workspace) -> bool {
        workspace.spec.subscription.eq_ignore_ascii_case(&self.subscription)
            && self.group.as_ref().is_none_or(|group| workspace.spec.resource_group.eq_ignore_ascii_case(group))
    }
}

/// What a workspace is billed for one meter on one day.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) date: Date,
    resource_id: String,
    group: String,
    category: &'static str,
    meter: String,
    /// Ten-billionths of a dollar.
    pub(super) cost: i128,
    /// Ten-billionths of the meter's unit.
    pub(super) quantity: i128,
}

impl Line {
    /// What it is in a dimension.
    pub(super) fn value(&self, dimension: Dimension) -> &str {
        match dimension {
            Dimension::ResourceId => &self.resource_id,
            Dimension::ResourceType => "microsoft.machinelearningservices/workspaces",
            Dimension::ResourceGroupName => &self.group,
            Dimension::ServiceName | Dimension::MeterCategory => self.category,
            Dimension::Meter => &self.meter,
        }
    }
}

/// A line before rounding: day, position of the workspace, category and meter, with cost, time and the unit of time.
type Key = (Date, usize, &'static str, String);
type Sum = (Cost, SignedDuration, i128);

/// Every line of a scope and period that Azure tells at the world's present, by day.
pub(super) fn lines(world: &World, seed: u64, scope: &Scope, period: Period) -> Vec<Line> {
    let mut sums: BTreeMap<Key, Sum> = BTreeMap::new();
    // A deleted machine is in no list and still on the bill.
    for machine in &world.machines {
        if world.workspaces.get(machine.workspace).is_some_and(|workspace| scope.covers(workspace)) {
            add_machine(&mut sums, world, machine, period);
        }
    }
    let told = |(key, sum)| line(world, seed, key, sum);
    sums.into_iter().filter_map(told).collect()
}

fn add_machine(sums: &mut BTreeMap<Key, Sum>, world: &World, machine: &Machine, period: Period) {
    let truth = world.truth_of(machine);
    let size = Sold::of(&machine.spec.vm_size).meter;
    for date in period.days_within(date_of(world.start()), date_of(world.now())) {
        let day = (midnight(date), date.tomorrow().map_or(Timestamp::MAX, midnight));
        let (bill, existed) = (truth.bill_in(day), truth.existed_in(day));
        for (category, meter, cost, time, unit) in [
            ("Virtual Machines", size.as_str(), bill.compute, truth.allocated_in(day), HOUR),
            ("Storage", "P10 LRS Disk", bill.disk, existed, MONTH),
            ("Virtual Network", "Standard IPv4 Static Public IP", bill.address, truth.addressed_in(day), HOUR),
            ("Load Balancer", "Standard Included LB Rules and Outbound Rules", bill.balancer, existed, HOUR),
        ] {
            let key = (date, machine.workspace, category, meter.to_owned());
            let sum = sums.entry(key).or_insert((Cost::ZERO, SignedDuration::ZERO, unit));
            *sum = (sum.0 + cost, sum.1.saturating_add(time), unit);
        }
    }
}

/// The line as it is told; none if nothing of it has arrived.
fn line(world: &World, seed: u64, (date, position, category, meter): Key, (cost, time, unit): Sum) -> Option<Line> {
    let workspace = world.workspaces.get(position)?;
    let share = arrived(seed, &workspace.id, date, world.now());
    let cost = cost.percent(share).rounded(PLACES);
    let parts = time.as_nanos().saturating_mul(i128::from(share)).saturating_mul(10_i128.pow(PLACES));
    let quantity = half_even(parts, unit.saturating_mul(100));
    let (resource_id, group) = (workspace.id.to_lowercase(), workspace.spec.resource_group.to_lowercase());
    let line = Line { date, resource_id, group, category, meter, cost, quantity };
    (line.cost != 0 || line.quantity != 0).then_some(line)
}

/// How much of a day's cost has arrived by now, in percent: nothing for 8 to 20 hours after the day's end, most of it until 28
/// to 48 hours after it, then all. What counts is the last refresh.
fn arrived(seed: u64, workspace: &str, date: Date, now: Timestamp) -> u32 {
    let mut rng = stream(seed, &["bill", workspace, &date.to_string()]);
    let (first, whole) = (rng.i64(8..=20), rng.i64(28..=48));
    let refreshed = now.as_second().saturating_sub(now.as_second().rem_euclid(REFRESH_SECONDS));
    let ended = date.tomorrow().map_or(Timestamp::MAX, midnight).as_second();
    let since = refreshed.saturating_sub(ended);
    if since >= whole.saturating_mul(3_600) {
        100
    } else if since >= first.saturating_mul(3_600) {
        FIRST_SHARE
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_arrives_in_two_steps_within_three_days_and_by_the_refresh() {
        let date: Date = "2026-03-16".parse().unwrap();
        let end = midnight(date.tomorrow().unwrap());
        for seed in 0..50 {
            let share = |hours: i64| arrived(seed, "/w", date, end + SignedDuration::from_hours(hours));
            let shares: Vec<u32> = (-24..=72).map(share).collect();
            assert!(shares.is_sorted(), "{shares:?}");
            assert_eq!((share(7), share(24), share(27), share(52), share(72)), (0, 80, 80, 100, 100));
            for (hour, pair) in shares.windows(2).enumerate() {
                assert!(pair[0] == pair[1] || (hour + 1) % 4 == 0, "hour {hour} of {shares:?}");
            }
        }
        let shares = |seed| {
            (0..60).map(|hour| arrived(seed, "/w", date, end + SignedDuration::from_hours(hour))).collect::<Vec<_>>()
        };
        assert_eq!(shares(3), shares(3));
        assert!((0..9).any(|seed| shares(seed) != shares(9)));
    }
}
