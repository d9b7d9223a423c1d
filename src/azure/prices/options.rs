//! What asking for prices needs to be told: which sources, in which order, and where the public list is.

use std::sync::Arc;

use crate::ledger::{PriceSource, Sheet};
use crate::units::Currency;

/// Where prices come from.
#[derive(Debug, Clone)]
pub struct PriceOptions {
    /// The sources, the one that counts most first; each at most once. Without any no price is asked for.
    pub sources: Vec<PriceSource>,
    /// The currency that the public list is asked for.
    pub currency: Currency,
    /// Where the public list is: `https://host[:port]`; plain http only on loopback.
    pub retail_endpoint: String,
    /// The team's own prices.
    pub sheet: Arc<Sheet>,
}

impl Default for PriceOptions {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            currency: Currency::USD,
            retail_endpoint: "https://prices.azure.com".to_owned(),
            sheet: Arc::default(),
        }
    }
}
