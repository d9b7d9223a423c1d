//! The measuring of the benches, itself measured: what it counts, and what it says of it.

#[path = "../benches/support/measure.rs"]
mod measure;

use std::time::Duration;

use measure::{By, Measured, Rounds, once, peak_bytes, resident_bytes};

fn rounds(micros: &[u64]) -> Rounds {
    Rounds::new(micros.iter().map(|micros| Duration::from_micros(*micros)).collect())
}

#[test]
fn the_middle_round_counts_and_not_the_slow_one() {
    let rounds = rounds(&[9, 1, 5000, 3, 4]);
    assert_eq!(rounds.median(), Duration::from_micros(4));
    assert_eq!(rounds.spread(), (Duration::from_micros(1), Duration::from_micros(5000)));
}

#[test]
fn a_ratio_is_in_hundredths_and_never_flatters() {
    let ratio = |floor: &[u64], subject: &[u64]| Measured { floor: rounds(floor), subject: rounds(subject) }.ratio();
    assert_eq!(ratio(&[200], &[300]), Some(150));
    assert_eq!(ratio(&[300], &[301]), Some(101), "rounded up");
    assert_eq!(ratio(&[0], &[300]), None, "a floor of nothing is no floor");
    assert_eq!(ratio(&[], &[]), None);
}

#[test]
fn the_line_says_whether_the_goal_is_met() {
    let measured = Measured { floor: rounds(&[2000]), subject: rounds(&[3000]) };
    let within = "B0: floor 2.000 us (2.000 us .. 2.000 us), figure 3.000 us (3.000 us .. 3.000 us), \
                  ratio 1.50x, within the goal of 1.50x";
    assert_eq!(measured.line("B0", 1000, 150), within);
    assert!(measured.line("B0", 1000, 149).contains("OVER the goal of 1.49x"));
}

#[test]
fn both_sides_are_run_equally_often() {
    for by in [By::Thread, By::Process, By::Elapsed] {
        let (mut floor, mut subject) = (0, 0);
        let measured = Measured::alternating(by, 1, || floor += 1, || subject += 1);
        assert_eq!((floor, subject), (11, 11), "one to warm up, and ten that count: {by:?} {measured:?}");
    }
}

#[test]
fn memory_is_read_where_the_system_tells_it() {
    assert_eq!(resident_bytes().is_some(), std::path::Path::new("/proc/self/status").exists());
    assert!(resident_bytes().is_none_or(|bytes| bytes > 100_000), "a running test holds more than that");
}

#[test]
fn what_is_done_once_is_counted_and_memory_has_a_peak() {
    let mut sum = 0_u64;
    let spent = once(|| (0..20_000_000_u64).for_each(|n| sum = std::hint::black_box(sum ^ n)));
    assert!(spent.cpu > std::time::Duration::ZERO && spent.elapsed > std::time::Duration::ZERO, "{spent:?}");
    assert!(peak_bytes().unwrap() >= resident_bytes().unwrap() / 2);
}
