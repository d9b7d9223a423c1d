//! Asking for prices.

use std::future::Future;

use super::Fault;
use crate::facts::SizeFacts;
use crate::ledger::{NoPrice, PriceKey, PriceSource, Quote};

/// What one source said of some sizes.
#[derive(Debug)]
pub struct Quoted {
    /// Which source.
    pub source: PriceSource,
    /// For each key that was asked for and answered: its price, or why there is none. A key that is absent could not be
    /// asked for: the faults say why, and the last good price stands.
    pub answers: Vec<(PriceKey, Result<Quote, NoPrice>)>,
    /// What could not be read.
    pub faults: Vec<Fault>,
}

/// Asking for prices. One bad size, region or page never keeps the others from being priced.
pub trait Prices: Send + Sync {
    /// Asks every source that settings name for these, each source once. The first of the answer is the one that settings
    /// name first.
    fn quotes(&self, keys: &[PriceKey]) -> impl Future<Output = Vec<Quoted>> + Send;
    /// What was learnt of a size beside its price when it was last asked for; none where no source says.
    fn size(&self, key: &PriceKey) -> Option<SizeFacts>;
}
