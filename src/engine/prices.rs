//! Prices: asked for once a day, and at once for a size that has none yet. A price that cannot be had stops nothing and
//! holds nothing up.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::log;
use super::state::{Engine, State};
use crate::facts::SizeFacts;
use crate::ledger::{PriceBook, PriceKey};
use crate::ports::{Fault, Quoted, World};
use crate::report::FaultLine;
use crate::units::Region;

/// All sources together may take so long.
const ASK_TIME: Duration = Duration::from_secs(300);
/// What has no price is asked for again so soon.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// From one try to the next, whatever is missing.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);

impl<W: World> Engine<W> {
    /// The team's own prices are others: every price is asked for anew, soon.
    pub fn prices_changed(&self) {
        self.lock().prices_due = true;
        self.swept.notify_one();
    }

    /// Asks for prices if that is due; says whether it did.
    ///
    /// # Errors
    /// When what was answered could not be written down.
    pub async fn refresh_prices(&self) -> Result<bool, Fault> {
        let now = self.world.now();
        let keys = self.lock().unasked(now, self.options.accounting.refresh.duration());
        if keys.is_empty() {
            return Ok(false);
        }
        {
            let mut state = self.lock();
            (state.prices_asked_at, state.prices_due) = (Some(now), false);
        }
        let quoted = tokio::time::timeout(ASK_TIME, self.world.quotes(&keys)).await.unwrap_or_default();
        let sizes = keys.iter().filter_map(|key| Some((key.clone(), self.world.size(key)?)));
        let sizes: BTreeMap<PriceKey, SizeFacts> = sizes.collect();
        let faults = quoted.iter().flat_map(|one| one.faults.iter().map(move |fault| (one.source, fault)));
        let faults: Vec<FaultLine> = faults
            .map(|(source, fault)| FaultLine {
                workspace: None,
                label: "prices",
                words: format!("{}: {}; {}", source.label(), fault.words(), fault.kind.remedy()),
            })
            .collect();
        log::prices(keys.len(), &faults);
        {
            let mut state = self.lock();
            state.price_faults = faults;
            Arc::make_mut(&mut state.sizes).extend(sizes);
        }
        let book = self.world.reprice(&in_order(&keys, quoted), self.world.now()).await?;
        self.lock().prices = Arc::new(book);
        Ok(true)
    }
}

/// Of each key the first source's price; where none has one, the first reason.
fn in_order(
    keys: &[PriceKey],
    quoted: Vec<Quoted>,
) -> Vec<(PriceKey, Result<crate::ledger::Quote, crate::ledger::NoPrice>)> {
    let answers: Vec<_> = quoted.into_iter().flat_map(|one| one.answers).collect();
    let best = |key: &PriceKey| {
        let of = || answers.iter().filter(|(of, _)| of == key).map(|(_, answer)| answer);
        let best = of().find(|answer| answer.is_ok()).or_else(|| of().next())?;
        Some((key.clone(), best.clone()))
    };
    keys.iter().filter_map(best).collect()
}

impl State {
    /// What the fleet has. Names as written first: a key is dear to make for each of a hundred thousand.
    fn in_use(&self) -> BTreeSet<PriceKey> {
        let entries = self.places.values().flat_map(|place| place.entries.values()).filter(|entry| !entry.absent);
        let written: HashSet<(&str, &Region)> =
            entries.map(|entry| (&*entry.facts.size, &entry.facts.region)).collect();
        written.into_iter().map(|(size, region)| PriceKey::new(size, region)).collect()
    }

    /// The prices of what the fleet has, and what is wrong with them.
    pub(super) fn prices_in_use(&self, now: Timestamp, stale_after: SignedDuration) -> (PriceBook, Vec<FaultLine>) {
        let book = self.prices.only(&self.in_use());
        let mut faults = self.price_faults.clone();
        let stale: Vec<&PriceKey> = book.stale(now, stale_after).map(|(key, _)| key).collect();
        if let Some(first) = stale.first() {
            let words = format!(
                "no source has confirmed {} prices for {} hours, that of {first} among them; the last good ones stand",
                stale.len(),
                stale_after.as_hours()
            );
            faults.push(FaultLine { workspace: None, label: "prices", words });
        }
        (book, faults)
    }

    /// What is to be asked for now: everything once a refresh, what has no price every hour, what is new at once. Never
    /// more often than every five minutes, and what is nearly due comes along: one request serves many sizes.
    fn unasked(&self, now: Timestamp, refresh: SignedDuration) -> Vec<PriceKey> {
        // a clock that went back does not keep prices from being asked for (S12)
        let old = |at: Timestamp, after: SignedDuration| at > now || now.duration_since(at) >= after;
        if !self.prices_due && self.prices_asked_at.is_some_and(|at| !old(at, PAUSE)) {
            return Vec::new();
        }
        let all = self.in_use();
        let is_due = |key: &PriceKey, early: SignedDuration| match self.prices.get(key) {
            _ if self.prices_due => true,
            None => true,
            Some(priced) if priced.price.is_none() || priced.doubt.is_some() => {
                old(priced.asked_at, AGAIN.min(refresh))
            }
            Some(priced) => old(priced.asked_at, refresh.saturating_sub(early)),
        };
        if !all.iter().any(|key| is_due(key, SignedDuration::ZERO)) {
            return Vec::new();
        }
        all.into_iter().filter(|key| is_due(key, AGAIN)).collect()
    }
}
