//! A fleet beyond what a token bucket holds, in virtual time over real HTTP: no 429, everything read as fast as Azure lets it, a
//! storm of stops as fast as Azure takes them, and quiet workspaces read more rarely to the same end. `.ci/long fleet` runs ten
//! thousand workspaces for a day.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "../benches/support/day.rs"]
mod day;

use day::{Day, Fleet, at, lived};

fn run(fleet: Fleet, quiet: u32) -> Day {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(lived(fleet, quiet))
}

#[test]
fn an_evening_of_a_large_fleet_ends_in_time_and_within_azures_limits() {
    let fleet = Fleet { workspaces: 220, instances: 10, every: 2, used_of_ten: 10, from: 18, until: 20 };
    let (fixed, adaptive) = (run(fleet, 1), run(fleet, 3));
    for day in [&fixed, &adaptive] {
        assert_eq!((day.throttled, day.stops.len()), (0, 1_120), "B4: no 429, and nothing is left on");
        let (last, bound) = day.storm(at(19));
        assert!(
            bound > 5_000 && last * 100 <= bound * 110,
            "B8: the last of the storm left after {last} ms of {bound} ms"
        );
        assert!(day.order(at(19)) <= 110, "B8: the dearest go first: {}", day.order(at(19)));
        assert!(day.at_deadline <= 60, "a reading {} s from the deadline", day.at_deadline);
        assert_eq!(day.bound_broken, 0, "what is known stays within the bound");
    }
    assert_eq!(fixed.stopped(), adaptive.stopped(), "B13: the same decisions");
    assert!(adaptive.storm(at(19)).0 <= fixed.storm(at(19)).0 + 1_000, "B13: stops are no later");
    assert!(adaptive.calls * 100 <= fixed.calls * 85, "B13: {} of {}", adaptive.calls, fixed.calls);
}

#[test]
fn every_workspace_is_read_once_as_fast_as_the_buckets_fill() {
    let fleet = Fleet { workspaces: 2_400, instances: 1, every: 1, used_of_ten: 0, from: 3, until: 4 };
    let day = run(fleet, 3);
    // 600 of each subscription, of which 250 at once
    let bound = (600 - 250) * 1_000 / 25;
    assert!(day.first_sweep * 100 <= bound * 110, "B4: {} ms of {bound} ms", day.first_sweep);
    assert_eq!(day.throttled, 0);
    assert!(day.p99 <= 15 * 60 + 30, "quiet workspaces are read in every third interval: {} s", day.p99);
}
