//! How long an instance rests after a failed stop, and how often it may be stopped at all (G15).

use jiff::{SignedDuration, Timestamp};

use super::Refusal;
use super::disk::has_room_since;
use crate::facts::{DiskSight, EndedStop, History, StopResult};

/// First rest after a failure; doubles with each further one.
const FIRST_REST: SignedDuration = SignedDuration::from_mins(2);
/// The longest rest: an owner who frees the disk should not wait half a day for the next try.
const LONGEST_REST: SignedDuration = SignedDuration::from_mins(30);
/// The longest rest where the disk is full: only its owner can mend that, and is warned before every try.
const LONGEST_REST_FULL: SignedDuration = SignedDuration::from_hours(4);
/// The window in which stops of one instance are counted.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Why this instance is not stopped now, if it must rest.
pub(super) fn resting(
    history: &History,
    disk: Option<&DiskSight>,
    stops_per_day: u32,
    now: Timestamp,
) -> Option<Refusal> {
    let lately = |stop: &&EndedStop| now.duration_since(stop.ended_at) < DAY;
    let carried_out = |stop: &&EndedStop| matches!(stop.result, StopResult::Stopped | StopResult::StartedAgain);
    let stops = history.stops.iter().filter(lately).filter(carried_out).count();
    if u32::try_from(stops).unwrap_or(u32::MAX) >= stops_per_day {
        return Some(Refusal::Resting);
    }
    // what was never sent is no try, and neither adds to the run of failures nor ends it
    let tries = history.stops.iter().rev().filter(|stop| stop.result.may_have_been_sent());
    let failed: Vec<&EndedStop> = tries.take_while(|stop| stop.result.came_to_nothing()).collect();
    let last = failed.first().filter(|last| !has_room_since(disk, last))?;
    (now.duration_since(last.ended_at) < rest_after(failed.len(), &last.result)).then_some(Refusal::BackingOff)
}

/// The rest after so many failures in a row: 2, 4, 8, 16, 30 minutes; with a full disk on to 1, 2 and 4 hours.
fn rest_after(failures: usize, last: &StopResult) -> SignedDuration {
    let full = matches!(last, StopResult::Failed(why) if why == "disk_full");
    let longest = if full { LONGEST_REST_FULL } else { LONGEST_REST };
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(8);
    FIRST_REST.checked_mul(2_i32.saturating_pow(doublings)).map_or(longest, |rest| rest.min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{StopKey, UNSENT};

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
    }
    fn ended(minutes: i64, result: StopResult) -> EndedStop {
        EndedStop { key: StopKey(format!("k{minutes}").into()), asked_at: at(minutes), ended_at: at(minutes), result }
    }

    #[test]
    fn g15_three_stops_a_day_and_no_more() {
        let stops = |n: i64| History {
            stops: (0..n).map(|i| ended(i * 60, StopResult::Stopped)).collect(),
            ..History::default()
        };
        assert_eq!(resting(&stops(2), None, 3, at(200)), None);
        assert_eq!(resting(&stops(3), None, 3, at(200)), Some(Refusal::Resting));
        assert_eq!(resting(&stops(3), None, 3, at(24 * 60 + 1)), None, "the first is a day old");
        assert_eq!(resting(&stops(0), None, 0, at(0)), Some(Refusal::Resting), "0 is none");
    }

    #[test]
    fn rests_double_up_to_half_an_hour_and_end_with_a_success() {
        let rests = |why: &str| -> Vec<i64> {
            (1..9).map(|n| rest_after(n, &StopResult::Failed(why.to_owned())).as_secs() / 60).collect()
        };
        assert_eq!(rests("conflict"), [2, 4, 8, 16, 30, 30, 30, 30]);
        assert_eq!(rests("disk_full"), [2, 4, 8, 16, 32, 64, 128, 240], "only its owner can mend that");
        let failed = History {
            stops: thin_vec::thin_vec![ended(0, StopResult::Failed("conflict".to_owned()))],
            ..History::default()
        };
        assert_eq!(resting(&failed, None, 3, at(1)), Some(Refusal::BackingOff));
        assert_eq!(resting(&failed, None, 3, at(2)), None);
    }

    #[test]
    fn what_may_have_left_and_came_to_nothing_rests_and_what_never_left_changes_nothing() {
        let failed = || StopResult::Failed("conflict".to_owned());
        let dropped = |why: &str| StopResult::Dropped(why.to_owned());
        let after = |results: Vec<StopResult>| {
            let stops = results.into_iter().zip(0..).map(|(result, minute)| ended(minute, result)).collect();
            History { stops, ..History::default() }
        };
        for result in [StopResult::Gone, dropped(UNSENT), failed()] {
            assert_eq!(resting(&after(vec![result.clone()]), None, 3, at(1)), Some(Refusal::BackingOff), "{result:?}");
        }
        assert_eq!(resting(&after(vec![dropped("no_longer_due")]), None, 3, at(0)), None);
        // three failures rest 8 minutes, and a try that was throttled or withheld between them does not shorten that
        let history = after(vec![failed(), failed(), dropped("throttled"), failed(), dropped("frozen")]);
        assert_eq!(resting(&history, None, 3, at(3 + 7)), Some(Refusal::BackingOff));
        assert_eq!(resting(&history, None, 3, at(3 + 8)), None);
    }

    #[test]
    fn a_disk_that_has_room_again_ends_the_rest_and_one_that_is_full_is_known_for_a_quarter_of_an_hour() {
        let disk = |minutes: i64, free_bytes| DiskSight {
            mount: "/".into(),
            free_bytes,
            size_bytes: 120_000_000_000,
            as_of: at(minutes),
            full_at: crate::units::When::NONE,
        };
        let refused = |why: &str| History {
            stops: thin_vec::thin_vec![ended(10, StopResult::Failed(why.to_owned()))],
            ..History::default()
        };
        let rests = |why, disk: &DiskSight| resting(&refused(why), Some(disk), 3, at(11)).is_some();
        assert!(!rests("disk_full", &disk(11, 2_000_000_000)), "there is room, and it was seen since");
        assert!(rests("disk_full", &disk(11, 1_999_999_999)), "too little");
        assert!(rests("disk_full", &disk(10, 9_000_000_000)), "seen before it was refused");
        assert!(rests("conflict", &disk(11, 9_000_000_000)), "refused for another reason");
        let full = |free, now| super::super::is_full(&disk(0, free), at(now));
        assert!(full(999_999_999, 15) && !full(1_000_000_000, 0) && !full(0, 16));
    }
}
