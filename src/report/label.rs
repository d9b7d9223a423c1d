//! Labels from closed lists, read back from JSON without becoming free text.

use serde::{Deserialize, Deserializer};

use crate::units::PolicyId;

/// A word from a closed list of this program's.
pub type Label = &'static str;

/// Every label that a report can hold. A word that is not here, which only another version can have written, reads as `other`.
const KNOWN: &[Label] = &[
    "throttled",
    "unauthenticated",
    "forbidden",
    "gone",
    "conflict",
    "disk_full",
    "refused",
    "unreachable",
    "garbled",
    "unclear",
    "storage",
    "undelivered",
    "unfit",
    "not_running",
    "frozen",
    "catch_up",
    "start_not_running",
    "start_frozen",
    "stop_overdue",
    "operation_overdue",
    "stuck",
    "native_timer",
    "shrunk",
    "policy_conflict",
    "quarantined",
    "clock",
    "stale",
    "calendar",
    "timer_not_shown",
    "freeze_unreadable",
    "prices",
    "bills",
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

pub(super) fn triples<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(PolicyId, u64, Label)>, D::Error> {
    let triples = Vec::<(PolicyId, u64, String)>::deserialize(from)?;
    Ok(triples.into_iter().map(|(id, count, word)| (id, count, known(&word))).collect())
}
