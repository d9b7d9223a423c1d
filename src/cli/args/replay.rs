//! `replay` as typed: which policies, over which record, in which form.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args as ClapArgs;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::units::Span;

pub(super) const EXAMPLES: &str = "\
Examples:
  lightsout replay --policy candidate/                    the whole record, beside what happened
  lightsout replay --policy candidate/ --from 2026-11-01 --to 2026-11-30 --html november.html
  lightsout replay --policy candidate/ --sweep idle.after=15m..4h     money against regrets, and the knee
  lightsout replay                                        the policies in force: how far the record comes out again
  lightsout replay --export history/                      the record as files, to be replayed anywhere
  lightsout replay --policy candidate/ --history history/

It changes nothing and reads beside the running service. What the record does not tell is bounded, and never guessed.";

/// `replay`.
#[derive(Debug, Clone, PartialEq, Eq, ClapArgs)]
pub struct Replay {
    /// The policies to try: a folder, or a file; without it, those of the settings
    #[arg(long, value_name = "PATH")]
    pub policy: Option<PathBuf>,
    /// The first day, in UTC, or instant; without it, the beginning of the record
    #[arg(long, value_name = "DATE|TIME")]
    pub from: Option<Instant>,
    /// The last day, itself included, or instant; without it, the end of the record
    #[arg(long, value_name = "DATE|TIME")]
    pub to: Option<Instant>,
    /// A journal's folder, or a copy of its lightsout.db; without it, the one in the settings
    #[arg(long, value_name = "PATH", conflicts_with = "history")]
    pub store: Option<PathBuf>,
    /// A folder of exported history, or one file of it, instead of a journal
    #[arg(long, value_name = "PATH")]
    pub history: Option<PathBuf>,
    /// Try several values of a policy's setting, such as idle.after=15m..4h or idle.after=30m,1h; more than once for several
    #[arg(long = "sweep", id = "sweeps", value_name = "KEY=VALUES", conflicts_with = "export")]
    pub sweeps: Vec<Varied>,
    /// How often the fleet is looked at, for stops that wait for room; without it, as the settings say
    #[arg(long, value_name = "TIME")]
    pub interval: Option<Span>,
    /// Write a page with charts to this file too
    #[arg(long, value_name = "FILE", conflicts_with = "export")]
    pub html: Option<PathBuf>,
    /// The first so many instances, those with the greatest difference first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub top: Option<u32>,
    /// Try nothing: write the record into this folder, to be replayed elsewhere
    #[arg(long, value_name = "DIR", conflicts_with_all = ["policy", "history"])]
    pub export: Option<PathBuf>,
}

/// A day, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instant {
    /// The day.
    Day(Date),
    /// The instant.
    At(Timestamp),
}

impl Instant {
    /// Its first instant.
    ///
    /// # Errors
    /// Beyond the calendar.
    pub fn first(self) -> Result<Timestamp, jiff::Error> {
        match self {
            Self::Day(date) => date.to_zoned(jiff::tz::TimeZone::UTC).map(|day| day.timestamp()),
            Self::At(at) => Ok(at),
        }
    }

    /// The first instant after it.
    ///
    /// # Errors
    /// Beyond the calendar.
    pub fn end(self) -> Result<Timestamp, jiff::Error> {
        match self {
            Self::Day(date) => Self::Day(date.checked_add(1.day())?).first(),
            Self::At(at) => Ok(at),
        }
    }
}

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = text.parse::<Date>().ok().filter(|_| text.len() == 10).map(Self::Day);
        let at = || text.parse::<Timestamp>().ok().map(Self::At);
        day.or_else(at).ok_or_else(|| {
            format!("`{text}` is no day and no instant; write one such as 2026-11-01 or 2026-11-01T18:00:00Z")
        })
    }
}

/// A setting and the values to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varied {
    /// Its key, with dots.
    pub key: String,
    /// The values, as they are written in a policy.
    pub values: Vec<String>,
}

/// Lengths of time that people think in, in minutes.
const STEPS: [u32; 24] = [
    1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 960, 1_440, 2_160, 2_880, 4_320, 7_200,
    10_080,
];

