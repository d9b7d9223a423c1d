//! A full disk: Azure stops no such instance (400), so none is asked for, and whoever can make room is told.

use jiff::{SignedDuration, Timestamp};

use crate::facts::{DiskSight, EndedStop, StopResult};

/// Below this a stop is refused: Azure ML's documentation asks for 1 to 2 GB.
const FULL: u64 = 1_000_000_000;
/// From this on it should succeed again.
const ROOM: u64 = 2_000_000_000;
/// What was seen longer ago says nothing of now.
const FRESH: SignedDuration = SignedDuration::from_mins(15);

/// True when its disk is known to be full now.
#[must_use]
pub fn is_full(disk: &DiskSight, now: Timestamp) -> bool {
    disk.free_bytes < FULL && now.duration_since(disk.as_of) <= FRESH
}

/// True when there has been room again since a stop was refused for want of it: no rest is needed.
pub(super) fn has_room_since(disk: Option<&DiskSight>, refused: &EndedStop) -> bool {
    let for_that = matches!(&refused.result, StopResult::Failed(why) if why == "disk_full");
    for_that && disk.is_some_and(|disk| disk.as_of > refused.ended_at && disk.free_bytes >= ROOM)
}
