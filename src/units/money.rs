//! Money: hourly rates in billionths, costs kept exact as rate times seconds, amounts in millionths; never a float (C2).

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The rule by which amounts are rounded, once, when they are shown: its id stands on every ledger row.
pub const ROUNDING: &str = "half-even-6";

/// Why an amount of money could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a currency.
    #[error("`{0}` is not a currency code; write three letters such as USD or EUR")]
    Currency(String),
    /// Not a decimal number.
    #[error("`{0}` is not an amount; write a decimal number such as 0.293")]
    Number(String),
    /// Below nothing, or beyond what is credible.
    #[error("`{0}` is no price; it has to be at least 0 and below a million an hour")]
    Range(String),
}

/// A currency by its three letters (ISO 4217), such as `USD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency in which Azure's list prices are authoritative (FACTS 6.1).
    pub const USD: Self = Self(*b"USD");

    /// Its three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let letters: Vec<u8> = text.trim().bytes().map(|letter| letter.to_ascii_uppercase()).collect();
        let wrong = || MoneyError::Currency(text.to_owned());
        let code: [u8; 3] = letters.try_into().map_err(|_| wrong())?;
        if code.iter().all(u8::is_ascii_uppercase) { Ok(Self(code)) } else { Err(wrong()) }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Billionths of a unit in one unit.
const BILLION: i64 = 1_000_000_000;
/// No machine costs so much an hour: a larger number is a slip, or a price of something else.
const RATE_MAX: i64 = 1_000_000 * BILLION;

/// What an hour of something costs, in billionths of the currency's unit: Azure's prices have up to nine decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rate {
    nanos: i64,
    currency: Currency,
}

impl Rate {
    /// Of so many billionths an hour.
    ///
    /// # Errors
    /// Below nothing, or a million and more.
    pub fn new(nanos: i64, currency: Currency) -> Result<Self, MoneyError> {
        if (0..RATE_MAX).contains(&nanos) {
            return Ok(Self { nanos, currency });
        }
        Err(MoneyError::Range(decimal(i128::from(nanos), 9)))
    }

    /// Nothing an hour.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { nanos: 0, currency }
    }

    /// Reads a decimal number, with or without an exponent. Digits beyond the ninth decimal are rounded, half to even.
    ///
    /// # Errors
    /// When it is no number, or out of bounds.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let number = parse_decimal(text)?;
        let nanos = nanos_of(number).ok_or_else(|| MoneyError::Range(text.to_owned()))?;
        Self::new(nanos, currency).map_err(|_| MoneyError::Range(text.to_owned()))
    }

    /// Billionths an hour.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.nanos
    }

    /// Its currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The same less so many millionths of it: a discount of 12.5 % is 125,000. Rounded half to even at a billionth.
    #[must_use]
    pub fn less(self, millionths: u32) -> Self {
        let kept = i128::from(1_000_000_u32.saturating_sub(millionths));
        let nanos = divide_half_even(i128::from(self.nanos).saturating_mul(kept), 1_000_000);
        Self { nanos: i64::try_from(nanos).unwrap_or(self.nanos), currency: self.currency }
    }

    /// What so many seconds cost, exactly.
    #[must_use]
    pub fn over(self, seconds: i64) -> Cost {
        Cost { exact: i128::from(self.nanos).saturating_mul(i128::from(seconds)), currency: self.currency }
    }

    /// The decimal number of it, without trailing zeros.
    #[must_use]
    pub fn text(self) -> String {
        let text = decimal(i128::from(self.nanos), 9);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/h", self.text(), self.currency)
    }
}

/// An exact cost: billionths of a currency's unit an hour, times seconds. Sums of parts equal wholes to the last digit,
/// since nothing is rounded before it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost {
    exact: i128,
    currency: Currency,
}

/// Exact units in a millionth: seconds of an hour, times billionths of a millionth.
const EXACT_IN_MICRO: i128 = 3_600 * 1_000;

