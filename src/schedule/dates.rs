//! A range of civil dates: `2026-12-25` or `2026-12-24..2027-01-02`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Civil dates from `first` to `last`, both included; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DateRange {
    first: Date,
    last: Date,
}

/// Why a text is not a date or a range of dates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateRangeError {
    /// A part of the text is not a date of the calendar.
    #[error("\"{part}\" is not a date: write YYYY-MM-DD, such as 2026-12-25, or a range as 2026-12-24..2027-01-02")]
    NotADate {
        /// The part as written.
        part: String,
    },
    /// The range ends before it starts.
    #[error("the range ends on {last}, before it starts on {first}: swap the two dates")]
    Backwards {
        /// The first date as written.
        first: Date,
        /// The last date as written.
        last: Date,
    },
}

impl DateRange {
    /// One date.
    pub fn single(date: Date) -> DateRange {
        DateRange { first: date, last: date }
    }

    /// The dates from `first` to `last`, both included.
    ///
    /// # Errors
    /// `Backwards` where `last` comes before `first`.
    pub fn new(first: Date, last: Date) -> Result<DateRange, DateRangeError> {
        if last < first { Err(DateRangeError::Backwards { first, last }) } else { Ok(DateRange { first, last }) }
    }

    /// The first date.
    pub fn first(&self) -> Date {
        self.first
    }

    /// The last date, which is part of the range.
    pub fn last(&self) -> Date {
        self.last
    }

    /// Whether the date is in the range.
    pub fn contains(&self, date: Date) -> bool {
        self.first <= date && date <= self.last
    }
}

impl fmt::Display for DateRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}..{}", self.first, self.last) }
    }
}

impl FromStr for DateRange {
    type Err = DateRangeError;

    fn from_str(text: &str) -> Result<DateRange, DateRangeError> {
        match text.split_once("..") {
            None => Ok(DateRange::single(date(text)?)),
            Some((first, last)) => DateRange::new(date(first)?, date(last)?),
        }
    }
}

/// A date written YYYY-MM-DD and nothing else: a time or a zone beside it would be ignored silently.
fn date(text: &str) -> Result<Date, DateRangeError> {
    let text = text.trim();
    let refused = || DateRangeError::NotADate { part: text.to_owned() };
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(
            |(at, byte)| {
                if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() }
            },
        );
    if shaped { text.parse().map_err(|_| refused()) } else { Err(refused()) }
}

impl From<DateRange> for String {
    fn from(range: DateRange) -> String {
        range.to_string()
    }
}

impl TryFrom<String> for DateRange {
    type Error = DateRangeError;

    fn try_from(text: String) -> Result<DateRange, DateRangeError> {
        text.parse()
    }
}

impl schemars::JsonSchema for DateRange {
    fn schema_name() -> Cow<'static, str> {
        "DateRange".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A civil date, or a range of them with both ends included.",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(\\.\\.[0-9]{4}-[0-9]{2}-[0-9]{2})?$",
            "examples": ["2026-12-25", "2026-12-24..2027-01-02"],
        })
    }
}
