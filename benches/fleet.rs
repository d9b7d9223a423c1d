//! B4, B8, B12, B13: ten thousand workspaces of ten instances in four subscriptions through a simulated day, beside what Azure's
//! limits allow and what reading in every interval takes. In virtual time, with ARM's buckets: no figure here depends on this
//! machine. `-- --short` takes a tenth of it, `-- --evening` all of it from five in the afternoon on.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a bench prints, and a broken one should stop"
)]

#[path = "support/day.rs"]
mod day;

use day::{Day, Fleet, INTERVAL, SUBSCRIPTIONS, at, lived};

fn main() {
    let is_said = |wanted: &str| std::env::args().any(|word| word == wanted);
    let fleet = Fleet { workspaces: 10_000, instances: 10, every: 5, used_of_ten: 2, from: 0, until: 24 };
    // a storm is one only beyond what a bucket holds
    let fleet = if is_said("--short") {
        Fleet { workspaces: 1_000, used_of_ten: 8, from: 6, until: 20, ..fleet }
    } else if is_said("--evening") {
        Fleet { from: 17, until: 20, ..fleet }
    } else {
        fleet
    };
    let fixed = told("every interval", run(fleet, 1));
    let adaptive = told("quiet in every third", run(fleet, 3));
    let mut over = judged(fleet, &fixed, &adaptive);
    over += usize::from(fixed.stopped() != adaptive.stopped());
    println!("equal decisions: {} stops, {} of them the same", fixed.stops.len(), same(&fixed, &adaptive));
    assert_eq!(over, 0, "a goal is missed");
}

fn run(fleet: Fleet, quiet: u32) -> Day {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(lived(fleet, quiet))
}

fn told(name: &str, day: Day) -> Day {
    let Day { lists, calls, throttled, sweeps, p99, decided_on, .. } = day;
    let stops = day.stops.len();
    println!(
        "{name}: {calls} calls, {lists} of them lists, {throttled} x 429, {sweeps} sweeps, {stops} stops, staleness p99 {p99} s, \
         a stop at most {decided_on} s after the reading behind it"
    );
    day
}

fn same(fixed: &Day, adaptive: &Day) -> usize {
    fixed.stopped().intersection(&adaptive.stopped()).count()
}

/// Prints a line a measure; how many are over their goal.
fn judged(fleet: Fleet, fixed: &Day, adaptive: &Day) -> usize {
    let is_day = fleet.until - fleet.from > 12;
    let rounds = i64::from(fleet.until - fleet.from) * 3_600 / i64::from(INTERVAL.as_secs());
    let workspaces = i64::try_from(fleet.workspaces).unwrap();
    let (last, bound) = adaptive.storm(at(19));
    let per_lane = workspaces / i64::try_from(SUBSCRIPTIONS.len()).unwrap();
    let first = (per_lane - 250).max(0) * 1_000 / 25;
    let least = workspaces * rounds + 2 * i64::try_from(fixed.stops.len()).unwrap();
    let number = |count: u64| i64::try_from(count).unwrap();
    let measures = [
        ("B4 first sweep, ms", first, adaptive.first_sweep, 110),
        ("B8 last stop of the storm, ms", bound, last, 110),
        ("B8 money until it is off, dearest first = 100", 100, i64::try_from(adaptive.order(at(19))).unwrap(), 110),
        ("B12 calls, of a page a sweep and two a stop", least, number(fixed.calls), 105),
        // an evening is all edge
        (
            "B13 calls, of those of every interval",
            number(fixed.calls),
            number(adaptive.calls),
            if is_day { 50 } else { 100 },
        ),
        ("reading and deadline apart, s", 60, adaptive.at_deadline, 100),
        ("429", 1, number(fixed.throttled + adaptive.throttled), 0),
        ("bounds of staleness not kept", 1, i64::try_from(adaptive.bound_broken).unwrap(), 0),
    ];
    let mut over = 0;
    for (name, floor, figure, goal) in measures {
        if floor == 0 {
            println!("{name}: figure {figure}, all of which a bucket holds: there is no bound");
            continue;
        }
        let ratio = (figure * 100 + floor - 1) / floor;
        let verdict = if ratio <= goal { "within" } else { "OVER" };
        over += usize::from(ratio > goal);
        println!(
            "{name}: floor {floor}, figure {figure}, ratio {}.{:02}x, {verdict} the goal of {}.{:02}x",
            ratio / 100,
            ratio % 100,
            goal / 100,
            goal % 100
        );
    }
    over
}
