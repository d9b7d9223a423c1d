//! The heartbeat of a look, put together from the record and the newest signs.

use jiff::Timestamp;

use super::facts::Room;
use super::judge::Judged;
use super::record::Record;
use crate::heartbeat::{Heartbeat, VERSION};

/// The program's version.
pub const AGENT: &str = env!("CARGO_PKG_VERSION");

/// The heartbeat, as sent at `sent_at`.
#[must_use]
pub fn heartbeat(
    record: &Record,
    (judged, disks): (&Judged, &[Room]),
    instance: &str,
    sent_at: Timestamp,
) -> Heartbeat {
    let looked_at = record.looked_at().unwrap_or(sent_at);
    Heartbeat {
        v: VERSION,
        agent: AGENT.to_owned(),
        instance: instance.to_owned(),
        boot: record.boot().to_owned(),
        seq: record.seq(),
        // The wall clock may have been set back a little since.
        sent_at: sent_at.max(looked_at),
        looked_at,
        signs: record.signs(judged),
        watched: record.watched(),
        disks: record.room(disks),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::record::Moment;
    use super::super::rules::{Rules, parse};
    use super::super::status::{Heard, Sending, Status};
    use super::super::tests_support::{at, empty_look};
    use super::*;
    use crate::heartbeat::Answer;

    const GAP: u64 = 150_000;

    fn sent() -> (Heartbeat, Record) {
        let judged = super::super::judge::judge(&empty_look(), &Rules::default());
        let disks = [Room { mount: "/".to_owned(), free: 7, size: 9 }];
        let mut record = Record::new("b");
        for minutes in 0..2 {
            let wall = at(&format!("10:0{minutes}:00"));
            record.take(&judged, &disks, Moment { wall, steady: 3_600_000 + minutes * 60_000 }, GAP);
        }
        (heartbeat(&record, (&judged, &disks), "/subscriptions/s/x", at("10:01:01")), record)
    }

    #[test]
    fn a_heartbeat_of_every_signal_is_small_and_believed() {
        let (beat, _) = sent();
        let json = serde_json::to_vec(&beat).unwrap();
        assert!(json.len() < 3_000, "{}", json.len());
        assert_eq!(Heartbeat::read(&json, at("10:01:02")), Ok(beat.clone()));
        assert_eq!((beat.signs.len(), beat.watched.len(), beat.disks.len(), beat.seq), (9, 1, 1, 2));
        let earlier = Heartbeat { sent_at: at("10:01:00"), ..beat };
        let (judged, disks, record) = (super::super::judge::judge(&empty_look(), &Rules::default()), [], sent().1);
        let set_back = heartbeat(&record, (&judged, &disks), "i", at("10:00:59"));
        assert_eq!(
            set_back.sent_at, earlier.sent_at,
            "a clock that was set back a little sends nothing from before the look"
        );
    }

    fn spoilt() -> impl Strategy<Value = Vec<u8>> {
        let json = serde_json::to_vec(&sent().0).unwrap();
        let length = json.len();
        let change =
            (0..length, prop_oneof![any::<u8>(), prop::sample::select(b"\"{}[],:0-eE.Z".to_vec())], 0..3_usize);
        prop::collection::vec(change, 1..6).prop_map(move |changes| {
            let mut bytes = json.clone();
            for (place, byte, cut) in changes {
                let place = place.min(bytes.len().saturating_sub(1));
                bytes.splice(place..bytes.len().min(place + cut), [byte]);
            }
            bytes
        })
    }

    proptest! {
        #[test]
        fn what_is_believed_of_a_spoilt_heartbeat_is_still_one(bytes in spoilt()) {
            if let Ok(beat) = Heartbeat::read(&bytes, at("10:01:02")) {
                let again = Heartbeat::read(&serde_json::to_vec(&beat).unwrap(), at("10:01:02"));
                prop_assert_eq!(again, Ok(beat));
            }
        }

        #[test]
        fn whatever_the_service_answers_can_be_shown(
            (next_in, seconds) in (any::<u32>(), -9_999_999_999_i64..99_999_999_999),
            (action, why) in (prop::option::of(".{0,12}"), prop::collection::vec(".{0,40}", 0..4)),
        ) {
            let stop_at = Timestamp::from_second(seconds).ok();
            let answer = Answer { at: at("10:00:00"), next_in, action, stop_at, why, policy: None };
            let read: Answer = serde_json::from_slice(&serde_json::to_vec(&answer).unwrap()).unwrap();
            let status = Status {
                agent: AGENT.to_owned(), instance: None, looked_at: at("10:00:00"), every: 60, signs: Vec::new(),
                watched: Vec::new(), disks: Vec::new(), low_bytes: 0, sending: Sending::Arrived,
                answer: Some(Heard { at: at("10:00:00"), answer: read }),
            };
            let text = status.text(at("10:00:01"));
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        }

        #[test]
        fn no_settings_make_the_reader_panic(text in "(\\[(look|cpu|gpu|x)\\]\n|(every|url|ignore|urls) = (\"[ -~]{0,9}\"|\\[.{0,5}\\]|-?[0-9]{0,20})\n|.{0,4}){0,8}") {
            drop(parse("agent.toml", &text));
        }
    }
}
