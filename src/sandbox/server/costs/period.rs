//! The days of a query, both ends included; usage days are days of UTC.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// More than a year is not asked for in one query; where Azure draws the line is not verified.
const DAYS_MAX: i32 = 366;

/// First and last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) first: Date,
    pub(super) last: Date,
}

impl Period {
    /// The period of a timeframe, at an instant; `custom` holds the two dates as they were written.
    pub(super) fn of(timeframe: &str, custom: Option<(&str, &str)>, now: Timestamp) -> Result<Self, String> {
        let today = date_of(now);
        match (timeframe, custom) {
            ("MonthToDate", None) => Ok(Self { first: today.first_of_month(), last: today }),
            ("TheLastMonth", None) => {
                let last = today.first_of_month().yesterday().unwrap_or(today);
                Ok(Self { first: last.first_of_month(), last })
            }
            ("Custom", Some((from, to))) => {
                let period = Self { first: read(from)?, last: read(to)? };
                let days = period.last.duration_since(period.first).as_hours().checked_div(24).unwrap_or(0);
                if !(0..i64::from(DAYS_MAX)).contains(&days) {
                    return Err("timePeriod must run forwards and cover at most a year".into());
                }
                Ok(period)
            }
            ("Custom", None) => Err("timePeriod is required for the timeframe Custom".into()),
            ("MonthToDate" | "TheLastMonth", Some(_)) => Err("timePeriod is only for the timeframe Custom".into()),
            (other, _) => Err(format!("the timeframe '{other}' is not known here")),
        }
    }

    /// How many calendar months it touches.
    pub(super) fn months(&self) -> u32 {
        let number = |date: Date| i32::from(date.year()).saturating_mul(12).saturating_add(i32::from(date.month()));
        let months = number(self.last).saturating_sub(number(self.first)).saturating_add(1);
        u32::try_from(months).unwrap_or(1)
    }

    /// The days of it from `first` to `last`, both included.
    pub(super) fn days_within(&self, first: Date, last: Date) -> impl Iterator<Item = Date> {
        let (begin, end) = (self.first.max(first), self.last.min(last));
        begin.series(1.day()).take_while(move |date| *date <= end)
    }
}

/// The day of UTC that an instant is in.
pub(super) fn date_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The first instant of a day of UTC; a day beyond the calendar never begins.
pub(super) fn midnight(date: Date) -> Timestamp {
    date.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

fn read(text: &str) -> Result<Date, String> {
    let instant = text.parse::<Timestamp>().map(date_of);
    instant.or_else(|_| text.parse()).map_err(|_| format!("'{text}' in timePeriod is no date"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(timeframe: &str, custom: Option<(&str, &str)>) -> Result<(String, String), String> {
        let now = "2026-03-23T05:00:00Z".parse().unwrap();
        Period::of(timeframe, custom, now).map(|period| (period.first.to_string(), period.last.to_string()))
    }

    #[test]
    fn timeframes_are_days_of_utc() {
        let days = |first: &str, last: &str| Ok((first.to_owned(), last.to_owned()));
        assert_eq!(period("MonthToDate", None), days("2026-03-01", "2026-03-23"));
        assert_eq!(period("TheLastMonth", None), days("2026-02-01", "2026-02-28"));
        for (from, to) in [
            ("2026-03-01T00:00:00Z", "2026-03-02T23:59:59+00:00"),
            ("2026-03-01", "2026-03-02"),
            ("2026-03-01T00:00:00", "2026-03-02T23:59:59"),
            ("2026-03-01T22:00:00-05:00", "2026-03-02T00:00:00Z"),
        ] {
            let first = if from.contains("-05:00") { "2026-03-02" } else { "2026-03-01" };
            assert_eq!(period("Custom", Some((from, to))), days(first, "2026-03-02"), "{from}");
        }
    }

    #[test]
    fn periods_that_make_no_sense_are_refused() {
        for (timeframe, custom) in [
            ("Custom", None),
            ("MonthToDate", Some(("2026-03-01", "2026-03-02"))),
            ("Custom", Some(("2026-03-02", "2026-03-01"))),
            ("Custom", Some(("2025-03-02", "2026-03-03"))),
            ("Custom", Some(("yesterday", "2026-03-03"))),
            ("Fortnight", None),
        ] {
            assert!(period(timeframe, custom).is_err(), "{timeframe} {custom:?}");
        }
    }

    #[test]
    fn months_are_those_touched() {
        let months = |from, to| Period::of("Custom", Some((from, to)), Timestamp::UNIX_EPOCH).unwrap().months();
        assert_eq!(months("2026-03-31", "2026-03-31"), 1);
        assert_eq!(months("2025-12-31", "2026-02-01"), 3);
    }
}
