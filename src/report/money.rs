//! What every face shows of money: prices in force, sums, the end of the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FaultLine;
use super::reconciliation::ReconciliationView;
use super::view::InstanceView;
use crate::facts::SizeFacts;
use crate::ledger::{MeterState, PriceBook, PriceKey, Residual, Sum};
use crate::units::{Currency, Rate};

/// Money as of the last sweep.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MoneyView {
    /// Prices in force.
    pub prices: Arc<PriceBook>,
    /// What was wrong when prices were last asked for.
    pub faults: Vec<FaultLine>,
    /// Sums of the ledger and of what is going on.
    pub sums: Arc<Vec<Sum>>,
    /// The end of the ledger: its last row, and that row's hash in hexadecimal.
    pub head: (i64, String),
    /// What an hour of the parts costs that no stop stops; none when settings say nothing.
    pub residual: Option<Residual>,
    /// What is known of the sizes in use, as a list: vCPUs and the family by which quota is counted.
    #[serde(default)]
    pub sizes: Vec<(PriceKey, SizeFacts)>,
    /// How the ledger compares with Azure's bill; none before that was looked at.
    #[serde(default)]
    pub reconciliation: Option<Arc<ReconciliationView>>,
    /// The ledger as it was last followed from its first row; none before that was done.
    #[serde(default)]
    pub followed: Option<Arc<Followed>>,
}

/// The ledger, followed row by row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// When.
    pub at: Timestamp,
    /// Its last row then; or in words what was changed, lost or counted twice.
    pub found: Result<i64, String>,
}

impl MoneyView {
    /// What an instance costs an hour right now, as far as a price is known; none when it is not billed.
    #[must_use]
    pub fn burns(&self, instance: &InstanceView) -> Option<Rate> {
        let facts = &instance.facts;
        let billed = MeterState::of(&facts.state) == MeterState::Running;
        billed.then(|| self.prices.rate(&facts.size, &facts.region)).flatten()
    }

    /// What these cost an hour together, by currency.
    pub fn burn_rate<'a>(&self, instances: impl Iterator<Item = &'a InstanceView>) -> BTreeMap<Currency, i64> {
        let mut sums = BTreeMap::new();
        for rate in instances.filter_map(|instance| self.burns(instance)) {
            let sum: &mut i64 = sums.entry(rate.currency()).or_insert(0);
            *sum = sum.saturating_add(rate.nanos());
        }
        sums
    }
}
