//! A statement: an account, and what it is the account of.

use jiff::civil::Date;
use serde::Serialize;

use crate::ledger::{Account, Day, Exchange, Grouping, PriceSource};

/// What it is the account of, and whence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// First day.
    pub from: Date,
    /// Last day, itself included.
    pub to: Date,
    /// Whose days.
    pub zone: String,
    /// Release of the zone data that the days are reckoned by.
    pub zone_data: Option<&'static str>,
    /// By what it is grouped.
    pub by: Grouping,
    /// Rates that somebody stated.
    pub exchange: Option<Exchange>,
    /// The last row that was read.
    pub ledger_seq: i64,
    /// That row's hash, in hexadecimal.
    pub ledger_hash: String,
    /// True when only rows count: then it is the same everywhere and for ever.
    pub fixed: bool,
    /// Version of the program that made it.
    pub lightsout: &'static str,
}

impl Head {
    /// What people call the period: a month, a year, or its first and last day.
    #[must_use]
    pub fn period(&self) -> String {
        let (from, to) = (self.from, self.to);
        if from == from.first_of_month() && to == from.last_of_month() {
            return from.strftime("%B %Y").to_string();
        }
        if from == from.first_of_year() && to == from.last_of_year() {
            return from.strftime("%Y").to_string();
        }
        if from == to { from.to_string() } else { format!("{from} to {to}") }
    }
}

/// The account of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Of what.
    pub head: Head,
    /// The days.
    pub days: Vec<Day>,
    /// The figures.
    pub account: Account,
}

impl Statement {
    /// True when rows were counted at prices from a public list: an upper bound for those who pay less (C11).
    #[must_use]
    pub fn is_listed(&self) -> bool {
        let prices = &self.account.evidence.prices;
        prices.iter().any(|price| match price.source {
            PriceSource::Retail | PriceSource::VmSizes => true,
            PriceSource::Sheet => false,
        })
    }

    /// True when something goes on that has no row yet.
    #[must_use]
    pub fn is_provisional(&self) -> bool {
        !self.account.total.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_called_as_people_call_it() {
        for (from, to, name) in [
            ("2027-02-01", "2027-02-28", "February 2027"),
            ("2027-01-01", "2027-12-31", "2027"),
            ("2027-02-01", "2027-02-27", "2027-02-01 to 2027-02-27"),
            ("2027-02-03", "2027-02-03", "2027-02-03"),
        ] {
            let head = Head {
                from: from.parse().unwrap(),
                to: to.parse().unwrap(),
                zone: "UTC".to_owned(),
                zone_data: None,
                by: Grouping::Team,
                exchange: None,
                ledger_seq: 0,
                ledger_hash: String::new(),
                fixed: true,
                lightsout: "0.1.0",
            };
            assert_eq!(head.period(), name);
        }
    }
}
