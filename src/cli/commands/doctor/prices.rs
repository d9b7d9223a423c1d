//! Prices, tried: every size of the fleet is asked for, and what has no price is named.

use std::collections::BTreeSet;

use super::{Examined, Health};
use crate::cli::clock::SystemClock;
use crate::cli::outside::Outside;
use crate::facts::WorkspaceFacts;
use crate::ledger::PriceKey;
use crate::ports::{FaultKind, Observe as _, Prices as _};
use crate::rights::PRICE_ACTION;

/// More names than this are not read; their number is said.
const NAMED_MAX: usize = 10;

/// Asks every source for the sizes that these workspaces have.
pub(super) async fn prices(seen: &mut Examined, outside: &Outside<SystemClock>, workspaces: &[WorkspaceFacts]) {
    let mut keys: BTreeSet<PriceKey> = BTreeSet::new();
    for workspace in workspaces {
        // one that cannot be read has a line of its own already
        if let Ok(inventory) = outside.inventory(workspace).await {
            keys.extend(inventory.instances.iter().map(|facts| PriceKey::new(&facts.size, &facts.region)));
        }
    }
    if keys.is_empty() {
        return seen.well("prices", "no instance needs one");
    }
    let keys: Vec<PriceKey> = keys.into_iter().collect();
    let mut priced: BTreeSet<PriceKey> = BTreeSet::new();
    let answers = outside.quotes(&keys).await;
    if answers.is_empty() {
        let words = "no source is named ([prices] sources): costs stay unknown, stopping does not need them";
        return seen.add("prices", Health::Warning, words);
    }
    for quoted in &answers {
        let found = quoted.answers.iter().filter(|(_, answer)| answer.is_ok());
        let found: Vec<&PriceKey> = found.map(|(key, _)| key).collect();
        priced.extend(found.iter().copied().cloned());
        let label = quoted.source.label();
        if quoted.faults.is_empty() {
            seen.well("prices", format!("{label}: {} of {} sizes", found.len(), keys.len()));
        }
        for fault in &quoted.faults {
            let remedy = if matches!(fault.kind, FaultKind::Denied) {
                format!("grant {PRICE_ACTION} (deploy/role.json)")
            } else {
                fault.kind.remedy().to_owned()
            };
            seen.add("prices", Health::Warning, format!("{label}: {}; {remedy}", fault.words()));
        }
    }
    let unknown: Vec<String> =
        keys.iter().filter(|key| !priced.contains(*key)).map(|key| unpriced(key, &answers)).collect();
    if unknown.is_empty() {
        return seen.well("prices", format!("every size in use has one ({})", keys.len()));
    }
    let more = unknown.len().saturating_sub(NAMED_MAX);
    let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
    let named = unknown.into_iter().take(NAMED_MAX).collect::<Vec<_>>().join("; ");
    let words = format!(
        "unknown: {named}{rest}; write them into the price sheet ([prices] sheet), costs leave them out until then"
    );
    seen.add("prices", Health::Warning, words);
}

/// The size and the first reason for which it has no price.
fn unpriced(key: &PriceKey, answers: &[crate::ports::Quoted]) -> String {
    let why = answers.iter().flat_map(|quoted| &quoted.answers).find_map(|(of, answer)| {
        (of == key).then(|| answer.as_ref().err().map(crate::ledger::NoPrice::words)).flatten()
    });
    format!("{key} ({})", why.unwrap_or_else(|| "no source could be asked".to_owned()))
}
