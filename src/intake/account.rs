//! From a heartbeat to an account of the instance's use.

use jiff::{SignedDuration, Timestamp};
use thin_vec::ThinVec;

use crate::facts::{DiskSight, Source, Stretch, Track, Use};
use crate::heartbeat::{Heartbeat, Kind, Sign};
use crate::units::When;

/// At most so many signals are named in an account.
const NAMED_MAX: usize = 4;

/// How far the instance's clock is behind ours, by one heartbeat: the way of the message included, to the whole second.
pub(super) fn skew_of(beat: &Heartbeat, arrived: Timestamp) -> SignedDuration {
    SignedDuration::from_secs(arrived.duration_since(beat.sent_at).as_secs())
}

/// The account, with the instance's times moved by `skew`; none is later than when they arrived.
pub(super) fn account(beat: &Heartbeat, arrived: Timestamp, skew: SignedDuration) -> Track {
    let moved = |at: Timestamp| at.checked_add(skew).unwrap_or(at).min(arrived);
    let now = says(beat);
    let last_busy = beat.signs.iter().filter_map(|sign| sign.last_busy).map(moved).max();
    let busy_now = (now == Use::Busy).then(|| moved(beat.looked_at));
    let watched: ThinVec<Stretch> =
        beat.watched.iter().map(|stretch| Stretch { from: moved(stretch.from), to: moved(stretch.to) }).collect();
    Track {
        source: Source::Agent,
        now,
        as_of: moved(beat.looked_at),
        words: words(&beat.signs, now).into(),
        last_busy: When::from(last_busy.max(busy_now)),
        watched,
        job: None,
        doubt: None,
    }
}

/// The disk with the least room, as the agent sorts them, of those that a stop depends on: the system's, and people's folders. A
/// small boot partition, or a scratch disk that is meant to be full, keeps nobody on.
pub(super) fn disk(beat: &Heartbeat, arrived: Timestamp) -> Option<DiskSight> {
    let counts = |mount: &str| mount == "/" || mount == "/home" || mount.starts_with("/home/");
    let fullest = beat.disks.iter().find(|disk| counts(&disk.mount))?;
    Some(DiskSight {
        mount: fullest.mount.as_str().into(),
        free_bytes: fullest.free_bytes,
        size_bytes: fullest.size_bytes,
        as_of: arrived,
        full_at: fullest.full_at.into(),
    })
}

/// In use anywhere is in use. Otherwise it is known where every signal that its settings require could be read: then the last
/// stretch of its watch reaches up to the look. What it need not read may be unknown.
fn says(beat: &Heartbeat) -> Use {
    let words = || beat.signs.iter().map(|sign| weight(sign.kind));
    if words().any(|word| word == Use::Busy) {
        return Use::Busy;
    }
    if beat.watched.last().is_none_or(|stretch| stretch.to < beat.looked_at) {
        return Use::Unknown;
    }
    words().filter(|word| *word != Use::Unknown).max().unwrap_or(Use::Unknown)
}

const fn weight(kind: Kind) -> Use {
    match kind {
        Kind::Quiet => Use::Quiet,
        Kind::Connected => Use::Connected,
        Kind::Unknown => Use::Unknown,
        Kind::Busy => Use::Busy,
    }
}

fn words(signs: &[Sign], now: Use) -> String {
    let telling = signs.iter().filter(|sign| weight(sign.kind) == now && now != Use::Quiet);
    let words: Vec<String> =
        telling.take(NAMED_MAX).map(|sign| format!("{}: {}", sign.signal.label(), clean(&sign.words))).collect();
    if words.is_empty() { "nobody".to_owned() } else { words.join("; ") }
}

/// What an agent writes ends up on terminals and pages.
fn clean(words: &str) -> String {
    words.chars().filter(|letter| !letter.is_control()).take(120).collect()
}