/// A search tries so many values of one setting at most.
const VALUES_MAX: usize = 24;

impl FromStr for Varied {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no setting with values; write one such as idle.after=15m..4h, idle.after=30m,1h,2h or hold.per_week=1..5"
            )
        };
        let (key, values) = text.split_once('=').ok_or_else(wrong)?;
        let key = key.trim();
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if key.is_empty() || !key.split('.').all(|part| !part.is_empty() && part.chars().all(letter)) {
            return Err(wrong());
        }
        let mut all: Vec<String> = Vec::new();
        for part in values.split(',').map(str::trim) {
            match part.split_once("..") {
                Some((from, to)) => all.extend(between(from.trim(), to.trim()).ok_or_else(wrong)?),
                None if part.is_empty() => return Err(wrong()),
                None => all.push(part.to_owned()),
            }
        }
        let mut seen: Vec<String> = Vec::new();
        all.retain(|value| {
            let is_new = !seen.contains(value);
            seen.push(value.clone());
            is_new
        });
        if all.len() > VALUES_MAX {
            return Err(format!(
                "`{text}` has {} values, and a search tries {VALUES_MAX} at most; leave some out",
                all.len()
            ));
        }
        Ok(Self { key: key.to_owned(), values: all })
    }
}

/// Both ends, and steps that people think in between them; whole numbers where both are.
fn between(from: &str, to: &str) -> Option<Vec<String>> {
    if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let length = to.checked_sub(from).filter(|length| *length >= 0)?;
        let most = i64::try_from(VALUES_MAX.saturating_sub(1)).ok()?;
        let step = length.saturating_add(most).saturating_sub(1).checked_div(most)?.max(1);
        let mut all: Vec<i64> =
            (0..=most).map(|n| from.saturating_add(n.saturating_mul(step))).filter(|n| *n <= to).collect();
        all.extend((all.last() != Some(&to)).then_some(to));
        return Some(all.iter().map(i64::to_string).collect());
    }
    let (first, last): (Span, Span) = (from.parse().ok()?, to.parse().ok()?);
    if last < first {
        return None;
    }
    let inner = STEPS.map(Span::minutes).into_iter().filter(|step| first < *step && *step < last);
    let mut all = vec![first];
    all.extend(inner);
    all.extend((last != first).then_some(last));
    Some(all.iter().map(Span::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_ranges_have_a_grid() {
        let of = |text: &str| text.parse::<Varied>().map(|varied| varied.values.join(" "));
        assert_eq!(of("idle.after=15m..4h").unwrap(), "15m 20m 30m 45m 1h 1h30m 2h 3h 4h");
        assert_eq!(of("idle.after=25m..40m").unwrap(), "25m 30m 40m");
        assert_eq!(of("idle.after=30m,1h,30m").unwrap(), "30m 1h");
        assert_eq!(of("hold.per_week=1..5").unwrap(), "1 2 3 4 5");
        assert_eq!(of("stops_per_day=0..100").unwrap().split(' ').next_back(), Some("100"));
        assert_eq!(of("warning.proof=recorded,delivered").unwrap(), "recorded delivered");
        for bad in ["idle.after", "=1h", "idle.=1h", "idle.after=", "idle.after=4h..15m", "idle.after=1h,,2h", "a b=1"]
        {
            assert!(of(bad).unwrap_err().contains("idle.after=15m..4h"), "{bad}");
        }
    }

    #[test]
    fn a_day_is_whole_and_an_instant_is_one() {
        let day: Instant = "2026-11-01".parse().unwrap();
        assert_eq!(day.first().unwrap().to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(day.end().unwrap().to_string(), "2026-11-02T00:00:00Z");
        let at: Instant = "2026-11-01T18:00:00Z".parse().unwrap();
        assert_eq!((at.first().unwrap(), at.end().unwrap()), (at.end().unwrap(), at.first().unwrap()));
        assert!("yesterday".parse::<Instant>().unwrap_err().contains("2026-11-01"));
    }
}
