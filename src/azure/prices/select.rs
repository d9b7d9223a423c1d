//! Which row is the price of a compute instance: exactly one, or none is (FACTS 6.2). Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::row::Row;
use crate::azure::words::clean;
use crate::ledger::{NoPrice, PriceKey, PriceSource, Quote};
use crate::units::{Currency, Rate, When, parse_decimal};

/// Rows that are named where more than one could be the price; more are only counted.
const NAMED_MAX: usize = 4;

/// What some row or estimate asks for an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// The rate, or what stands there instead.
    pub(super) price: Result<Rate, String>,
    /// Since when.
    pub(super) effective: When,
    /// Where it was read, for an auditor.
    pub(super) meter: String,
}

/// Reads a price as it is written.
pub(super) fn price(text: &str, currency: &str) -> Result<Rate, String> {
    let currency: Currency = currency.parse().map_err(|_| format!("its currency is `{}`", clean(currency)))?;
    Rate::parse(text, currency).map_err(|_| format!("its price reads `{}`", clean(text)))
}

/// The one price that these offers agree on.
///
/// # Errors
/// When there is none, more than one, or one that cannot be.
pub(super) fn only(mut offers: Vec<Offer>) -> Result<(Rate, Offer), NoPrice> {
    // The newest of those that say the same stands for them, whatever the order they came in.
    offers.sort_by(|a, b| b.effective.cmp(&a.effective).then_with(|| a.meter.cmp(&b.meter)));
    let prices: BTreeSet<&Result<Rate, String>> = offers.iter().map(|offer| &offer.price).collect();
    if prices.len() > 1 {
        return Err(NoPrice::Ambiguous(each(&prices)));
    }
    let Some(first) = offers.into_iter().next() else { return Err(NoPrice::NotListed) };
    match &first.price {
        Err(why) => Err(NoPrice::Absurd(why.clone())),
        Ok(rate) if rate.nanos() <= 0 => Err(NoPrice::Absurd(format!("it costs {rate}"))),
        Ok(rate) => Ok((*rate, first)),
    }
}

fn each(prices: &BTreeSet<&Result<Rate, String>>) -> String {
    let word = |price: &&Result<Rate, String>| price.as_ref().map_or_else(Clone::clone, ToString::to_string);
    let named: Vec<String> = prices.iter().take(NAMED_MAX).map(word).collect();
    let more = prices.len().saturating_sub(named.len());
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{}{rest}", named.join(", "))
}

/// The price of a size in a region, from the rows of the public list.
///
/// # Errors
/// Why there is none: which row it is, is never guessed.
pub(super) fn select(rows: &[Row], key: &PriceKey, at: Timestamp) -> Result<Quote, NoPrice> {
    let ours = rows.iter().filter(|row| row.is_about(key) && row.is_for_an_instance() && row.holds(at));
    let (rate, offer) = only(ours.map(Row::offer).collect())?;
    Ok(Quote {
        key: key.clone(),
        source: PriceSource::Retail,
        rate,
        fetched_at: at,
        effective: offer.effective,
        meter: offer.meter.into(),
        etag: "".into(),
    })
}

impl Row {
    fn is_about(&self, key: &PriceKey) -> bool {
        self.size.eq_ignore_ascii_case(key.size()) && self.region.eq_ignore_ascii_case(key.region().as_str())
    }

    /// Linux, dedicated, on demand, by the hour: a compute instance is nothing else. A field that is missing is no yes.
    fn is_for_an_instance(&self) -> bool {
        let product = self.product.to_ascii_lowercase();
        let other_product = product.is_empty()
            || product.contains("windows")
            || product.ends_with(" win")
            || product.contains("cloud services");
        let other_tier = [&self.sku, &self.meter].into_iter().any(|name| {
            let name = name.to_ascii_lowercase();
            name.is_empty() || name.contains("spot") || name.contains("low priority")
        });
        // A reservation's price is of its whole term, though its unit says an hour.
        self.kind == "Consumption"
            && self.service == "Virtual Machines"
            && self.unit == "1 Hour"
            && parse_decimal(&self.tier).is_ok_and(|tier| tier.is_zero())
            && !other_product
            && !other_tier
    }

    fn holds(&self, at: Timestamp) -> bool {
        let begun = self.from.parse::<Timestamp>().is_ok_and(|from| from <= at);
        let not_over = |until: &String| until.parse::<Timestamp>().is_ok_and(|until| until > at);
        begun && self.until.as_ref().is_none_or(not_over)
    }

    fn offer(&self) -> Offer {
        Offer {
            price: price(&self.price, &self.currency),
            effective: self.from.parse::<Timestamp>().ok().into(),
            meter: clean(&format!("{}, {}, meter {}", self.product, self.meter, self.meter_id)),
        }
    }
}

#[cfg(test)]
mod tests;
