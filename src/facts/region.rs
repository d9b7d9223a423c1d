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
    /// What is counted, in Azure's word: `vmFamily` is a family over the whole subscription, `dedicatedCores` all of them.
    pub kind: String,
    /// Used, in vCPUs or whatever it counts.
    pub used: u64,
    /// How much there may be.
    pub limit: u64,
}

impl QuotaLine {
    /// Whether it counts the cores of a family of sizes over the whole subscription.
    #[must_use]
    pub fn is_of_family(&self, family: &str) -> bool {
        let bare = bare(family);
        !bare.is_empty() && self.kind.eq_ignore_ascii_case("vmFamily") && bare == self::bare(&self.name)
    }

    /// Whether it counts all dedicated cores over the whole subscription.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        self.kind.eq_ignore_ascii_case("dedicatedCores")
    }

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

/// A family's own word: sizes say `standardDSv2Family`, quotas `Standard DSv2 Family Cluster Dedicated vCPUs`.
fn bare(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let lower = lower.split("cluster").next().unwrap_or_default();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.strip_prefix("standard").unwrap_or(&letters);
    letters.strip_suffix("family").unwrap_or(letters).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_known_by_both_of_its_names_and_no_other() {
        let line = |name: &str, kind: &str| QuotaLine {
            name: name.to_owned(),
            words: name.to_owned(),
            kind: kind.to_owned(),
            used: 30,
            limit: 24,
        };
        let ds = line("Standard DSv2 Family Cluster Dedicated vCPUs", "vmFamily");
        assert!(ds.is_of_family("standardDSv2Family") && !ds.is_of_family("standardDv2Family") && !ds.is_of_family(""));
        assert!(line("standardDSv2Family", "vmFamily").is_of_family("Standard DSv2 Family"));
        assert!(!line("Standard DSv2 Family Cluster Dedicated vCPUs", "workspaces").is_of_family("standardDSv2Family"));
        assert!(line("Total Cluster Dedicated Regional vCPUs", "dedicatedCores").is_of_all() && !ds.is_of_all());
        assert_eq!(ds.left(), 0, "less than nothing is nothing");
    }
}
