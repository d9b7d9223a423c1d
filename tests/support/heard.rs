//! What a source says of an instance in tests: told once, it goes on saying so until it falls silent.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{Source, Stretch, Track, Use};
use lightsout::units::When;
use thin_vec::ThinVec;

/// An account that watched all the time between two instants.
pub(crate) fn account(source: Source, now: Use, from: Timestamp, to: Timestamp) -> Track {
    let watched = ThinVec::from([Stretch { from, to }]);
    let last_busy = if now == Use::Busy { When::at(to) } else { When::NONE };
    Track { source, now, as_of: to, words: "somebody".into(), last_busy, watched, job: None, doubt: None }
}

/// Quiet since an instant, of the time since when the last `covered` percent were watched.
pub(crate) fn quiet(since: Timestamp, covered: i64, now: Timestamp) -> Track {
    let missed = now.duration_since(since).as_millis() * i128::from(100 - covered) / 100;
    let from = since.checked_add(SignedDuration::from_millis(missed.try_into().unwrap())).unwrap();
    let track = account(Source::Agent, Use::Quiet, from, now);
    Track { last_busy: When::at(since), words: "nobody".into(), ..track }
}

/// The same source some time later, having watched and seen the same.
pub(crate) fn later(track: &Track, now: Timestamp) -> Track {
    let mut track = track.clone();
    if now <= track.as_of {
        return track;
    }
    track.as_of = now;
    match track.watched.last_mut() {
        Some(last) => last.to = now,
        None => track.watched.push(Stretch { from: now, to: now }),
    }
    if track.now == Use::Busy {
        track.last_busy = now.into();
    }
    track
}
