//! What is remembered over minutes, restarts, sleep and jumps of the clock.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::super::judge::Found;
use super::super::tests_support::at;
use super::*;
use crate::heartbeat::{Heartbeat, Kind, Signal};

const GAP: u64 = 150_000;

fn moment(minutes: i64) -> Moment {
    let wall = at("10:00:00").checked_add(SignedDuration::from_mins(minutes)).unwrap();
    Moment { wall, steady: 3_600_000 + u64::try_from(minutes).unwrap() * 60_000 }
}

fn judged(complete: bool, used: Option<Timestamp>) -> Judged {
    let kind = if used.is_some() { Kind::Busy } else { Kind::Quiet };
    Judged { found: vec![Found { signal: Signal::Cpu, kind, used_at: used, words: "w".to_owned() }], complete }
}

fn quiet(record: &mut Record, now: Moment) {
    record.take(&judged(true, None), &[], now, GAP);
}

fn stretches(record: &Record) -> Vec<(String, String)> {
    let text = |at: Timestamp| at.strftime("%H:%M:%S").to_string();
    record.watched().into_iter().map(|one| (text(one.from), text(one.to))).collect()
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

#[test]
fn looks_in_a_row_are_one_stretch_and_a_gap_begins_another() {
    let mut record = Record::new("b");
    for minutes in [0, 1, 2, 10, 11] {
        quiet(&mut record, moment(minutes));
    }
    assert_eq!(stretches(&record), [pair("10:00:00", "10:02:00"), pair("10:10:00", "10:11:00")]);
}

#[test]
fn a_look_that_could_not_read_all_is_no_watch() {
    let mut record = Record::new("b");
    quiet(&mut record, moment(0));
    quiet(&mut record, moment(1));
    record.take(&judged(false, None), &[], moment(2), GAP);
    quiet(&mut record, moment(3));
    assert_eq!(stretches(&record), [pair("10:00:00", "10:01:00"), pair("10:03:00", "10:03:00")]);
}

/// How many seconds the record says were watched.
fn watched_seconds(record: &Record) -> i64 {
    record.watched().into_iter().map(|one| one.to.duration_since(one.from).as_secs()).sum()
}

#[test]
fn nothing_is_watched_on_either_side_of_a_look_that_could_not_read_all() {
    let after = |count: i64, complete: fn(i64) -> bool| {
        let mut record = Record::new("b");
        for minute in 0..count {
            record.take(&judged(complete(minute), None), &[], moment(minute), GAP);
        }
        record
    };
    assert_eq!(watched_seconds(&after(61, |minute| minute % 2 == 0)), 0, "every minute has an end that was not read");
    let fifth = after(21, |minute| minute % 5 != 4);
    assert_eq!(
        stretches(&fifth),
        [
            pair("10:00:00", "10:03:00"),
            pair("10:05:00", "10:08:00"),
            pair("10:10:00", "10:13:00"),
            pair("10:15:00", "10:18:00"),
            pair("10:20:00", "10:20:00"),
        ]
    );
    assert_eq!(watched_seconds(&fifth), 12 * 60, "of twenty minutes, of which eight touch such a look");
}

#[test]
fn a_record_of_an_older_agent_is_read_and_does_not_say_whether_its_last_look_was_whole() {
    let mut record = Record::new("b");
    quiet(&mut record, moment(0));
    quiet(&mut record, moment(1));
    let mut json: serde_json::Value = serde_json::to_value(&record).unwrap();
    for new in ["whole", "sent"] {
        assert!(json.as_object_mut().unwrap().remove(new).is_some(), "{new}");
    }
    let mut old = Record::read(&serde_json::to_vec(&json).unwrap(), "b", moment(2).steady);
    assert_eq!(stretches(&old), [pair("10:00:00", "10:01:00")]);
    quiet(&mut old, moment(2));
    quiet(&mut old, moment(3));
    assert_eq!(stretches(&old), [pair("10:00:00", "10:01:00"), pair("10:02:00", "10:03:00")]);
}

#[test]
fn heartbeats_are_sent_one_after_the_other_also_when_the_clock_is_set_back() {
    let mut record = Record::new("b");
    quiet(&mut record, moment(0));
    let seconds = |ahead: i64| at("10:00:00").checked_add(SignedDuration::from_secs(ahead)).unwrap();
    let mut stamps = vec![record.stamp(seconds(10))];
    // Set back by seven seconds; and the agent starts again in between.
    for ahead in [3, 4, 4, 12] {
        let json = serde_json::to_vec(&record).unwrap();
        record = Record::read(&json, "b", moment(1).steady);
        stamps.push(record.stamp(seconds(ahead)));
    }
    assert!(stamps.is_sorted_by(|one, next| one < next), "{stamps:?}");
    assert_eq!(stamps.last(), Some(&seconds(12)), "the wall's time again, as soon as it has come so far");
    assert!(stamps[3].duration_since(seconds(10)) < SignedDuration::from_secs(1), "{stamps:?}");
    // The same fraction of a millisecond twice.
    let fraction = seconds(13).checked_add(SignedDuration::from_nanos(700)).unwrap();
    assert!(record.stamp(fraction) < record.stamp(fraction));
    // A clock that was an hour ahead was believed by nobody.
    let mut record = Record::new("b");
    record.stamp(seconds(3_600));
    quiet(&mut record, moment(0));
    assert_eq!(record.stamp(seconds(1)), seconds(1));
}

#[test]
fn a_restart_within_the_boot_loses_nothing_and_another_boot_begins_anew() {
    let mut record = Record::new("b");
    record.take(&judged(true, Some(at("10:00:00"))), &[], moment(0), GAP);
    quiet(&mut record, moment(1));
    let json = serde_json::to_vec(&record).unwrap();
    let mut again = Record::read(&json, "b", moment(2).steady);
    assert_eq!(again, record);
    quiet(&mut again, moment(2));
    assert_eq!(stretches(&again), [pair("10:00:00", "10:02:00")]);
    assert_eq!(again.signs(&judged(true, None))[0].last_busy, Some(at("10:00:00")));
    assert_eq!(Record::read(&json, "c", moment(2).steady), Record::new("c"), "another boot");
    assert_eq!(Record::read(&json, "b", 5), Record::new("b"), "from the future of this boot");
    for cut in 0..json.len() {
        assert_eq!(Record::read(&json[..cut], "b", moment(2).steady), Record::new("b"), "half a file");
    }
}

#[test]
fn sleep_and_a_clock_that_jumps_are_gaps() {
    let mut record = Record::new("b");
    quiet(&mut record, moment(0));
    quiet(&mut record, moment(1));
    // The machine slept for an hour: the steady clock counted it.
    quiet(&mut record, moment(61));
    assert_eq!(stretches(&record), [pair("10:00:00", "10:01:00"), pair("11:01:00", "11:01:00")]);
    // The wall clock is set back by half an hour; what was watched moves with it.
    let back = |minutes| Moment { wall: moment(minutes - 30).wall, ..moment(minutes) };
    quiet(&mut record, back(62));
    quiet(&mut record, back(63));
    let wanted = [pair("09:30:00", "09:31:00"), pair("10:31:00", "10:31:00"), pair("10:32:00", "10:33:00")];
    assert_eq!(stretches(&record), wanted);
}

#[test]
fn drift_of_a_clock_is_no_jump() {
    let mut record = Record::new("b");
    for minutes in 0..60 {
        let wall = moment(minutes).wall.checked_add(SignedDuration::from_millis(minutes * 100)).unwrap();
        quiet(&mut record, Moment { wall, ..moment(minutes) });
    }
    assert_eq!(record.watched().len(), 1);
}

#[test]
fn the_newest_use_is_kept_and_none_is_from_before_the_boot() {
    let mut record = Record::new("b");
    record.take(&judged(true, Some(at("09:30:00"))), &[], moment(0), GAP);
    record.take(&judged(true, Some(at("09:10:00"))), &[], moment(1), GAP);
    assert_eq!(record.signs(&judged(true, None))[0].last_busy, Some(at("09:30:00")));
    let mut other = Record::new("b");
    other.take(&judged(true, Some(at("08:30:00"))), &[], moment(0), GAP);
    assert_eq!(other.signs(&judged(true, None))[0].last_busy, None, "the boot was at nine");
}

#[test]
fn disks_are_told_the_fullest_first_with_the_day_that_they_are_full() {
    let mut record = Record::new("b");
    let room = |minutes: i64| {
        let lost = u64::try_from(minutes).unwrap() * 10_000_000;
        let disk = |mount: &str, free| Room { mount: mount.to_owned(), free, size: 120_000_000_000 };
        [disk("/mnt", 90_000_000_000), disk("/", 50_000_000_000 - lost)]
    };
    for minutes in 0..240 {
        record.take(&judged(true, None), &room(minutes), moment(minutes), GAP);
    }
    let told = record.room(&room(239));
    assert_eq!(told.iter().map(|disk| disk.mount.as_str()).collect::<Vec<_>>(), ["/", "/mnt"]);
    let hours = told[0].full_at.unwrap().duration_since(record.looked_at().unwrap()).as_hours();
    assert!((78..=80).contains(&hours), "{hours}");
    assert_eq!(told[1].full_at, None);
}

proptest! {
    /// Whatever the clocks do, what is told is a heartbeat that the service believes.
    #[test]
    fn what_is_told_never_contradicts_itself(steps in prop::collection::vec(
        (0_u64..400_000, -400_000_i64..400_000, any::<bool>(), prop::option::of(-9_000_000_i64..100_000)), 1..60))
    {
        let ahead_of = |wall: Timestamp| wall.checked_add(SignedDuration::from_mins(5)).unwrap();
        let (mut record, mut now, mut before) = (Record::new("b"), moment(0), None::<Timestamp>);
        for (steady, skew, complete, used) in steps {
            let ahead = i64::try_from(steady).unwrap() + if skew % 3 == 0 { skew } else { 0 };
            now = Moment {
                wall: now.wall.checked_add(SignedDuration::from_millis(ahead)).unwrap(),
                steady: now.steady + steady,
            };
            let used = used.map(|ago| now.wall.checked_add(SignedDuration::from_millis(ago)).unwrap());
            let judged = judged(complete, used);
            record.take(&judged, &[], now, GAP);
            let looked_at = record.looked_at().unwrap();
            let beat = Heartbeat {
                v: 1, agent: "a".to_owned(), instance: "i".to_owned(), boot: record.boot().to_owned(), seq: record.seq(),
                sent_at: record.stamp(now.wall), looked_at, signs: record.signs(&judged),
                watched: record.watched(), disks: Vec::new(),
            };
            let json = serde_json::to_vec(&beat).unwrap();
            prop_assert!(before.is_none_or(|before| beat.sent_at > before || before >= ahead_of(now.wall)));
            before = Some(beat.sent_at);
            prop_assert_eq!(Heartbeat::read(&json, now.wall), Ok(beat));
            prop_assert_eq!(&Record::read(&serde_json::to_vec(&record).unwrap(), "b", now.steady), &record);
        }
    }
}
