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
    assert_eq!(stretches(&record), [pair("10:00:00", "10:01:00"), pair("10:02:00", "10:03:00")]);
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
        let (mut record, mut now) = (Record::new("b"), moment(0));
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
                sent_at: now.wall.max(looked_at), looked_at, signs: record.signs(&judged),
                watched: record.watched(), disks: Vec::new(),
            };
            let json = serde_json::to_vec(&beat).unwrap();
            prop_assert_eq!(Heartbeat::read(&json, now.wall), Ok(beat));
            prop_assert_eq!(&Record::read(&serde_json::to_vec(&record).unwrap(), "b", now.steady), &record);
        }
    }
}
