//! From the samples of an answer to accounts: a pure function, so that every edge of it can be tried.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use thin_vec::ThinVec;

use super::names::name_in;
use super::wire::Series;
use crate::facts::{Source, Stretch, Track, Use};
use crate::units::When;

/// How the samples lie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// From one point to the next.
    pub(super) step: SignedDuration,
    /// For how long the server repeats a last sample.
    pub(super) lookback: SignedDuration,
    /// When it was asked.
    pub(super) now: Timestamp,
}

/// What one name's series say: at which times there is a reading, and whether any of them says use.
#[derive(Debug, Default)]
pub(super) struct Points {
    readings: BTreeMap<Timestamp, bool>,
    /// The newest last sample of a series that says use.
    ended_busy: Option<Timestamp>,
}

/// The readings of every name, over all of its series.
pub(super) fn by_name(series: &[Series], now: Timestamp) -> BTreeMap<String, Points> {
    let mut names: BTreeMap<String, Points> = BTreeMap::new();
    for one in series {
        let Some(value) = &one.value else { continue };
        let points = names.entry(name_in(value)).or_default();
        let samples = || one.samples.iter().filter(|(at, _)| *at <= now);
        for (at, busy) in samples() {
            *points.readings.entry(*at).or_default() |= busy;
        }
        let last = samples().max_by_key(|(at, _)| *at).filter(|(_, busy)| *busy);
        points.ended_busy = points.ended_busy.max(last.map(|(at, _)| *at));
    }
    names
}

impl Points {
    /// The newest time of use.
    fn last_busy(&self) -> Option<Timestamp> {
        self.readings.iter().rev().find(|(_, busy)| **busy).map(|(at, _)| *at)
    }

    /// The account of one instance, none where nothing was read.
    pub(super) fn track(&self, label: &str, grid: Grid) -> Option<Track> {
        let (newest, busy) = self.readings.last_key_value()?;
        let last_busy = self.last_busy();
        let watched = self.watched(grid);
        let (now, as_of, words) = match (watched.last(), self.ended_busy) {
            _ if *busy => (Use::Busy, *newest, format!("the policy's expression is above 0 ({label})")),
            // another series of the name says nothing of what that one saw
            (_, Some(ended)) => {
                (Use::Busy, ended, format!("a series of the policy's expression was above 0 ({label}), and ended"))
            }
            (Some(last), None) => (Use::Quiet, last.to, format!("the policy's expression is not above 0 ({label})")),
            (None, None) => (Use::Unknown, *newest, "it has been sampled for too short a time".to_owned()),
        };
        Some(Track {
            source: Source::Promql,
            now,
            as_of,
            words: words.into(),
            last_busy: When::from(last_busy),
            watched,
            job: None,
            doubt: None,
        })
    }

    /// The account where several instances have the name: use counts for each, quiet for none. What was said of use is taken
    /// back as of that moment once the series says no more of it, and nothing counts as watched.
    pub(super) fn shared(&self, label: &str, namesakes: usize) -> Option<Track> {
        let (newest, busy) = self.readings.last_key_value()?;
        let last_busy = self.last_busy()?;
        let (now, as_of) = if *busy { (Use::Busy, *newest) } else { (Use::Quiet, last_busy) };
        let words = format!("{namesakes} instances have the name that {label} gives, and any of them may be meant");
        let watched = ThinVec::new();
        let (words, last_busy) = (words.into(), When::at(last_busy));
        Some(Track { source: Source::Promql, now, as_of, words, last_busy, watched, job: None, doubt: None })
    }

