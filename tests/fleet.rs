//! A fleet beyond what a token bucket holds, in virtual time over real HTTP: no 429, and everything read as fast as Azure lets
//! it. `.ci/long fleet` runs ten thousand workspaces for a day.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "../benches/support/day.rs"]
#[expect(dead_code, reason = "a part is used")]
mod day;

use day::{Day, Fleet, lived};

fn run(fleet: Fleet, quiet: u32) -> Day {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(lived(fleet, quiet))
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
