//! From the minutes of the runs of jobs to an account: a pure function.

use jiff::{SignedDuration, Timestamp};
use thin_vec::ThinVec;

use super::metrics::Minutes;
use crate::facts::{Source, Stretch, Track, Use};
use crate::units::When;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// Metrics come some minutes late. When none has come for so long, no run reports any more.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// The account of one instance; none where nothing was measured lately, which says nothing.
pub(super) fn track(minutes: &Minutes, now: Timestamp) -> Option<Track> {
    let (newest, busy) = minutes.range(..=now).next_back()?;
    if now.duration_since(*newest) > LATE {
        return None;
    }
    let last_busy = minutes.range(..=now).rev().find(|(_, busy)| **busy).map(|(at, _)| *at);
    let use_now = if *busy { Use::Busy } else { Use::Quiet };
    let words = if *busy { "a job's run uses its CPU or GPU" } else { "a job's run uses little of its CPU and GPU" };
    Some(Track {
        source: Source::Monitor,
        now: use_now,
        as_of: *newest,
        words: words.into(),
        last_busy: When::from(last_busy),
        watched: watched(minutes, now),
        job: None,
        doubt: None,
    })
}

/// From one reading to the next, where a minute between them at most is missing.
fn watched(minutes: &Minutes, now: Timestamp) -> ThinVec<Stretch> {
    let reach = MINUTE.saturating_mul(2);
    let mut runs: ThinVec<Stretch> = ThinVec::new();
    for (at, _) in minutes.range(..=now) {
        match runs.last_mut() {
            Some(run) if at.duration_since(run.to) <= reach => run.to = *at,
            Some(_) | None => runs.push(Stretch { from: *at, to: *at }),
        }
    }
    runs.retain(|run| run.from < run.to);
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn of(minutes: &[(i64, bool)], now: i64) -> Option<Track> {
        track(&minutes.iter().map(|(minute, busy)| (at(*minute), *busy)).collect(), at(now))
    }

    #[test]
    fn the_newest_minute_speaks_while_metrics_may_be_late() {
        let busy = of(&[(0, false), (1, true)], 11).unwrap();
        assert_eq!((busy.now, busy.as_of, busy.last_busy.known()), (Use::Busy, at(1), Some(at(1))));
        assert_eq!(of(&[(0, false), (1, true)], 12), None, "no run reports any more");
        let quiet = of(&[(0, true), (1, false), (2, false), (9, false)], 12).unwrap();
        assert_eq!((quiet.now, quiet.as_of, quiet.last_busy.known()), (Use::Quiet, at(9), Some(at(0))));
        assert_eq!(quiet.watched.as_slice(), [Stretch { from: at(0), to: at(2) }]);
        assert_eq!((of(&[], 0), of(&[(1, true)], 0)), (None, None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn less_data_is_never_more_quiet(minutes in proptest::collection::btree_map(0_i64..60, any::<bool>(), 1..60), dropped in any::<prop::sample::Index>()) {
            let all: Vec<(i64, bool)> = minutes.into_iter().collect();
            let gone = dropped.index(all.len());
            let fewer: Vec<_> = all.iter().enumerate().filter(|(n, (_, busy))| *n != gone || *busy).map(|(_, one)| *one).collect();
            if let Some(less) = of(&fewer, 60).filter(|track| track.now == Use::Quiet) {
                let more = of(&all, 60).expect("it was measured with the minute too");
                prop_assert!(more.now == Use::Quiet && less.as_of <= more.as_of);
                prop_assert!(Stretch::fill(&less.watched, at(0), at(60)) <= Stretch::fill(&more.watched, at(0), at(60)));
            }
        }
    }
}
