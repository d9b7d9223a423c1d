//! A calendar month in a zone, as instants. The months of a zone follow each other without a gap and without an overlap,
//! whatever its clocks do at midnight (S5).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// One month in one zone: half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    first: Date,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

/// The first instant of a date: 00:00 where there is one.
fn beginning(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    Some(date.to_zoned(zone.clone()).ok()?.start_of_day().ok()?.timestamp())
}

impl Month {
    fn of(first: Date, zone: &TimeZone) -> Option<Self> {
        let next = first.checked_add(1.month()).ok()?;
        Some(Self { first, from: beginning(first, zone)?, until: beginning(next, zone)? })
    }

    /// The month that an instant lies in; none at the end of all calendars.
    #[must_use]
    pub fn at(now: Timestamp, zone: &TimeZone) -> Option<Self> {
        let first = now.to_zoned(zone.clone()).date().first_of_month();
        let month = Self::of(first, zone)?;
        // Clocks that go back over midnight show the last date of a month again after the next one has begun.
        if now >= month.until {
            return Self::of(first.checked_add(1.month()).ok()?, zone);
        }
        if now < month.from {
            return Self::of(first.checked_sub(1.month()).ok()?, zone);
        }
        Some(month)
    }

    /// As journal and reports name it: `2026-11`.
    #[must_use]
    pub fn label(&self) -> String {
        self.first.strftime("%Y-%m").to_string()
    }

    /// Its ends in whole seconds since 1970, as rows have them.
    #[must_use]
    pub fn seconds(&self) -> (i64, i64) {
        (self.from.as_second(), self.until.as_second())
    }
}

#[cfg(test)]
mod tests;
