//! Zones by name, their offset changes, and which zone data is in use.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::Serialize;

/// The most changes that one call lists; a zone has two a year.
const MOST_CHANGES: usize = 4096;

/// Why a zone name gives no zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{name}\" is not a time zone of the IANA database: write one such as Europe/Berlin or America/New_York, or UTC"
)]
pub struct ZoneError {
    /// The name as written.
    pub name: String,
}

/// One change of a zone's offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ZoneChange {
    /// The first instant with the new offset.
    pub at: Timestamp,
    /// The offset until then, in seconds east of UTC.
    pub from_offset: i32,
    /// The offset from then on, in seconds east of UTC.
    pub to_offset: i32,
}

/// The zone of an IANA name, in any case.
///
/// # Errors
/// `ZoneError` for a name that the database does not hold, and for `Etc/Unknown`, which the library treats as UTC (S17).
pub fn load_zone(name: &str) -> Result<TimeZone, ZoneError> {
    let refused = || ZoneError { name: name.to_owned() };
    let zone = TimeZone::get(name).map_err(|_| refused())?;
    if zone.is_unknown() { Err(refused()) } else { Ok(zone) }
}

/// The offset changes of a zone in (from, to], in order; a change of the abbreviation alone is none.
///
/// At most 4096 are given, which is two thousand years of summer time.
pub fn transitions(zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<ZoneChange> {
    let mut before = zone.to_offset(from);
    let mut changes = Vec::new();
    for next in zone.following(from).take(MOST_CHANGES) {
        let at = next.timestamp();
        if at > to {
            break;
        }
        let after = next.offset();
        if after != before {
            changes.push(ZoneChange { at, from_offset: seconds(before), to_offset: seconds(after) });
        }
        before = after;
    }
    changes
}

fn seconds(offset: Offset) -> i32 {
    offset.seconds()
}

/// Where the zone data comes from, in the library's own words, for status pages and `doctor`.
pub fn tzdb_source() -> String {
    format!("{:?}", jiff::tz::db())
}
