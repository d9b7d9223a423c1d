//! What things cost and how costs are counted, each setting with its default.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rust_decimal::Decimal;

use crate::ledger::PriceSource;
use crate::units::{Currency, Rate, Span};

/// What things cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prices {
    /// Where prices come from, what counts most first; each at most once.
    pub sources: Vec<PriceSource>,
    /// The team's own prices.
    pub sheet: Option<PathBuf>,
    /// The currency that the public list is asked for.
    pub currency: Currency,
    /// Where the public list is: an https origin, or http on loopback.
    pub retail_endpoint: String,
    /// From one look at prices to the next.
    pub refresh: Span,
    /// A price that no source has confirmed for so long is old.
    pub stale_after: Span,
    /// What a stopped instance still costs.
    pub residual: Residual,
    /// Sums in one currency.
    pub convert: Convert,
}

impl Default for Prices {
    fn default() -> Self {
        Self {
            sources: PriceSource::ALL.to_vec(),
            sheet: None,
            currency: Currency::USD,
            retail_endpoint: "https://prices.azure.com".to_owned(),
            refresh: Span::hours(24),
            stale_after: Span::hours(72),
            residual: Residual::default(),
            convert: Convert::default(),
        }
    }
}

impl Prices {
    /// The currency of sums.
    #[must_use]
    pub fn reported_in(&self) -> Currency {
        self.convert.report_in.unwrap_or(self.currency)
    }
}

/// What an instance costs beside its machine for an hour, running or stopped, until it is deleted (C7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Residual {
    /// The OS disk.
    pub disk: Rate,
    /// The public IP address.
    pub public_ip: Rate,
    /// The load balancer.
    pub load_balancer: Rate,
}

/// Billionths of a dollar an hour.
fn dollars(nanos: i64) -> Rate {
    Rate::new(nanos, Currency::USD).unwrap_or(Rate::zero(Currency::USD))
}

/// Azure's list prices in USD (FACTS 6.4): a P10 disk of 19.71 for 730 hours, a static address, a load balancer's rules.
impl Default for Residual {
    fn default() -> Self {
        Self {
            disk: dollars(27_000_000),
            public_ip: dollars(5_000_000),
            // Listed; Azure Machine Learning's documentation says a little more than half of it.
            load_balancer: dollars(25_000_000),
        }
    }
}

/// Sums in one currency. Without a rate an amount stays in its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Convert {
    /// The currency of sums; none is that of prices.
    pub report_in: Option<Currency>,
    /// What one unit of each other currency is worth in it.
    pub rates: BTreeMap<Currency, Decimal>,
}

/// How costs are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// The tag of an instance, else of its workspace, that names a team.
    pub team_tag: String,
    /// The file that says which owner is of which team.
    pub owners: Option<PathBuf>,
    /// A stop is credited for at most so long (C9).
    pub horizon: Span,
    /// A stop whose person starts again within this time earns nothing (C12).
    pub regret_within: Span,
    /// Machine time counted against a stop that was followed by a start within its credit (C12).
    pub restart_cost: Span,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            team_tag: "team".to_owned(),
            owners: None,
            horizon: Span::hours(12),
            regret_within: Span::minutes(30),
            restart_cost: Span::minutes(5),
        }
    }
}