    /// The stretches without a missing point. The last point may repeat a sample that is older by the server's lookback, and
    /// stand for any moment of the step before it: so much of the end is not believed.
    fn watched(&self, grid: Grid) -> ThinVec<Stretch> {
        let slack = SignedDuration::from_millis(1);
        let mut runs: ThinVec<Stretch> = ThinVec::new();
        for at in self.readings.keys() {
            match runs.last_mut() {
                Some(run) if at.duration_since(run.to) <= grid.step.saturating_add(slack) => run.to = *at,
                Some(_) | None => runs.push(Stretch { from: *at, to: *at }),
            }
        }
        let doubt = grid.lookback.saturating_add(grid.step);
        for run in &mut runs {
            run.to = run.to.checked_sub(doubt).unwrap_or(run.from);
        }
        runs.retain(|run| run.from < run.to);
        runs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STEP: i64 = 60;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn grid() -> Grid {
        Grid { step: SignedDuration::from_secs(STEP), lookback: SignedDuration::from_mins(5), now: at(100 * STEP) }
    }

    fn series(value: &str, samples: impl IntoIterator<Item = (i64, bool)>) -> Series {
        let samples = samples.into_iter().map(|(n, busy)| (at(n * STEP), busy)).collect();
        Series { value: Some(value.to_owned()), samples }
    }

    fn track(all: &[Series]) -> Option<Track> {
        by_name(all, grid().now).get("ci-a")?.track("instance", grid())
    }

    #[test]
    fn quiet_is_believed_up_to_the_lookback_and_a_step_before_the_last_point() {
        let quiet = track(&[series("ci-a", (0..=100).map(|n| (n, false)))]).unwrap();
        assert_eq!((quiet.now, quiet.as_of), (Use::Quiet, at(94 * STEP)));
        assert_eq!(quiet.watched.as_slice(), [Stretch { from: at(0), to: at(94 * STEP) }]);
        assert!(quiet.last_busy.is_none());
    }

    #[test]
    fn use_is_believed_at_once() {
        let busy = track(&[series("CI-A:9100", (0..=100).map(|n| (n, n == 100)))]).unwrap();
        assert_eq!((busy.now, busy.as_of, busy.last_busy.known()), (Use::Busy, at(6000), Some(at(6000))));
        let was = track(&[series("ci-a", (0..=100).map(|n| (n, n == 40)))]).unwrap();
        assert_eq!((was.now, was.last_busy.known()), (Use::Quiet, Some(at(40 * STEP))));
    }

    #[test]
    fn any_series_of_an_instance_makes_it_busy_and_any_sample_is_a_watch() {
        let cpu = series("ci-a:9100", (0..=60).map(|n| (n, false)));
        let gpu = series("ci-a:9400", (50..=100).map(|n| (n, n == 100)));
        let both = track(&[cpu.clone(), gpu.clone()]).unwrap();
        assert_eq!((both.now, both.watched.len()), (Use::Busy, 1));
        assert_eq!(track(&[gpu, cpu]), Some(both), "in any order");
    }

    #[test]
    fn a_series_that_ended_while_busy_is_not_hidden_by_another() {
        let node = || series("ci-a:9100", (0..=100).map(|n| (n, false)));
        let gpu = |end: i64| series("ci-a:9400", (0..=60).map(|n| (n, n >= 20 && n <= end)));
        let lost = track(&[node(), gpu(60)]).unwrap();
        assert_eq!(
            (lost.now, lost.as_of),
            (Use::Busy, at(60 * STEP)),
            "as of then: it goes stale, and is lost from sight"
        );
        let quiet = track(&[node(), gpu(59)]).unwrap();
        assert_eq!((quiet.now, quiet.last_busy.known()), (Use::Quiet, Some(at(59 * STEP))), "it ended quiet");
    }

    #[test]
    fn a_gap_is_not_watched() {
        let gap = track(&[series("ci-a", (0..=40).chain(60..=100).map(|n| (n, false)))]).unwrap();
        let spelt: Vec<_> = gap.watched.iter().map(|s| (s.from, s.to)).collect();
        assert_eq!(spelt, [(at(0), at(34 * STEP)), (at(60 * STEP), at(94 * STEP))]);
    }

    #[test]
    fn what_has_just_begun_is_not_known_and_what_is_absent_says_nothing() {
        let new = track(&[series("ci-a", (95..=100).map(|n| (n, false)))]).unwrap();
        assert_eq!((new.now, new.watched.len()), (Use::Unknown, 0));
        assert_eq!(track(&[series("ci-a", [])]), None);
        assert_eq!(track(&[series("ci-b", [(100, true)])]), None);
        assert_eq!(track(&[Series { value: None, samples: vec![(at(0), true)] }]), None);
    }

    #[test]
    fn a_shared_name_tells_of_use_and_never_of_quiet() {
        let of = |all: &[Series]| by_name(all, grid().now).remove("ci-a").unwrap().shared("instance", 2);
        assert_eq!(of(&[series("ci-a", (0..=100).map(|n| (n, false)))]), None);
        let busy = of(&[series("ci-a", (0..=100).map(|n| (n, n == 100)))]).unwrap();
        assert_eq!((busy.now, busy.as_of, busy.watched.len()), (Use::Busy, at(6000), 0));
        let was = of(&[series("ci-a", (0..=100).map(|n| (n, n == 40)))]).unwrap();
        assert_eq!((was.now, was.as_of, was.watched.len()), (Use::Quiet, at(40 * STEP), 0));
    }

    /// Quiet, so far as it goes: how long it was watched, and up to when.
    fn quiet(track: Option<&Track>) -> Option<(Timestamp, i128)> {
        track
            .filter(|track| track.now == Use::Quiet)
            .map(|track| (track.as_of, Stretch::fill(&track.watched, at(0), grid().now)))
    }

    proptest! {
        #[test]
        fn less_data_is_never_more_quiet(samples in proptest::collection::btree_map(0_i64..=100, any::<bool>(), 0..100), dropped in any::<prop::sample::Selector>()) {
            let all = track(&[series("ci-a", samples.clone())]);
            let gone = (!samples.is_empty()).then(|| *dropped.select(samples.keys()));
            let fewer: Vec<_> = samples.into_iter().filter(|(n, busy)| *busy || Some(*n) != gone).collect();
            let less = track(&[series("ci-a", fewer)]);
            if let Some((as_of, watched)) = quiet(less.as_ref()) {
                // what says use was not dropped: no account turns quiet, and none reaches further or watched more
                let (all_as_of, all_watched) = quiet(all.as_ref()).expect("it was quiet with the sample too");
                prop_assert!(as_of <= all_as_of && watched <= all_watched);
            }
        }

        #[test]
        fn quiet_never_reaches_beyond_what_the_server_may_repeat(samples in proptest::collection::btree_map(0_i64..=100, any::<bool>(), 1..100)) {
            let newest = *samples.keys().max().unwrap();
            if let Some((as_of, _)) = quiet(track(&[series("ci-a", samples)]).as_ref()) {
                prop_assert!(as_of <= at((newest - 6) * STEP));
            }
        }
    }
}
