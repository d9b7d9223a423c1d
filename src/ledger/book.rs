//! The price book: for each size and region the snapshot in force, how old it is, and why there is none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::price::{NoPrice, Price, PriceKey, Quote};
use crate::units::{Rate, Region};

/// What is known of one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priced {
    /// The last good price; none when there never was one.
    pub price: Option<Price>,
    /// Why the last refresh gave none, or one that was not believed.
    pub doubt: Option<NoPrice>,
    /// When a source last answered about it.
    pub asked_at: Timestamp,
}

/// Prices in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceBook {
    prices: BTreeMap<PriceKey, Priced>,
}

/// As a list: a price's key is no word.
impl Serialize for PriceBook {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.prices)
    }
}

impl<'de> Deserialize<'de> for PriceBook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let prices: Vec<(PriceKey, Priced)> = Vec::deserialize(deserializer)?;
        Ok(Self { prices: prices.into_iter().collect() })
    }
}

/// A price that is so many times the one before, or so small a part of it, is not believed (fault 45).
const BELIEVED_WITHIN: i64 = 10;

impl PriceBook {
    /// Of what is known of each.
    #[must_use]
    pub const fn new(prices: BTreeMap<PriceKey, Priced>) -> Self {
        Self { prices }
    }

    /// Only these: a size that no instance has any more is not asked for, and its age says nothing.
    #[must_use]
    pub fn only(&self, wanted: &BTreeSet<PriceKey>) -> Self {
        let kept = self.prices.iter().filter(|(key, _)| wanted.contains(*key));
        Self { prices: kept.map(|(key, priced)| (key.clone(), priced.clone())).collect() }
    }

    /// These, and beside them what only the other has.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut prices = other.prices.clone();
        prices.extend(self.prices.iter().map(|(key, priced)| (key.clone(), priced.clone())));
        Self { prices }
    }

    /// Everything there is.
    pub fn iter(&self) -> impl Iterator<Item = (&PriceKey, &Priced)> {
        self.prices.iter()
    }

    /// What is known of one price.
    #[must_use]
    pub fn get(&self, key: &PriceKey) -> Option<&Priced> {
        self.prices.get(key)
    }

    /// The price in force for a size in a region.
    #[must_use]
    pub fn price(&self, size: &str, region: &Region) -> Option<&Price> {
        self.get(&PriceKey::new(size, region))?.price.as_ref()
    }

    /// What an hour of it costs.
    #[must_use]
    pub fn rate(&self, size: &str, region: &Region) -> Option<Rate> {
        self.price(size, region).map(|price| price.quote.rate)
    }

    /// What has no price.
    pub fn unpriced(&self) -> impl Iterator<Item = (&PriceKey, Option<&NoPrice>)> {
        let without = self.prices.iter().filter(|(_, priced)| priced.price.is_none());
        without.map(|(key, priced)| (key, priced.doubt.as_ref()))
    }

    /// When the price that was confirmed longest ago was last confirmed; none when nothing is priced.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.prices.values().filter_map(|priced| priced.price.as_ref()).map(|price| price.confirmed_at).min()
    }

    /// Prices that no source has confirmed for so long.
    pub fn stale(&self, now: Timestamp, after: SignedDuration) -> impl Iterator<Item = (&PriceKey, &Price)> {
        let priced = self.prices.iter().filter_map(|(key, priced)| Some((key, priced.price.as_ref()?)));
        priced.filter(move |(_, price)| now.duration_since(price.confirmed_at) > after)
    }

    /// Says whether an answer is believed: a price of nothing, or one ten times or a tenth of the last, is not. What a
    /// team writes into its own sheet always is.
    ///
    /// # Errors
    /// Why not.
    pub fn weigh(&self, quote: &Quote) -> Result<(), NoPrice> {
        if quote.source == super::PriceSource::Sheet {
            return Ok(());
        }
        if quote.rate.nanos() == 0 {
            return Err(NoPrice::Absurd("it costs nothing".to_owned()));
        }
        let Some(last) = self.get(&quote.key).and_then(|priced| priced.price.as_ref()) else { return Ok(()) };
        let (new, old) = (quote.rate, last.quote.rate);
        let far = |more: i64, less: i64| more >= less.saturating_mul(BELIEVED_WITHIN);
        if new.currency() == old.currency()
            && old.nanos() > 0
            && (far(new.nanos(), old.nanos()) || far(old.nanos(), new.nanos()))
        {
            return Err(NoPrice::Absurd(format!("{new} after {old}; write it into the price sheet if it is right")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{PriceId, PriceSource};
    use super::*;
    use crate::units::{Currency, When};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn quote(rate: &str, source: PriceSource) -> Quote {
        Quote {
            key: PriceKey::new("Standard_DS3_v2", &Region::new("westeurope")),
            source,
            rate: Rate::parse(rate, Currency::USD).unwrap(),
            fetched_at: at(1_000),
            effective: When::NONE,
            meter: Arc::from("D3 v2/DS3 v2"),
            etag: Arc::from(""),
        }
    }

    fn book() -> PriceBook {
        let price = Price { id: PriceId(1), quote: quote("0.293", PriceSource::Retail), confirmed_at: at(1_000) };
        let known = Priced { price: Some(price.clone()), doubt: None, asked_at: at(1_000) };
        let unknown = Priced { price: None, doubt: Some(NoPrice::NotListed), asked_at: at(1_000) };
        let other = PriceKey::new("Standard_X1", &Region::new("westeurope"));
        PriceBook::new([(price.quote.key, known), (other, unknown)].into())
    }

    #[test]
    fn an_unknown_price_is_named_and_never_a_default() {
        let book = book();
        assert_eq!(book.rate("STANDARD_DS3_V2", &Region::new("West Europe")).unwrap().text(), "0.293");
        assert_eq!(book.rate("Standard_X1", &Region::new("westeurope")), None);
        assert_eq!(book.rate("Standard_DS3_v2", &Region::new("japaneast")), None);
        let unpriced: Vec<String> = book.unpriced().map(|(key, _)| key.to_string()).collect();
        assert_eq!(unpriced, ["standard_x1 in westeurope"]);
    }

    #[test]
    fn an_absurd_price_is_not_believed() {
        let book = book();
        for (rate, believed) in [("0", false), ("2.93", false), ("2.92", true), ("0.0293", false), ("0.03", true)] {
            assert_eq!(book.weigh(&quote(rate, PriceSource::Retail)).is_ok(), believed, "{rate}");
        }
        assert_eq!(book.weigh(&quote("29.3", PriceSource::Sheet)), Ok(()), "a team's own sheet is its own word");
    }

    #[test]
    fn age_counts_from_the_last_confirmation() {
        let book = book();
        let day = SignedDuration::from_hours(24);
        assert_eq!(book.stale(at(1_000 + 86_400), day).count(), 0);
        assert_eq!(book.stale(at(1_001 + 86_400), day).count(), 1);
        assert_eq!(book.oldest(), Some(at(1_000)));
        let unused = book.only(&[PriceKey::new("Standard_X1", &Region::new("westeurope"))].into());
        assert_eq!((unused.iter().count(), unused.oldest()), (1, None));
    }
}
