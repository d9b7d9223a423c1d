//! Amounts as people write them in files: durations such as `90m`, shares in percent.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// Why an amount could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a duration.
    #[error("`{0}` is not a duration; write numbers with s, m, h, d or w, such as \"90m\", \"1h30m\" or \"2d\"")]
    Span(String),
    /// Longer than ten years, which is a slip of the pen.
    #[error("`{0}` is longer than ten years")]
    TooLong(String),
    /// Not a share from 0 to 100.
    #[error("`{0}` is not a percentage from 0 to 100")]
    Percent(String),
}

/// An elapsed time of zero or more whole seconds, as written in files: `45s`, `90m`, `1h30m`, `2d`, `1w`.
/// A day here is always 24 hours (S6: elapsed, never civil).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(u32);

const TEN_YEARS: u64 = 10 * 366 * 24 * 3600;

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many seconds.
    #[must_use]
    pub const fn seconds(n: u32) -> Self {
        Self(n)
    }
    /// So many minutes; saturates at the largest span.
    #[must_use]
    pub const fn minutes(n: u32) -> Self {
        Self(n.saturating_mul(60))
    }
    /// So many hours; saturates at the largest span.
    #[must_use]
    pub const fn hours(n: u32) -> Self {
        Self(n.saturating_mul(3600))
    }
    /// Its length in seconds.
    #[must_use]
    pub const fn as_secs(self) -> u32 {
        self.0
    }
    /// The same length for arithmetic with instants.
    #[must_use]
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.0))
    }
    /// True for a length of nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

const UNITS: [(char, u32); 5] = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

impl FromStr for Span {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let wrong = || AmountError::Span(text.to_owned());
        let mut total: u64 = 0;
        let mut digits = String::new();
        let mut seen = false;
        let mut last_unit = u32::MAX;
        for c in text.trim().chars() {
            match c {
                '0'..='9' if digits.len() < 9 => digits.push(c),
                ' ' if digits.is_empty() => {}
                other => {
                    let (_, unit) = UNITS.iter().find(|(name, _)| *name == other).ok_or_else(wrong)?;
                    let number: u64 = digits.parse().map_err(|_| wrong())?;
                    if *unit >= last_unit {
                        return Err(wrong());
                    }
                    last_unit = *unit;
                    total = total.saturating_add(number.saturating_mul(u64::from(*unit)));
                    digits.clear();
                    seen = true;
                }
            }
        }
        if !seen || !digits.is_empty() {
            return Err(wrong());
        }
        if total > TEN_YEARS {
            return Err(AmountError::TooLong(text.to_owned()));
        }
        u32::try_from(total).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (name, unit) in UNITS.into_iter().skip(1) {
            let n = rest.checked_div(unit).unwrap_or(0);
            rest = rest.saturating_sub(n.saturating_mul(unit));
            if n > 0 {
                write!(f, "{n}{name}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A share from 0 to 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Percent(u8);

impl Percent {
    /// All of it.
    pub const ALL: Self = Self(100);
    /// None of it.
    pub const NONE: Self = Self(0);

    /// From a whole number.
    ///
    /// # Errors
    /// When it is not from 0 to 100.
    pub fn new(n: i64) -> Result<Self, AmountError> {
        u8::try_from(n).ok().filter(|p| *p <= 100).map(Self).ok_or_else(|| AmountError::Percent(n.to_string()))
    }
    /// The whole number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
    /// This share of `whole`, rounded up, so that a share above zero of a small fleet is at least one; 0 % is always none.
    #[must_use]
    pub const fn of(self, whole: usize) -> usize {
        whole.saturating_mul(self.0 as usize).div_ceil(100)
    }
}

impl TryFrom<i64> for Percent {
    type Error = AmountError;
    fn try_from(n: i64) -> Result<Self, AmountError> {
        Self::new(n)
    }
}
impl From<Percent> for i64 {
    fn from(p: Percent) -> Self {
        Self::from(p.0)
    }
}
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print() {
        for (text, seconds, printed) in [
            ("90m", 5400, "1h30m"),
            ("1h30m", 5400, "1h30m"),
            ("2d", 172_800, "2d"),
            ("1w", 604_800, "7d"),
            ("45s", 45, "45s"),
            ("0m", 0, "0s"),
            ("1h 5s", 3605, "1h5s"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.as_secs(), seconds, "{text}");
            assert_eq!(span.to_string(), printed);
            assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }
        for bad in ["", "90", "m", "-5m", "5 minutes", "1.5h", "5m5m", "5m1h", "99999999999d", "400000d"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_of_a_small_fleet_is_at_least_one_and_zero_is_none() {
        assert_eq!(Percent::new(10).unwrap().of(4), 1);
        assert_eq!(Percent::new(10).unwrap().of(11), 2);
        assert_eq!(Percent::new(0).unwrap().of(1000), 0);
        assert_eq!(Percent::ALL.of(7), 7);
        assert!(Percent::new(101).is_err());
    }
}
