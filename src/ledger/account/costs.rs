//! Exact costs by currency. Currencies are never added to each other; another one only by a rate that somebody stated.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use crate::units::{Cost, Currency};

/// An exact cost in each currency that occurs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Costs(BTreeMap<Currency, Cost>);

impl Costs {
    /// Adds one.
    pub fn add(&mut self, cost: Cost) {
        let sum = self.0.entry(cost.currency()).or_insert(Cost::zero(cost.currency()));
        // 128 bits hold a million an hour for longer than there are ledgers
        *sum = sum.plus(cost).unwrap_or(*sum);
    }

    /// Adds all of them.
    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|cost| self.add(cost));
    }

    /// One for each currency, in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = Cost> {
        self.0.values().copied()
    }

    /// What there is in a currency: nothing where it does not occur.
    #[must_use]
    pub fn get(&self, currency: Currency) -> Cost {
        self.0.get(&currency).copied().unwrap_or(Cost::zero(currency))
    }

    /// Currencies that occur.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.0.keys().copied()
    }

    /// True where no currency occurs: not the same as a cost of nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What has a stated rate in the currency that is reported in; the rest as it is, on a line of its own.
    #[must_use]
    pub fn converted(&self, exchange: &Exchange) -> Self {
        let mut all = Self::default();
        self.iter().for_each(|cost| all.add(exchange.convert(cost)));
        all
    }
}

impl FromIterator<Cost> for Costs {
    fn from_iter<T: IntoIterator<Item = Cost>>(costs: T) -> Self {
        let mut all = Self::default();
        costs.into_iter().for_each(|cost| all.add(cost));
        all
    }
}

/// Rounded here, where they leave (C2).
impl Serialize for Costs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Cost::rounded))
    }
}

/// At least, most likely, at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Range {
    /// At least.
    pub low: Costs,
    /// As the ledger counts.
    pub mid: Costs,
    /// At most.
    pub high: Costs,
}

impl Range {
    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.low.merge(&other.low);
        self.mid.merge(&other.mid);
        self.high.merge(&other.high);
    }

    /// In another currency.
    #[must_use]
    pub fn converted(&self, exchange: &Exchange) -> Self {
        Self {
            low: self.low.converted(exchange),
            mid: self.mid.converted(exchange),
            high: self.high.converted(exchange),
        }
    }
}

/// Rates that somebody stated, into the currency that is reported in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// The currency that is reported in.
    pub into: Currency,
    /// So many units of it for one of these.
    #[serde(serialize_with = "as_text")]
    pub rates: BTreeMap<Currency, Decimal>,
}

impl Exchange {
    /// A cost in the currency that is reported in; unchanged where no rate was stated.
    #[must_use]
    pub fn convert(&self, cost: Cost) -> Cost {
        let rate = self.rates.get(&cost.currency()).filter(|_| cost.currency() != self.into);
        rate.and_then(|rate| cost.converted(*rate, self.into)).unwrap_or(cost)
    }
}

/// Text, so that no reader takes a rate for a float.
fn as_text<S: Serializer>(rates: &BTreeMap<Currency, Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(rates.iter().map(|(currency, rate)| (currency, rate.normalize().to_string())))
}
