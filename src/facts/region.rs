//! What a region offers: sizes, quota, and whether a name is free there.

use serde::{Deserialize, Serialize};

use super::SizeFacts;

/// One size of a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeOffer {
    /// What is known of it.
    pub facts: SizeFacts,
    /// Whether instances can have it; none where the list does not say.
    pub for_instances: Option<bool>,
}

/// How much of one quota is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaLine {
    /// Its name, such as that of a family of sizes.
    pub name: String,
    /// In words, as Azure has it.
    pub words: String,
    /// Used, in vCPUs or whatever it counts.
    pub used: u64,
    /// How much there may be.
    pub limit: u64,
}

impl QuotaLine {
    /// What is left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// Whether a name is free in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameAnswer {
    /// It is.
    Free,
    /// It is not; why.
    Taken(String),
    /// Nobody could say; why.
    Unknown(String),
}
