//! Prices: what is priced, where a price came from, and why there is none. An unknown price is never a default (C6).

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::units::{Rate, Region, When};

/// What has a price: a VM size in a region, both compared without case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PriceKey {
    size: Arc<str>,
    region: Region,
}

impl PriceKey {
    /// Of a size as Azure or a person spells it, in a region; `STANDARD_DS3_V2` and `Standard_DS3_v2` are one (FACTS 6.2).
    #[must_use]
    pub fn new(size: &str, region: &Region) -> Self {
        Self { size: size.trim().to_ascii_lowercase().into(), region: Region::new(&folded(region.as_str())) }
    }

    /// The size in lower case.
    #[must_use]
    pub fn size(&self) -> &str {
        &self.size
    }

    /// The region as `westeurope`, without spaces.
    #[must_use]
    pub const fn region(&self) -> &Region {
        &self.region
    }
}

/// ARM also answers with a region's name as a person typed it: `West Europe`.
fn folded(region: &str) -> String {
    region.chars().filter(|letter| !letter.is_whitespace()).collect::<String>().to_ascii_lowercase()
}

impl fmt::Display for PriceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.size, self.region)
    }
}

/// Where a price came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// The team's own sheet: negotiated rates and discounts.
    Sheet,
    /// What Azure Machine Learning says of its VM sizes in a region (`estimatedVMPrices`).
    VmSizes,
    /// Azure's public list (the Retail Prices API).
    Retail,
}

impl PriceSource {
    /// Every source.
    pub const ALL: [Self; 3] = [Self::Sheet, Self::VmSizes, Self::Retail];

    /// The word of settings, journal and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sheet => "sheet",
            Self::VmSizes => "vm_sizes",
            Self::Retail => "retail",
        }
    }

    /// The source of that word.
    #[must_use]
    pub fn of(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.label() == label)
    }
}

/// A price as a source gave it at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What is priced.
    pub key: PriceKey,
    /// Where the price came from.
    pub source: PriceSource,
    /// An hour of it, Linux, dedicated: a compute instance is nothing else.
    pub rate: Rate,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Since when the source says that it holds; none when it does not say.
    pub effective: When,
    /// The meter or the line of the sheet that it was read from, for an auditor.
    pub meter: Arc<str>,
    /// The answer's ETag, or the digest of the sheet; empty where there is none.
    pub etag: Arc<str>,
}

impl Quote {
    /// The same price in everything that money depends on: fetched again later, it is no news.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.key, self.source, self.rate, self.effective) == (&other.key, other.source, other.rate, other.effective)
    }
}

/// Which immutable snapshot: the number of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PriceId(pub i64);

/// A snapshot of a price: kept for ever, named by the rows that it prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Its row.
    pub id: PriceId,
    /// As quoted.
    pub quote: Quote,
    /// When a source last said the same.
    pub confirmed_at: Timestamp,
}

/// Why a source has no price for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPrice {
    /// The source does not list it.
    NotListed,
    /// More than one row could be the price, and none is chosen (FACTS 6.2); what they were.
    Ambiguous(String),
    /// It says something that cannot be (nothing, below nothing, ten times as much as before); what.
    Absurd(String),
}

impl NoPrice {
    /// Every label.
    pub const LABELS: [&'static str; 3] = ["absurd", "ambiguous", "not_listed"];

    /// The bounded label.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::NotListed => "not_listed",
            Self::Ambiguous(_) => "ambiguous",
            Self::Absurd(_) => "absurd",
        }
    }

    /// As a fragment of a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::NotListed => "it is not listed".to_owned(),
            Self::Ambiguous(what) => format!("more than one row could be its price: {what}"),
            Self::Absurd(what) => format!("what is listed cannot be its price: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_one_however_it_is_spelt() {
        let one = PriceKey::new("STANDARD_DS3_V2", &Region::new("West Europe"));
        assert_eq!(one, PriceKey::new("Standard_DS3_v2", &Region::new("westeurope")));
        assert_eq!(one.to_string(), "standard_ds3_v2 in westeurope");
        assert_ne!(one, PriceKey::new("Standard_D3_v2", &Region::new("westeurope")));
    }

    #[test]
    fn every_reason_has_one_of_the_labels() {
        let all = [NoPrice::NotListed, NoPrice::Ambiguous(String::new()), NoPrice::Absurd(String::new())];
        let mut labels = all.map(|reason| reason.label());
        labels.sort_unstable();
        assert_eq!(labels, NoPrice::LABELS);
    }

    #[test]
    fn every_source_is_found_by_its_word() {
        for source in PriceSource::ALL {
            assert_eq!(PriceSource::of(source.label()), Some(source));
        }
        assert_eq!(PriceSource::of("guess"), None);
    }
}
