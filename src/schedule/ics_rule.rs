//! The one kind of iCalendar recurrence that holidays need: once a year, on a date or on an Nth weekday of a month.

use jiff::civil::{Date, Weekday};

/// The last year that a yearly event is written out for.
const LAST_YEAR: i16 = 2199;

/// A rule that gives at most one date a year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct YearlyRule {
    start: Date,
    place: Place,
    interval: i16,
    count: Option<usize>,
    until: Option<Date>,
}

/// Where in the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A day of a month; negative from its end.
    Day { month: i8, day: i8 },
    /// The Nth of a weekday in a month; negative from its end.
    Nth { month: i8, nth: i8, weekday: Weekday },
}

/// The parts of a rule as written, each at most once.
#[derive(Debug, Default)]
struct Parts<'a> {
    freq: Option<&'a str>,
    interval: Option<i16>,
    count: Option<usize>,
    until: Option<Date>,
    month: Option<i8>,
    month_day: Option<i8>,
    day: Option<(i8, Weekday)>,
}

impl YearlyRule {
    /// Reads a rule whose first date is `start`; `date` reads the value of UNTIL.
    ///
    /// The error names the part that is not supported.
    pub(super) fn parse(
        text: &str,
        start: Date,
        date: impl Fn(&str) -> Result<Date, String>,
    ) -> Result<YearlyRule, String> {
        let mut parts = Parts::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| unsupported(part))?;
            parts.take(part, key, value, &date)?;
        }
        match parts.freq {
            Some(freq) if freq.eq_ignore_ascii_case("YEARLY") => {}
            Some(freq) => return Err(unsupported(&format!("FREQ={freq}"))),
            None => return Err("RRULE has no FREQ".to_owned()),
        }
        if parts.count.is_some() && parts.until.is_some() {
            return Err("RRULE has both COUNT and UNTIL".to_owned());
        }
        let place = parts.place(start)?;
        Ok(YearlyRule { start, place, interval: parts.interval.unwrap_or(1), count: parts.count, until: parts.until })
    }

    /// Every date of the rule up to the year 2199, in order, the start first. A year without the date (29 February) has none.
    pub(super) fn dates(&self) -> Vec<Date> {
        let step = usize::try_from(self.interval).unwrap_or(1).max(1);
        let years = (self.start.year()..=LAST_YEAR.max(self.start.year())).step_by(step);
        let rest = years.filter_map(|year| self.place.in_year(year)).filter(|date| *date > self.start);
        let all = std::iter::once(self.start).chain(rest);
        all.take(self.count.unwrap_or(usize::MAX))
            .take_while(|date| self.until.is_none_or(|until| *date <= until))
            .collect()
    }
}

impl Place {
    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            Place::Day { month, day } if day > 0 => Date::new(year, month, day).ok(),
            Place::Day { month, day } => {
                let first = Date::new(year, month, 1).ok()?;
                Date::new(year, month, first.days_in_month() + 1 + day).ok()
            }
            Place::Nth { month, nth, weekday } => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
            }
        }
    }
}

impl<'a> Parts<'a> {
    fn take(
        &mut self,
        part: &str,
        key: &str,
        value: &'a str,
        date: impl Fn(&str) -> Result<Date, String>,
    ) -> Result<(), String> {
        match key.to_ascii_uppercase().as_str() {
            "FREQ" => once(&mut self.freq, value, part),
            "INTERVAL" => once(&mut self.interval, number(value, 1..=1000).ok_or_else(|| unsupported(part))?, part),
            "COUNT" => {
                let count = value.parse().ok().filter(|count| *count > 0).ok_or_else(|| unsupported(part))?;
                once(&mut self.count, count, part)
            }
            "UNTIL" => once(&mut self.until, date(value)?, part),
            "WKST" => Ok(()),
            "BYMONTH" => once(&mut self.month, small(value, 1..=12).ok_or_else(|| unsupported(part))?, part),
            "BYMONTHDAY" => once(&mut self.month_day, day_of_month(value).ok_or_else(|| unsupported(part))?, part),
            "BYDAY" => once(&mut self.day, nth_weekday(value).ok_or_else(|| unsupported(part))?, part),
            _ => Err(unsupported(part)),
        }
    }

    fn place(&self, start: Date) -> Result<Place, String> {
        match (self.month, self.month_day, self.day) {
            (Some(month), None, Some((nth, weekday))) => Ok(Place::Nth { month, nth, weekday }),
            (None, _, Some(_)) => Err(unsupported("BYDAY without BYMONTH")),
            (Some(_), Some(_), Some(_)) => Err(unsupported("BYDAY together with BYMONTHDAY")),
            (None, Some(_), None) => Err(unsupported("BYMONTHDAY without BYMONTH")),
            (month, day, None) => {
                Ok(Place::Day { month: month.unwrap_or(start.month()), day: day.unwrap_or(start.day()) })
            }
        }
    }
}

/// Keeps a value that may be given once.
fn once<T>(place: &mut Option<T>, value: T, part: &str) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("RRULE gives {part} beside another of the same kind")),
    }
}

fn unsupported(part: &str) -> String {
    format!(
        "RRULE {part} is not supported: only FREQ=YEARLY on one date or one Nth weekday of a month, with INTERVAL, COUNT or UNTIL"
    )
}

fn number(text: &str, allowed: std::ops::RangeInclusive<i16>) -> Option<i16> {
    text.parse().ok().filter(|number| allowed.contains(number))
}

fn small(text: &str, allowed: std::ops::RangeInclusive<i16>) -> Option<i8> {
    number(text, allowed).and_then(|number| i8::try_from(number).ok())
}

fn day_of_month(text: &str) -> Option<i8> {
    small(text, -31..=31).filter(|day| *day != 0)
}

/// `4TH` is the fourth Thursday, `-1MO` the last Monday.
fn nth_weekday(text: &str) -> Option<(i8, Weekday)> {
    let split = text.len().checked_sub(2)?;
    let (nth, day) = (text.get(..split)?, text.get(split..)?);
    let weekday = match day.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    };
    small(nth, -5..=5).filter(|nth| *nth != 0).map(|nth| (nth, weekday))
}
