//! The judgement of accounts: cases by hand, and its two laws against a minute-by-minute count.

use jiff::SignedDuration;
use proptest::prelude::*;
use thin_vec::ThinVec;

use super::*;
use crate::units::When;

fn at(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_mins(minute)).unwrap()
}

fn track(source: Source, now: Use, stretches: &[(i64, i64)]) -> Track {
    let watched: ThinVec<Stretch> =
        stretches.iter().map(|(from, to)| Stretch { from: at(*from), to: at(*to) }).collect();
    let as_of = watched.last().map_or(at(0), |last| last.to);
    Track { source, now, as_of, words: "it says so".into(), last_busy: When::NONE, watched, job: None, doubt: None }
}

fn asked(needs: &[Source]) -> Asked {
    Asked {
        needs: needs.iter().copied().collect(),
        coverage: Percent::new(90).unwrap(),
        fresh_within: Span::minutes(10),
        after: Span::minutes(60),
    }
}

fn judged(tracks: &[Track], asked: Asked, now: i64) -> Activity {
    let evidence = Evidence { tracks: tracks.iter().cloned().collect(), disk: None };
    unused(&evidence, &History::default(), asked, RunStart::By(at(0)), at(now))
}

fn since(activity: &Activity) -> Option<i64> {
    match activity {
        Activity::Quiet { since, .. } => Some(since.as_second() / 60),
        Activity::Busy { .. } | Activity::Lost { .. } | Activity::Unknown(_) => None,
    }
}

#[test]
fn quiet_counts_from_the_start_where_all_was_watched() {
    let whole = track(Source::Agent, Use::Quiet, &[(0, 100)]);
    assert_eq!(since(&judged(std::slice::from_ref(&whole), asked(&[Source::Agent]), 100)), Some(0));
    assert_eq!(
        since(&judged(std::slice::from_ref(&whole), asked(&[Source::Agent]), 105)),
        Some(0),
        "five minutes of sixty are missed"
    );
    assert_eq!(
        since(&judged(std::slice::from_ref(&whole), asked(&[Source::Agent]), 107)),
        Some(101),
        "seven are too many: what may be missed lies before now"
    );
    assert_eq!(since(&judged(&[whole], asked(&[Source::Agent]), 111)), None, "not fresh any more");
}

#[test]
fn use_seen_by_anybody_begins_the_quiet_time_anew() {
    let agent = track(Source::Agent, Use::Quiet, &[(0, 100)]);
    let monitor = Track { last_busy: When::at(at(70)), ..track(Source::Monitor, Use::Quiet, &[(60, 95)]) };
    assert_eq!(since(&judged(&[agent, monitor], asked(&[Source::Agent]), 100)), Some(70));
}

#[test]
fn a_gap_moves_the_beginning_to_where_enough_was_watched() {
    let gap = track(Source::Agent, Use::Quiet, &[(0, 40), (60, 100)]);
    let judgement = judged(std::slice::from_ref(&gap), asked(&[Source::Agent]), 100);
    assert_eq!(since(&judgement), Some(54), "40 minutes watched since, and 6 of 60 may be missed");
    assert!(
        matches!(judgement, Activity::Quiet { gap: Some((Source::Agent, share)), .. } if share.get() == 66),
        "{judgement:?}"
    );
    let later = track(Source::Agent, Use::Quiet, &[(0, 40), (60, 300)]);
    assert_eq!(since(&judged(&[later], asked(&[Source::Agent]), 300)), Some(0), "20 of 300 are little");
}

#[test]
fn every_source_that_counts_has_to_say_quiet() {
    let (agent, promql) =
        (track(Source::Agent, Use::Quiet, &[(0, 100)]), track(Source::Promql, Use::Quiet, &[(30, 100)]));
    let both = asked(&[Source::Agent, Source::Promql]);
    assert_eq!(since(&judged(std::slice::from_ref(&agent), both, 100)), None, "one was never heard of");
    assert_eq!(
        since(&judged(&[agent.clone(), promql.clone()], both, 100)),
        Some(22),
        "70 minutes are nine tenths of 78"
    );
    for word in [Use::Unknown, Use::Busy] {
        let other = Track { now: word, ..promql.clone() };
        assert_eq!(since(&judged(&[agent.clone(), other], both, 100)), None, "{word:?}");
    }
    let unknown = Track { now: Use::Unknown, ..promql };
    assert_eq!(
        since(&judged(&[agent.clone(), unknown], asked(&[Source::Agent]), 100)),
        None,
        "one that spoke and does not know"
    );
    assert_eq!(since(&judged(&[agent], asked(&[]), 100)), None, "nobody counts");
}

#[test]
fn who_is_connected_is_shown_and_does_not_count() {
    let judgement = judged(&[track(Source::Agent, Use::Connected, &[(0, 100)])], asked(&[Source::Agent]), 100);
    assert_eq!(since(&judgement), Some(0));
    assert!(matches!(judgement, Activity::Quiet { connected: Some(_), .. }));
}

#[test]
fn an_account_of_an_earlier_run_says_nothing() {
    let evidence = Evidence { tracks: ThinVec::from([track(Source::Agent, Use::Busy, &[(0, 50)])]), disk: None };
    let facts = |state| {
        crate::rules::activity::in_use(&running(state), &evidence, RunStart::By(at(60)), Span::minutes(10), at(61))
    };
    assert_eq!(facts(PowerState::Running), None);
    assert!(matches!(facts(PowerState::JobRunning), Some(Activity::Busy { source: Source::Job, .. })));
    assert!(matches!(
        unused(&evidence, &History::default(), asked(&[Source::Agent]), RunStart::By(at(60)), at(61)),
        Activity::Unknown(_)
    ));
}

