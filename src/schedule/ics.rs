//! Dates out of an iCalendar text (RFC 5545): all-day and timed events, and those that come back every year.
//!
//! A calendar is read whole or not at all: an event that is not understood makes the calendar unreadable, because a
//! missing date would have somebody's machine stopped.

use icalendar::parser::{Component, Property, read_calendar, unfold};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::dates::DateRange;
use super::ics_rule::YearlyRule;

/// How deep components may nest; a calendar needs three levels, and the library's reader recurses.
const DEEPEST: usize = 8;

/// The most dates and ranges that one calendar may give, yearly events written out.
const MOST_ENTRIES: usize = 100_000;

/// Why a calendar cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IcsError {
    /// The text is not an iCalendar, or ends early.
    #[error("line {line}: {problem}")]
    Structure {
        /// The line of the text, from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// One event is not understood.
    #[error("event \"{event}\": {problem}")]
    Event {
        /// The summary of the event, or what else names it.
        event: String,
        /// What is not understood, and what to write instead.
        problem: String,
    },
    /// The calendar holds more dates than anyone's holidays.
    #[error("the calendar gives more than {MOST_ENTRIES} dates: give a calendar that holds holidays only")]
    TooMany,
}

/// The civil dates of every event, with its summary, in the order of the text; yearly events are written out to 2199.
///
/// All-day events cover DTSTART up to the day before DTEND. Timed events cover each date that they touch by their own
/// wall clock; those written in UTC by the clock of `zone`, the zone of whoever asks. Cancelled events give nothing.
///
/// # Errors
/// `IcsError` naming the line or the event; nothing is read of a calendar with an error.
pub fn parse_ics(text: &str, zone: &TimeZone) -> Result<Vec<(DateRange, String)>, IcsError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_structure(text)?;
    let plain = unfold(&text.replace("\r\n", "\n"));
    let calendar =
        read_calendar(&plain).map_err(|problem| IcsError::Structure { line: 1, problem: first_line(&problem) })?;
    let mut entries = Vec::new();
    for event in calendar.components.iter().filter(|part| part.name.as_str().eq_ignore_ascii_case("VEVENT")) {
        let name = name_of(event);
        let ranges = ranges_of(event, zone).map_err(|problem| IcsError::Event { event: name.clone(), problem })?;
        entries.extend(ranges.into_iter().map(|range| (range, name.clone())));
        if entries.len() > MOST_ENTRIES {
            return Err(IcsError::TooMany);
        }
    }
    Ok(entries)
}

/// Checks what the library's reader does not: one whole calendar, nothing cut off, no line without a value.
fn check_structure(text: &str) -> Result<(), IcsError> {
    let mut open: Vec<String> = Vec::new();
    let mut closed = false;
    let mut number = 0;
    for line in text.lines() {
        number += 1;
        if line.trim().is_empty() || (line.starts_with([' ', '\t']) && !open.is_empty()) {
            continue;
        }
        let refused = |problem: &str| Err(IcsError::Structure { line: number, problem: problem.to_owned() });
        let Some((name, value)) = line.split_once(':') else {
            return refused("not of the form NAME:value");
        };
        let value = value.trim().to_ascii_uppercase();
        match name.to_ascii_uppercase().as_str() {
            _ if closed => return refused("text after END:VCALENDAR; give one calendar a file"),
            "BEGIN" if open.is_empty() && value != "VCALENDAR" => {
                return refused("not an iCalendar: it must begin with BEGIN:VCALENDAR");
            }
            "BEGIN" if open.len() >= DEEPEST => return refused("components nested too deep"),
            "BEGIN" => open.push(value),
            "END" if open.pop().as_ref() != Some(&value) => {
                return refused("an END that fits no BEGIN");
            }
            "END" => closed = open.is_empty(),
            _ if open.is_empty() => {
                return refused("not an iCalendar: it must begin with BEGIN:VCALENDAR");
            }
            _ => {}
        }
    }
    match open.last() {
        Some(name) => Err(IcsError::Structure {
            line: number,
            problem: format!("the text ends before END:{name}; it may be cut off"),
        }),
        None if closed => Ok(()),
        None => Err(IcsError::Structure { line: number.max(1), problem: "the text is empty".to_owned() }),
    }
}

fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("not readable").to_owned()
}

/// The summary of an event on one line, or its UID.
fn name_of(event: &Component<'_>) -> String {
    let text = property(event, "SUMMARY").or_else(|| property(event, "UID")).map_or("", |found| found.val.as_str());
    let tidy: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(120).collect();
    let tidy = tidy.trim();
    if tidy.is_empty() { "unnamed event".to_owned() } else { tidy.to_owned() }
}

fn property<'a>(event: &'a Component<'a>, name: &str) -> Option<&'a Property<'a>> {
    event.properties.iter().find(|found| found.name.as_str().eq_ignore_ascii_case(name))
}

