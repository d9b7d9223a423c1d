//! The demo's ledger against the sandbox's true meters: what it cost, what stopping avoided, how far the ledger is off.

use std::collections::BTreeMap;

use super::figures::{Dollars, Figures, Ratio};
use crate::ledger::{AvoidedDetail, Entry, EntryKind, References};
use crate::sandbox::World;
use crate::store::{Store, StoreError};
use crate::units::{Cost, Currency};

/// Every row of the ledger, what is still going on as rows at its end, and what they refer to.
pub(super) struct Rows {
    entries: Vec<Entry>,
    references: References,
}

/// Reads the ledger.
pub(super) async fn read(store: &Store) -> Result<Rows, StoreError> {
    let mut entries = Vec::new();
    let take = |entry| {
        entries.push(entry);
        Ok::<(), StoreError>(())
    };
    let ledger = store.ledger();
    ledger.each_entry((i64::MAX, None), take).await?;
    entries.extend(ledger.going_on().await?.1);
    Ok(Rows { entries, references: ledger.references().await? })
}

impl Rows {
    fn sum(&self, seconds: impl Fn(&Entry) -> i64) -> Cost {
        let costs = self.entries.iter().filter_map(|entry| self.cost(entry, seconds(entry)));
        costs.fold(Cost::zero(Currency::USD), |sum, cost| sum.plus(cost).unwrap_or(sum))
    }

    fn cost(&self, entry: &Entry, seconds: i64) -> Option<Cost> {
        Some(self.references.prices.get(&entry.price?)?.rate.over(seconds))
    }

    /// What the ledger says of each instance, by id in lower case.
    fn by_instance(&self) -> BTreeMap<String, Cost> {
        let mut costs = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.kind == EntryKind::Usage) {
            let Some(subject) = self.references.subjects.get(&entry.subject) else { continue };
            let sum = costs
                .entry(subject.instance.to_string().to_ascii_lowercase())
                .or_insert_with(|| Cost::zero(Currency::USD));
            let cost = self.cost(entry, entry.interval.billed().mid);
            *sum = cost.and_then(|cost| sum.plus(cost)).unwrap_or(*sum);
        }
        costs
    }

    fn residual(&self) -> Cost {
        let one = |entry: &Entry| {
            let rates = self.references.terms.get(&entry.terms)?.residual?.total()?;
            (entry.kind == EntryKind::Usage).then(|| rates.over(entry.interval.length()))
        };
        let costs = self.entries.iter().filter_map(one);
        costs.fold(Cost::zero(Currency::USD), |sum, cost| sum.plus(cost).unwrap_or(sum))
    }
}

/// Compares the ledger with the truth of the world it watched, and of its twin in which nobody watched.
pub(super) fn compare(rows: &Rows, (world, twin): (&World, &World), figures: &mut Figures) {
    let dollars = |world: &World, cost: fn(&crate::sandbox::Truth<'_>) -> crate::sandbox::Cost| {
        world.truths().map(|truth| cost(&truth).micros()).fold(0_i64, i64::saturating_add)
    };
    let cost = dollars(world, |truth| truth.compute_cost());
    let without = dollars(twin, |truth| truth.compute_cost());
    let used = dollars(twin, |truth| truth.used_cost());
    let metered = rows.by_instance();
    let apart = world.truths().map(|truth| {
        let said = metered.get(&truth.id().to_ascii_lowercase()).map_or(0, |cost| cost.rounded().as_micros());
        said.saturating_sub(truth.compute_cost().micros()).saturating_abs()
    });
    figures.ledger_rows = rows.entries.iter().filter(|entry| entry.seq > 0).count();
    figures.cost = Dollars(cost);
    figures.cost_without = Dollars(without);
    figures.avoided = Dollars(without.saturating_sub(cost));
    figures.ledger_cost = Dollars(metered.values().map(|cost| cost.rounded().as_micros()).fold(0, i64::saturating_add));
    figures.ledger_avoided = Dollars(rows.sum(net).rounded().as_micros());
    figures.ledger_residual = Dollars(rows.residual().rounded().as_micros());
    figures.residual = Dollars(dollars(world, |truth| truth.residual_cost()));
    figures.ledger_error_ratio = Ratio::of(apart.fold(0, i64::saturating_add), cost);
    figures.captured_ratio = Ratio::of(without.saturating_sub(cost), without.saturating_sub(used));
}

/// Credited less charged seconds of a stop that was made.
fn net(entry: &Entry) -> i64 {
    let detail = entry.detail.as_deref().filter(|_| entry.kind == EntryKind::Avoided);
    let detail: Option<AvoidedDetail> = detail.and_then(|text| serde_json::from_str(text).ok());
    detail.map_or(0, |detail| detail.credited.saturating_sub(detail.charged))
}
