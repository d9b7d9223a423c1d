//! Days of a bill: whole days of UTC, as Azure counts usage.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

/// From one day to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySpan {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

impl DaySpan {
    /// The days that are to be compared at an instant: those that ended at least `after` ago, and no longer ago than
    /// `look_back`. None when there is no such day.
    #[must_use]
    pub fn due(now: Timestamp, after: SignedDuration, look_back: SignedDuration) -> Option<Self> {
        let settled = now.checked_sub(after).ok()?;
        let last = day_of(settled.as_second()).yesterday().ok()?;
        let first = day_of(now.checked_sub(look_back).ok()?.as_second());
        (first <= last).then_some(Self { first, last })
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Date> {
        let last = self.last;
        self.first.series(1.day()).take_while(move |day| *day <= last)
    }

    /// True for a day within.
    #[must_use]
    pub fn holds(&self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }

    /// Its first second and the first one after it, since 1970.
    #[must_use]
    pub fn seconds(&self) -> (i64, i64) {
        (midnight(self.first), self.last.tomorrow().map_or(i64::MAX, midnight))
    }
}

/// The day that a second since 1970 is in.
#[must_use]
pub fn day_of(second: i64) -> Date {
    let at = Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX });
    at.to_zoned(TimeZone::UTC).date()
}

/// The first second of a day, since 1970.
#[must_use]
pub fn midnight(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map_or(i64::MAX, |zoned| zoned.timestamp().as_second())
}