/// The dates of one event, once or every year.
fn ranges_of(event: &Component<'_>, zone: &TimeZone) -> Result<Vec<DateRange>, String> {
    if property(event, "STATUS").is_some_and(|status| status.val.as_str().eq_ignore_ascii_case("CANCELLED")) {
        return Ok(Vec::new());
    }
    for refused in ["RDATE", "EXRULE", "RECURRENCE-ID"] {
        if property(event, refused).is_some() {
            return Err(format!("{refused} is not read here: write each such date as an event of its own"));
        }
    }
    let once = first_range(event, zone)?;
    let Some(rule) = property(event, "RRULE") else {
        return Ok(vec![once]);
    };
    let rule = YearlyRule::parse(rule.val.as_str(), once.first(), |value| Ok(moment(value, zone)?.date()))?;
    let left_out = excluded(event, zone)?;
    let days = once.first().until(once.last()).map_err(|error| error.to_string())?;
    let starts = rule.dates().into_iter().filter(|date| !left_out.contains(date));
    starts.map(|first| range(first, first.saturating_add(days))).collect()
}

fn range(first: Date, last: Date) -> Result<DateRange, String> {
    DateRange::new(first, last).map_err(|_| "it ends before it starts".to_owned())
}

/// The dates that EXDATE takes out of a yearly event.
fn excluded(event: &Component<'_>, zone: &TimeZone) -> Result<Vec<Date>, String> {
    let named = event.properties.iter().filter(|found| found.name.as_str().eq_ignore_ascii_case("EXDATE"));
    named.flat_map(|found| found.val.as_str().split(',')).map(|value| Ok(moment(value, zone)?.date())).collect()
}

/// A DATE or a DATE-TIME; the latter by its own wall clock, or by the zone of whoever asks where it is in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Day(Date),
    Clock(DateTime),
}

impl Moment {
    fn date(self) -> Date {
        match self {
            Moment::Day(date) => date,
            Moment::Clock(clock) => clock.date(),
        }
    }
}

fn moment(value: &str, zone: &TimeZone) -> Result<Moment, String> {
    let value = value.trim();
    let refused = || format!("\"{value}\" is not a date: expected such as 20261225 or 20261225T090000");
    if value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Date::strptime("%Y%m%d", value).map(Moment::Day).map_err(|_| refused());
    }
    let (clock, utc) = value.strip_suffix(['Z', 'z']).map_or((value, false), |clock| (clock, true));
    if clock.len() != 15 {
        return Err(refused());
    }
    let clock = DateTime::strptime("%Y%m%dT%H%M%S", clock).map_err(|_| refused())?;
    if !utc {
        return Ok(Moment::Clock(clock));
    }
    let instant: Timestamp = TimeZone::UTC.to_timestamp(clock).map_err(|_| refused())?;
    Ok(Moment::Clock(zone.to_datetime(instant)))
}

/// The dates of an event without its recurrence.
fn first_range(event: &Component<'_>, zone: &TimeZone) -> Result<DateRange, String> {
    let start = property(event, "DTSTART").ok_or("it has no DTSTART: give it a date")?;
    let start = moment(start.val.as_str(), zone)?;
    let end = match (property(event, "DTEND"), property(event, "DURATION")) {
        (Some(end), _) => Some(moment(end.val.as_str(), zone)?),
        (None, Some(length)) => Some(later(start, length.val.as_str())?),
        (None, None) => None,
    };
    match (start, end) {
        (Moment::Day(day), None) => Ok(DateRange::single(day)),
        (Moment::Clock(clock), None) => Ok(DateRange::single(clock.date())),
        (Moment::Day(first), Some(Moment::Day(end))) => days(first, end),
        (Moment::Clock(first), Some(Moment::Clock(end))) => touched(first, end),
        (Moment::Day(_), Some(Moment::Clock(_))) | (Moment::Clock(_), Some(Moment::Day(_))) => {
            Err("DTSTART and DTEND must both be dates or both be times".to_owned())
        }
    }
}

/// The dates of an all-day event, whose end is not part of it; an end equal to the start is taken for one day.
fn days(first: Date, end: Date) -> Result<DateRange, String> {
    let last = if end > first { end.yesterday().map_err(|error| error.to_string())? } else { end };
    range(first, last)
}

/// The dates that a timed event touches; midnight as its end touches nothing of that date.
fn touched(first: DateTime, end: DateTime) -> Result<DateRange, String> {
    if end < first {
        return Err("it ends before it starts".to_owned());
    }
    let open = end > first && end.time() == Time::midnight();
    let last = if open { end.date().yesterday().map_err(|error| error.to_string())? } else { end.date() };
    range(first.date(), last)
}

/// The moment a DURATION after another.
fn later(start: Moment, length: &str) -> Result<Moment, String> {
    let refused = || format!("DURATION \"{length}\" is not a length of time: expected such as P1D or PT8H");
    let span: Span = length.trim().parse().map_err(|_| refused())?;
    match start {
        Moment::Day(day) => day.checked_add(span).map(Moment::Day).map_err(|_| refused()),
        Moment::Clock(clock) => clock.checked_add(span).map(Moment::Clock).map_err(|_| refused()),
    }
}

#[cfg(test)]
mod tests;
