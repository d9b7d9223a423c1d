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
