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