impl Cost {
    /// Nothing, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { exact: 0, currency }
    }

    /// Of so many billionths times seconds.
    #[must_use]
    pub const fn of_exact(exact: i128, currency: Currency) -> Self {
        Self { exact, currency }
    }

    /// An amount as bills have them, with ten and more decimals; rounded half to even at the exact unit, which is finer than
    /// the twelfth. None when it is beyond reckoning.
    #[must_use]
    pub fn of_amount(amount: Decimal, currency: Currency) -> Option<Self> {
        let exact = amount.checked_mul(Decimal::from(3_600_i64.checked_mul(BILLION)?))?;
        let exact = i128::try_from(exact.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven)).ok()?;
        Some(Self { exact, currency })
    }

    /// Its currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Billionths times seconds.
    #[must_use]
    pub const fn exact(self) -> i128 {
        self.exact
    }

    /// Both together; none when the currencies differ or it is beyond reckoning.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let exact = self.exact.checked_add(other.exact).filter(|_| self.currency == other.currency)?;
        Some(Self { exact, ..self })
    }

    /// This less that; none when the currencies differ or it is beyond reckoning.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { exact: other.exact.checked_neg()?, ..other })
    }

    /// So many of so many equal parts of it, rounded down at the exact unit; none when there are no parts, or it is beyond
    /// reckoning.
    #[must_use]
    pub fn part(self, parts: i64, of: i64) -> Option<Self> {
        let exact = self.exact.checked_mul(i128::from(parts))?.checked_div_euclid(i128::from(of))?;
        Some(Self { exact, ..self })
    }

    /// In another currency, at so many units of it for one of this. Rounded half to even at the exact unit.
    #[must_use]
    pub fn converted(self, factor: Decimal, into: Currency) -> Option<Self> {
        let nanos = i128::from(nanos_of(factor)?);
        Some(Self { exact: divide_half_even(self.exact.checked_mul(nanos)?, i128::from(BILLION)), currency: into })
    }

    /// The amount, rounded half to even at a millionth: the one rounding there is.
    #[must_use]
    pub fn rounded(self) -> Money {
        let micros = divide_half_even(self.exact, EXACT_IN_MICRO);
        Money { micros: i64::try_from(micros).unwrap_or(i64::MAX), currency: self.currency }
    }

    /// Rounded half to even at so many decimals, at most six: for people who read it, in one rounding.
    #[must_use]
    pub fn text(self, decimals: u32) -> String {
        let step = 10_i128.pow(6_u32.saturating_sub(decimals.min(6)));
        decimal(divide_half_even(self.exact, EXACT_IN_MICRO.saturating_mul(step)), decimals.min(6))
    }
}

/// An amount in millionths of its currency's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    micros: i64,
    currency: Currency,
}

impl Money {
    /// Of so many millionths.
    #[must_use]
    pub const fn micros(micros: i64, currency: Currency) -> Self {
        Self { micros, currency }
    }

    /// Reads a decimal number with at most six decimals.
    ///
    /// # Errors
    /// When it is no such number.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let micros = parse_decimal(text)?.checked_mul(Decimal::from(1_000_000)).filter(Decimal::is_integer);
        let micros = micros.and_then(|micros| i64::try_from(micros).ok());
        micros.map(|micros| Self { micros, currency }).ok_or_else(|| MoneyError::Number(text.to_owned()))
    }

    /// Millionths.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.micros
    }

    /// Its currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The same, as an exact cost.
    #[must_use]
    pub fn cost(self) -> Cost {
        Cost { exact: i128::from(self.micros).saturating_mul(EXACT_IN_MICRO), currency: self.currency }
    }

    /// The decimal number with all six decimals.
    #[must_use]
    pub fn text(self) -> String {
        decimal(i128::from(self.micros), 6)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.cost().text(2), self.currency)
    }
}

#[cfg(feature = "service")]
impl schemars::JsonSchema for Money {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "an amount with six decimals, as text, and the three letters of its currency",
            "properties": {
                "amount": { "type": "string", "pattern": r"^-?[0-9]+\.[0-9]{6}$" },
                "currency": { "type": "string", "pattern": "^[A-Z]{3}$" },
            },
            "required": ["amount", "currency"],
            "additionalProperties": false,
        })
    }
}

/// Amounts go out as text with six decimals, so that no reader takes them for floats.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written {
            amount: String,
            currency: Currency,
        }
        Written { amount: self.text(), currency: self.currency }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            amount: String,
            currency: Currency,
        }
        let written = Written::deserialize(deserializer)?;
        Self::parse(&written.amount, written.currency).map_err(serde::de::Error::custom)
    }
}

/// Reads a decimal number, with or without an exponent.
///
/// # Errors
/// When it is none.
pub fn parse_decimal(text: &str) -> Result<Decimal, MoneyError> {
    let text = text.trim();
    let number = if text.contains(['e', 'E']) { Decimal::from_scientific(text) } else { Decimal::from_str(text) };
    number.map_err(|_| MoneyError::Number(text.to_owned()))
}

fn nanos_of(number: Decimal) -> Option<i64> {
    let nanos = number.checked_mul(Decimal::from(BILLION))?;
    i64::try_from(nanos.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven)).ok()
}

/// Divides, rounding to the nearest whole, and to the even one of two that are as near (C2). `by` is positive.
fn divide_half_even(number: i128, by: i128) -> i128 {
    let (floor, rest) = (number.div_euclid(by), number.rem_euclid(by));
    let up = match rest.saturating_mul(2).cmp(&by) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal => floor.rem_euclid(2),
    };
    floor.saturating_add(up)
}

/// A whole number of parts as a decimal number with so many decimals.
fn decimal(parts: i128, decimals: u32) -> String {
    if decimals == 0 {
        return parts.to_string();
    }
    let one = 10_u128.pow(decimals);
    let size = parts.unsigned_abs();
    let (whole, part) = (size.checked_div(one).unwrap_or(0), size.checked_rem(one).unwrap_or(0));
    let sign = if parts < 0 { "-" } else { "" };
    let width = usize::try_from(decimals).unwrap_or(0);
    format!("{sign}{whole}.{part:0width$}")
}

#[cfg(test)]
mod tests;