#[test]
fn what_was_busy_when_last_heard_of_is_lost_and_not_free() {
    let evidence = Evidence { tracks: ThinVec::from([track(Source::Agent, Use::Busy, &[(0, 50)])]), disk: None };
    let seen = |now| in_use(&running(PowerState::Running), &evidence, RunStart::By(at(0)), Span::minutes(10), at(now));
    assert!(matches!(seen(55), Some(Activity::Busy { .. })));
    assert!(matches!(seen(5_000), Some(Activity::Lost { .. })));
}

fn running(state: PowerState) -> InstanceFacts {
    serde_json::from_value(serde_json::json!({
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c",
        "created": "2026-01-01T00:00:00Z", "state": state, "size": "STANDARD_DS3_V2", "region": "westeurope", "owner": {},
        "tags": { "unknown": "missing" }, "last_operation": { "unknown": "missing" },
        "native": { "idle_shutdown": null, "schedules": [] }, "observed_at": "2026-01-01T00:00:00Z", "oddities": []
    }))
    .unwrap()
}

/// A minute: shorter than looks may be apart.
const UNIT: i64 = 1;

/// Which units of a day were watched, as stretches in minutes.
fn stretches(units: &[bool]) -> Vec<(i64, i64)> {
    let mut found: Vec<(i64, i64)> = Vec::new();
    for (unit, _) in (0..).zip(units).filter(|(_, watched)| **watched) {
        match found.last_mut().filter(|last| last.1 == unit * UNIT) {
            Some(last) => last.1 = (unit + 1) * UNIT,
            None => found.push((unit * UNIT, (unit + 1) * UNIT)),
        }
    }
    found
}

fn unit(n: usize) -> Timestamp {
    at(i64::try_from(n).unwrap() * UNIT)
}

fn found(units: &[bool], base: usize, asked: Asked) -> Timestamp {
    let watched = track(Source::Agent, Use::Quiet, &stretches(units));
    earliest_covered(&[Watch::of(&watched, unit(units.len()))], unit(base.min(units.len())), asked, unit(units.len()))
}

/// The same question by counting units: the earliest one from `base` on that is watched enough.
fn counted(units: &[bool], base: usize, after: usize) -> usize {
    let now = units.len();
    let mut units = units.to_vec();
    // the next look may come late
    let late = units.iter().rev().take_while(|watched| !**watched).count();
    if late <= 1 && late < now {
        units[now - late..].fill(true);
    }
    let missed = |from: usize| units[from..].iter().filter(|watched| !**watched).count() * 10;
    let enough =
        |from: usize| missed(from) <= after.max(now - from) && missed(from.max(now.saturating_sub(after))) <= after;
    (base..now).find(|from| enough(*from)).unwrap_or(now)
}

#[test]
fn a_gap_is_a_gap_however_short_but_the_next_look_may_come_late() {
    // every other minute could not be looked at
    let halves: Vec<(i64, i64)> = (0..100).step_by(2).map(|minute| (minute, minute + 1)).collect();
    let of = |stretches: &[(i64, i64)], now: i64| {
        judged(&[track(Source::Agent, Use::Quiet, stretches)], asked(&[Source::Agent]), now)
    };
    let Activity::Quiet { since: from, gap, .. } = of(&halves, 100) else { panic!() };
    assert!(from > at(80), "half of the time is not nine tenths of it: {from}");
    assert!(gap.is_some_and(|(source, share)| source == Source::Agent && (50..=52).contains(&share.get())), "{gap:?}");
    // watched from 40 on: quiet since shortly before that, and at every moment between two looks the same
    let seen = |until: i64, now: i64| since(&of(&[(40, until)], now));
    assert_eq!([seen(80, 80), seen(80, 81), seen(81, 82), seen(82, 82)], [Some(34); 4]);
    assert!(seen(80, 83) > Some(34), "it did not come");
    assert!(matches!(of(&[(40, 80)], 80), Activity::Quiet { used, .. } if used == at(0)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The instant lies within a unit of what counting finds, and never after.
    #[test]
    fn the_earliest_instant_is_the_counted_one(units in prop::collection::vec(prop::bool::weighted(0.9), 1..200), base in 0_usize..200, after in 10_usize..90) {
        let base = base.min(units.len());
        let asked = Asked { after: Span::minutes(u32::try_from(after).unwrap()), ..asked(&[Source::Agent]) };
        let apart = unit(counted(&units, base, after)).duration_since(found(&units, base, asked));
        prop_assert!(apart >= SignedDuration::from_millis(-2) && apart <= SignedDuration::from_mins(UNIT), "{apart}");
    }

    /// More use, or less watched, never brings it forward.
    #[test]
    fn more_use_and_less_sight_only_put_it_off(units in prop::collection::vec(any::<bool>(), 1..200), base in 0_usize..200, more in 0_usize..200, hidden in prop::collection::vec(prop::bool::weighted(0.2), 200)) {
        let less: Vec<bool> = units.iter().zip(&hidden).map(|(watched, hidden)| *watched && !hidden).collect();
        let (asked, slack) = (asked(&[Source::Agent]), SignedDuration::from_millis(2));
        prop_assert!(found(&units, base + more, asked).checked_add(slack).unwrap() >= found(&units, base, asked));
        prop_assert!(found(&less, base, asked).checked_add(slack).unwrap() >= found(&units, base, asked));
    }
}
