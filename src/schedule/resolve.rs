//! From a written wall-clock time to an instant: gaps, folds and days without a midnight (S3, S4, S5).

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::edge::{Choice, EdgeKind, EdgeNote};

/// A written time, the instant it means, and what was odd about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) at: Timestamp,
    pub(super) written: DateTime,
    pub(super) note: Option<EdgeNote>,
}

/// The instant of a written time: moved past a gap by its length, in a fold the later one for an end of hours and the
/// earlier one for a start.
///
/// `None` only at the ends of the library's calendar.
pub(super) fn written_time(zone: &TimeZone, written: DateTime, kind: EdgeKind) -> Option<Resolved> {
    let ambiguous = zone.to_ambiguous_timestamp(written);
    let (at, note) = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => (ambiguous.compatible().ok()?, None),
        AmbiguousOffset::Gap { .. } => {
            let at = ambiguous.compatible().ok()?;
            (at, Some(EdgeNote::Gap { written, moved_to: zone.to_datetime(at) }))
        }
        AmbiguousOffset::Fold { .. } => match kind {
            EdgeKind::On => (ambiguous.earlier().ok()?, Some(EdgeNote::Fold { chosen: Choice::Earlier })),
            EdgeKind::Off => (ambiguous.later().ok()?, Some(EdgeNote::Fold { chosen: Choice::Later })),
        },
    };
    Some(Resolved { at, written, note })
}

/// The first instant of a civil date, or of the next date that exists where the zone skipped this one.
pub(super) fn start_of_day(zone: &TimeZone, date: Date) -> Option<Resolved> {
    let written = date.to_datetime(jiff::civil::Time::midnight());
    let first = date.to_zoned(zone.clone()).ok()?.start_of_day().ok()?;
    let moved_to = first.datetime();
    let note = (moved_to != written).then_some(EdgeNote::Gap { written, moved_to });
    Some(Resolved { at: first.timestamp(), written, note })
}

/// The end of a whole civil date: where the next one starts, or, where the clocks go back over midnight and show the
/// date once more, the second midnight (S4 before S5: nobody's Friday ends while the clock still says Friday).
pub(super) fn end_of_day(zone: &TimeZone, date: Date) -> Option<Resolved> {
    let next = date.tomorrow().ok()?;
    let written = next.to_datetime(jiff::civil::Time::midnight());
    let first = start_of_day(zone, next)?;
    let second = zone.to_ambiguous_timestamp(written).later().ok()?;
    let again =
        second > first.at && zone.to_datetime(second.checked_sub(SignedDuration::from_secs(1)).ok()?).date() < next;
    let note = Some(EdgeNote::Fold { chosen: Choice::Later });
    Some(if again { Resolved { at: second, written, note } } else { first })
}
