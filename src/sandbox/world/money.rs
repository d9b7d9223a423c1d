//! Exact money: rates in billionths of a dollar an hour, costs in such billionths times nanoseconds, rounded only when asked.

use std::iter::Sum;
use std::ops::Add;

use jiff::SignedDuration;

/// US dollars an hour, in billionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rate(i64);

impl Rate {
    /// So many billionths of a dollar an hour.
    pub const fn billionths(n: i64) -> Self {
        Self(n)
    }

    /// The rate in billionths of a dollar an hour.
    pub const fn as_billionths(self) -> i64 {
        self.0
    }

    /// What that much time costs at this rate; time that runs backwards costs nothing.
    pub fn over(self, time: SignedDuration) -> Cost {
        Cost(i128::from(self.0).saturating_mul(time.as_nanos().max(0)))
    }
}

/// One dollar in the unit of [`Cost`]: a billion billionths, times the nanoseconds of an hour.
const DOLLAR: i128 = 1_000_000_000 * 3_600_000_000_000;

/// More decimals than this do not divide a dollar without a rest.
const PLACES_MAX: u32 = 20;

/// A cost in US dollars, exact: its unit is a billionth of a dollar an hour times a nanosecond, 3.6 × 10²¹ of which are a
/// dollar. Sums of parts are the cost of the whole, to the last unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cost(i128);

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The exact amount, in billionths of a dollar an hour times nanoseconds.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// The amount in millionths of a dollar, rounded half to even.
    pub fn micros(self) -> i64 {
        i64::try_from(self.rounded(6)).unwrap_or(i64::MAX)
    }

    /// The amount with that many decimals, at most 20, as a whole number of the last one, rounded half to even.
    pub fn rounded(self, places: u32) -> i128 {
        let step = DOLLAR.checked_div(10_i128.pow(places.min(PLACES_MAX))).unwrap_or(1);
        half_even(self.0, step)
    }

    /// That share of it in percent, cut off at the last unit.
    #[must_use]
    pub fn percent(self, share: u32) -> Self {
        Self(self.0.saturating_mul(i128::from(share)).checked_div(100).unwrap_or(0))
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::ZERO, Self::add)
    }
}

/// How many whole `step`s an amount is, a half going to the even neighbour.
pub(in crate::sandbox) fn half_even(amount: i128, step: i128) -> i128 {
    let (whole, rest) = (amount.div_euclid(step), amount.rem_euclid(step));
    let twice = rest.saturating_mul(2);
    let up = twice > step || (twice == step && whole.rem_euclid(2) == 1);
    whole.saturating_add(i128::from(up))
}

/// A whole number of the last of `places` decimals as JSON writes it, always with a point: `3478.0`, `0.293`.
pub(in crate::sandbox) fn decimal(amount: i128, places: u32) -> String {
    let one = 10_i128.pow(places.min(PLACES_MAX));
    let (whole, rest) = (amount.abs().div_euclid(one), amount.abs().rem_euclid(one));
    let width = usize::try_from(places.min(PLACES_MAX)).unwrap_or(0);
    let digits = format!("{rest:0width$}");
    let fraction = digits.trim_end_matches('0');
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISK: Rate = Rate::billionths(27_000_000);

    #[test]
    fn an_hour_at_a_rate_is_the_rate() {
        let hour = DISK.over(SignedDuration::from_hours(1));
        assert_eq!((hour.rounded(9), hour.micros()), (27_000_000, 27_000));
        assert_eq!(DISK.over(SignedDuration::from_hours(730)).micros(), 19_710_000);
        assert_eq!(DISK.over(SignedDuration::from_hours(-1)), Cost::ZERO);
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        for (amount, expected) in [(5, 0), (15, 2), (25, 2), (26, 3), (24, 2), (-5, 0), (-15, -2), (-16, -2)] {
            assert_eq!(half_even(amount, 10), expected, "{amount}");
        }
        // Half a microdollar, and a unit more.
        let half = Cost(DOLLAR / 2_000_000);
        assert_eq!((half.micros(), (half + Cost(1)).micros()), (0, 1));
    }

    #[test]
    fn decimals_are_written_as_json_writes_them() {
        for (amount, places, text) in [
            (293_000_000, 9, "0.293"),
            (3_478, 0, "3478.0"),
            (1_971, 2, "19.71"),
            (0, 10, "0.0"),
            (-1_500_000_001, 9, "-1.500000001"),
        ] {
            assert_eq!(decimal(amount, places), text);
        }
    }
}
