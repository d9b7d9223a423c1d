//! One weekly window of allowed hours, as written in a policy: `Mon-Fri 08:00-20:00`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use super::days::{WeekdaySet, day_named};

/// How a window is written, for the help of every error.
const HOW: &str = "write days and 24-hour times, such as \"Mon-Fri 08:00-20:00\", \"Mon,Wed 09:00-12:30\", \
                   \"Sun 22:00-06:00\", \"daily 07:00-19:00\", or days alone for whole days";

/// A weekly window of allowed hours: the weekdays it starts on, and its wall-clock times.
///
/// Its text is stable: what `Display` writes, `FromStr` reads back as the same window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct WeeklyWindow {
    days: WeekdaySet,
    times: Times,
}

/// The wall-clock part of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Times {
    /// From the first instant of the date to the first instant of the next date.
    WholeDay,
    /// From `start` to the first `end` after it: an `end` that is not later than `start` is on the next date.
    Between { start: Time, end: Time },
}

/// Why a text is not a window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a weekly window: {problem}")]
pub struct WindowError {
    text: String,
    problem: String,
    help: Cow<'static, str>,
}

impl WindowError {
    /// What is wrong, without the text it was found in.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// How to write it instead.
    pub fn help(&self) -> &str {
        &self.help
    }
}

impl WeeklyWindow {
    /// The weekdays on which the window starts.
    pub fn days(&self) -> WeekdaySet {
        self.days
    }

    /// Whether the window covers whole civil days, however long those are.
    pub fn is_whole_day(&self) -> bool {
        self.times == Times::WholeDay
    }

    /// Whether the window ends on the civil date after the one it starts on, `24:00` included.
    pub fn passes_midnight(&self) -> bool {
        match self.times {
            Times::WholeDay => true,
            Times::Between { start, end } => end <= start,
        }
    }

    /// The wall-clock start and end of the window that starts on `date`, as written; midnight for whole days.
    ///
    /// `None` only at the end of the calendar, where there is no next date.
    pub fn written_on(&self, date: Date) -> Option<(DateTime, DateTime)> {
        let (start, end) = match self.times {
            Times::WholeDay => (Time::midnight(), Time::midnight()),
            Times::Between { start, end } => (start, end),
        };
        let last = if self.passes_midnight() { date.tomorrow().ok()? } else { date };
        Some((date.to_datetime(start), last.to_datetime(end)))
    }
}

impl fmt::Display for WeeklyWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.times {
            Times::WholeDay => write!(f, "{} 00:00-24:00", self.days),
            Times::Between { start, end } => {
                write!(f, "{} {:02}:{:02}-", self.days, start.hour(), start.minute())?;
                let hour = if end == Time::midnight() { 24 } else { end.hour() };
                write!(f, "{:02}:{:02}", hour, end.minute())
            }
        }
    }
}

impl From<WeeklyWindow> for String {
    fn from(window: WeeklyWindow) -> String {
        window.to_string()
    }
}

impl TryFrom<String> for WeeklyWindow {
    type Error = WindowError;

    fn try_from(text: String) -> Result<WeeklyWindow, WindowError> {
        text.parse()
    }
}

impl schemars::JsonSchema for WeeklyWindow {
    fn schema_name() -> Cow<'static, str> {
        "WeeklyWindow".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Weekdays and 24-hour wall-clock times in the policy's zone: \"Mon-Fri 08:00-20:00\", \
                            \"Sun 22:00-06:00\" (passes midnight), \"daily 07:00-19:00\", or days alone for whole days.",
            "examples": ["Mon-Fri 08:00-20:00", "Sun 22:00-06:00", "Mon,Wed 09:00-12:30", "daily 07:00-19:00", "Sat-Sun"],
        })
    }
}

impl FromStr for WeeklyWindow {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<WeeklyWindow, WindowError> {
        parse(text).map_err(|fault| WindowError {
            text: text.to_owned(),
            problem: fault.problem,
            help: fault.help.unwrap_or(Cow::Borrowed(HOW)),
        })
    }
}

/// A problem and, where there is a better one than [`HOW`], its help.
struct Fault {
    problem: String,
    help: Option<Cow<'static, str>>,
}

fn fault<T>(problem: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { problem: problem.into(), help: None })
}

