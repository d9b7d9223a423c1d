//! Amounts of money as settings hold them: decimal numbers in quotes, so that no digit is lost on the way.

use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::DeValue;

use super::tables::Kind;
use super::values::Plain;
use crate::document::{Findings, Located, Read, Trouble, join, parsed, wrong_type};
use crate::units::{Currency, Rate, parse_decimal};

/// An amount for an hour; in which currency is said elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Amount(String);

impl Amount {
    /// In a currency.
    pub(super) fn rate(&self, currency: Currency) -> Rate {
        // It was read as a rate of some currency already.
        Rate::parse(&self.0, currency).unwrap_or(Rate::zero(currency))
    }
}

impl Plain for Amount {
    const KIND: Kind = Kind::Text;
}

impl Read for Amount {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("an amount in quotes, such as \"0.025\"", findings), |text| {
            let help = "write a decimal number of at least 0, such as \"0.025\"";
            let wrong = |_| Trouble::new(format!("\"{text}\" is not an amount for an hour"), help);
            Rate::parse(text, Currency::USD).map(|_| Self(text.trim().to_owned())).map_err(wrong)
        })
    }
}

/// Currencies with what one unit of each is worth.
#[derive(Debug, Clone, Default)]
pub(super) struct RateValues(pub(super) Vec<(String, Located<Factor>)>);

/// What one unit of a currency is worth in another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factor(pub(super) Decimal);

impl Read for Factor {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        parsed(value, key, ("a rate in quotes, such as \"0.92\"", findings), |text| {
            let bounds = Decimal::new(1, 6)..=Decimal::new(1_000_000, 0);
            let help = "write a decimal number above 0, such as \"0.92\"";
            let wrong = || Trouble::new(format!("\"{text}\" is not a rate"), help);
            parse_decimal(text).ok().filter(|rate| bounds.contains(rate)).map(Self).ok_or_else(wrong)
        })
    }
}

impl Read for RateValues {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            wrong_type(value, key, "currencies with their rate, such as { USD = \"0.92\" }", findings);
            return None;
        };
        let mut read = |name: &str, value| Some((name.to_owned(), Read::read(value, &join(key, name), findings)?));
        Some(Self(table.iter().filter_map(|(name, value)| read(name.get_ref(), value)).collect()))
    }
}
