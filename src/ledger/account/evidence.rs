//! What an account rests on, so that anybody can make it again: calendars, versions, prices (C13).

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::references::References;
use crate::ledger::chain::{digest, hex};
use crate::ledger::entry::TermsId;
use crate::ledger::price::{PriceId, PriceSource};
use crate::units::When;

/// A price that rows were counted at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PriceLine {
    /// The VM size, in lower case.
    pub size: String,
    /// The region.
    pub region: String,
    /// What an hour costs.
    pub hourly: String,
    /// In which currency.
    pub currency: String,
    /// Where it came from.
    pub source: PriceSource,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Since when its source says that it holds.
    pub effective: When,
    /// Its meter, or its line in the sheet.
    pub meter: Arc<str>,
}

/// What the counted rows rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Releases of the time zone data that policies were decided by.
    pub tzdb: BTreeSet<Arc<str>>,
    /// Versions of the program that wrote the rows.
    pub versions: BTreeSet<Arc<str>>,
    /// Rounding rules of the rows.
    pub rounding: BTreeSet<Arc<str>>,
    /// The prices.
    pub prices: Vec<PriceLine>,
    /// The SHA-256 of those prices, in hexadecimal.
    pub price_set: String,
}

/// Numbers of what was counted by. Rows come in runs of the same, so the last one is asked first.
#[derive(Debug, Clone, Default)]
pub(super) struct Used {
    terms: HashSet<TermsId>,
    prices: HashSet<PriceId>,
    last: (Option<TermsId>, Option<PriceId>),
}

impl Used {
    pub(super) fn note(&mut self, terms: TermsId, price: Option<PriceId>) {
        if self.last.0 != Some(terms) {
            self.terms.insert(terms);
            self.last.0 = Some(terms);
        }
        if self.last.1 != price {
            self.prices.extend(price);
            self.last.1 = price;
        }
    }

    pub(super) fn evidence(&self, references: &References) -> Evidence {
        let terms: Vec<_> = self.terms.iter().filter_map(|id| references.terms.get(id)).collect();
        let quotes = self.prices.iter().filter_map(|id| references.prices.get(id));
        let mut prices: Vec<PriceLine> = quotes
            .map(|quote| PriceLine {
                size: quote.key.size().to_owned(),
                region: quote.key.region().to_string(),
                hourly: quote.rate.text(),
                currency: quote.rate.currency().to_string(),
                source: quote.source,
                fetched_at: quote.fetched_at,
                effective: quote.effective,
                meter: Arc::clone(&quote.meter),
            })
            .collect();
        prices.sort_unstable();
        let mut text = String::new();
        for price in &prices {
            text.push_str(&format!(
                "{}\t{}\t{}\t{}\t{}\t{}\t{:?}\t{}\n",
                price.size,
                price.region,
                price.hourly,
                price.currency,
                price.source.label(),
                price.fetched_at,
                price.effective,
                price.meter
            ));
        }
        Evidence {
            tzdb: terms.iter().filter_map(|terms| terms.tzdb.clone()).collect(),
            versions: terms.iter().map(|terms| Arc::clone(&terms.version)).collect(),
            rounding: terms.iter().map(|terms| Arc::clone(&terms.rounding)).collect(),
            price_set: hex(&digest(&text)),
            prices,
        }
    }
}
