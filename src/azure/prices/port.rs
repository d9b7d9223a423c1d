//! The port: every source that settings name, each asked once, the team's own sheet laid over what they say.

use super::desk::by_region;
use crate::azure::fleet::Azure;
use crate::facts::SizeFacts;
use crate::ledger::{NoPrice, PriceKey, PriceSource, Quote};
use crate::ports::{Clock, Prices, Quoted};

impl<C: Clock> Prices for Azure<C> {
    async fn quotes(&self, keys: &[PriceKey]) -> Vec<Quoted> {
        let keys: Vec<PriceKey> = by_region(keys).into_values().flatten().collect();
        let order = &self.options.prices.sources;
        let mut heard = Vec::new();
        // Whatever the order: the list of sizes says how each is spelt, and the sheet takes discounts off what others say.
        for source in [PriceSource::VmSizes, PriceSource::Retail, PriceSource::Sheet] {
            if order.contains(&source) {
                heard.push(match source {
                    PriceSource::VmSizes => self.ask_vm_sizes(&keys).await,
                    PriceSource::Retail => self.ask_retail(&keys).await,
                    PriceSource::Sheet => self.ask_sheet(&keys, &heard),
                });
            }
        }
        heard.sort_by_key(|quoted| order.iter().position(|source| *source == quoted.source));
        heard
    }

    fn size(&self, key: &PriceKey) -> Option<SizeFacts> {
        self.desk.size(key)
    }
}

impl<C: Clock> Azure<C> {
    fn ask_sheet(&self, keys: &[PriceKey], heard: &[Quoted]) -> Quoted {
        let (sheet, at) = (self.desk.sheet(), self.line.clock.now());
        let answer = |key: &PriceKey| match sheet.quote(key, self.listed(key, heard), at) {
            Some(quote) => Some((key.clone(), Ok(quote))),
            // The list price that a discount is taken off could not be asked for: that is no answer.
            None if sheet.needs_list(key, at) && !answered(key, heard) => None,
            None => Some((key.clone(), Err(NoPrice::NotListed))),
        };
        Quoted { source: PriceSource::Sheet, answers: keys.iter().filter_map(answer).collect(), faults: Vec::new() }
    }

    /// The list price of the source that settings name first.
    fn listed<'q>(&self, key: &PriceKey, heard: &'q [Quoted]) -> Option<&'q Quote> {
        let of = |source: &PriceSource| heard.iter().find(|quoted| quoted.source == *source);
        let quote = |quoted: &'q Quoted| {
            let mut ours = quoted.answers.iter().filter(|(other, _)| other == key);
            ours.find_map(|(_, answer)| answer.as_ref().ok())
        };
        self.options.prices.sources.iter().filter_map(of).find_map(quote)
    }
}

/// True when every list said something of it.
fn answered(key: &PriceKey, heard: &[Quoted]) -> bool {
    heard.iter().all(|quoted| quoted.answers.iter().any(|(other, _)| other == key))
}
