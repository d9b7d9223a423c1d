//! Labels from closed lists, read back from JSON without becoming free text.

use serde::{Deserialize, Deserializer};

use crate::units::InstanceId;

/// A word from a closed list of this program's.
pub type Label = &'static str;

/// Every label that a report can hold. A word that is not here, which only another version can have written, reads as `other`.
const KNOWN: &[Label] = &[
    "throttled", "unauthenticated", "forbidden", "gone", "conflict", "disk_full", "refused", "unreachable", "garbled", "unclear", "storage",
    "undelivered", "late", "down", "reload", "clock", "unseen", "catch_up", "expired", "too_old", "policy", "no_policy", "ambiguous", "partial",
];

fn known(word: &str) -> Label {
    KNOWN.iter().find(|label| **label == word).copied().unwrap_or("other")
}

pub(super) fn one<'de, D: Deserializer<'de>>(from: D) -> Result<Label, D::Error> {
    String::deserialize(from).map(|word| known(&word))
}

pub(super) fn maybe<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Label>, D::Error> {
    Option::<String>::deserialize(from).map(|word| word.as_deref().map(known))
}

pub(super) fn pairs<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(InstanceId, Label)>, D::Error> {
    let pairs = Vec::<(InstanceId, String)>::deserialize(from)?;
    Ok(pairs.into_iter().map(|(id, word)| (id, known(&word))).collect())
}