fn fault_with<T>(problem: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Result<T, Fault> {
    Err(Fault { problem: problem.into(), help: Some(help.into()) })
}

fn parse(text: &str) -> Result<WeeklyWindow, Fault> {
    let tidy = tidy(text);
    let parts: Vec<&str> = tidy.split(' ').filter(|part| !part.is_empty()).collect();
    let (days, times) = match parts.as_slice() {
        [] => return fault("it is empty"),
        [only] if starts_with_digit(only) => {
            return fault_with(
                "it names no day",
                format!("say on which days, such as \"daily {only}\" or \"Mon-Fri {only}\""),
            );
        }
        [days] => (*days, None),
        [days, times] => (*days, Some(*times)),
        [_, _, extra, ..] => {
            return fault_with(
                format!("\"{extra}\" is more than days and times"),
                "write one window a string: a list of strings holds several",
            );
        }
    };
    let days = parse_days(days)?;
    let times = times.map_or(Ok(Times::WholeDay), parse_times)?;
    Ok(WeeklyWindow { days, times })
}

/// One space between words, none around dashes and commas, and plain dashes for the typographic ones.
fn tidy(text: &str) -> String {
    let plain = text.replace(['\u{2013}', '\u{2212}', '\u{2014}'], "-");
    let mut tidy = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in ["-", ","] {
        for spaced in [format!(" {mark}"), format!("{mark} ")] {
            tidy = tidy.replace(&spaced, mark);
        }
    }
    tidy
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

fn parse_days(text: &str) -> Result<WeekdaySet, Fault> {
    if text.eq_ignore_ascii_case("daily") {
        return Ok(WeekdaySet::ALL);
    }
    let mut days = WeekdaySet::default();
    for item in text.split(',') {
        match item.split_once('-') {
            None => days.insert(parse_day(item)?),
            Some((first, last)) => {
                let (first, last) = (parse_day(first)?, parse_day(last)?);
                if first == last {
                    return fault_with(
                        format!("the range \"{item}\" starts and ends on the same day"),
                        "write that day once, or \"daily\" for every day",
                    );
                }
                days.insert_range(first, last);
            }
        }
    }
    Ok(days)
}

fn parse_day(text: &str) -> Result<jiff::civil::Weekday, Fault> {
    match day_named(text) {
        Some(day) => Ok(day),
        None if text.is_empty() => fault("a day is missing beside a comma or dash"),
        None => fault_with(
            format!("\"{text}\" is not a day"),
            "days are Mon Tue Wed Thu Fri Sat Sun, their full English names, or \"daily\"",
        ),
    }
}

fn parse_times(text: &str) -> Result<Times, Fault> {
    let Some((start, end)) = text.split_once('-') else {
        return fault_with(format!("\"{text}\" is one time, not two"), "write start and end, such as 08:00-20:00");
    };
    let (start, end) = (parse_time(start)?, parse_time(end)?);
    match (start, end) {
        (None, _) => fault_with("it starts at 24:00", "start the next day at 00:00 instead"),
        (Some(start), None) if start == Time::midnight() => Ok(Times::WholeDay),
        (Some(start), None) => Ok(Times::Between { start, end: Time::midnight() }),
        (Some(start), Some(end)) if start == end => fault_with(
            "it starts and ends at the same time",
            "write the days alone, or 00:00-24:00, for whole days; two windows for 24 hours from another time",
        ),
        (Some(start), Some(end)) => Ok(Times::Between { start, end }),
    }
}

/// A 24-hour time; `None` is 24:00.
fn parse_time(text: &str) -> Result<Option<Time>, Fault> {
    let not_a_time =
        || fault_with(format!("\"{text}\" is not a time"), "write 24-hour times as HH:MM, such as 08:00 or 17:30");
    let Some((hour, minute)) = text.split_once(':') else {
        return not_a_time();
    };
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 {
        return not_a_time();
    }
    let (Some(hour), Some(minute)) = (number(hour), number(minute)) else {
        return not_a_time();
    };
    if (hour, minute) == (24, 0) {
        return Ok(None);
    }
    match Time::new(hour, minute, 0, 0) {
        Ok(time) => Ok(Some(time)),
        Err(_) => fault_with(
            format!("there is no time \"{text}\" in a day"),
            "times run from 00:00 to 23:59, and 24:00 as an end",
        ),
    }
}

/// A number of digits only: no sign, no space.
fn number(text: &str) -> Option<i8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests;
