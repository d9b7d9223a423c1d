//! The sandbox's own price list: what a VM size costs in a region from when on, and what a stopped instance goes on costing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::money::{Cost, Rate};

/// What every instance costs as long as it exists, running or not; the same everywhere and at all times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResidualRates {
    /// Its OS disk, a P10 of 19.71 dollars for a month of 730 hours.
    pub disk: Rate,
    /// Its public address.
    pub address: Rate,
    /// Its load balancer.
    pub balancer: Rate,
}

impl Default for ResidualRates {
    fn default() -> Self {
        Self {
            disk: Rate::billionths(27_000_000),
            address: Rate::billionths(5_000_000),
            balancer: Rate::billionths(25_000_000),
        }
    }
}

/// What one size costs in one region, by the instant from which each rate is in force.
type Steps = BTreeMap<Timestamp, Rate>;

/// A size under the name it was given, with its prices by region in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Priced {
    name: String,
    regions: BTreeMap<String, Steps>,
}

/// The true price of each VM size in each region over time. These are the sandbox's own prices: whatever Azure asks for
/// the same size, this is what the simulated machines cost, and what the simulated price APIs say.
///
/// A size that is [unlisted](Self::unlisted) costs what it costs and is billed, and no price API says how much. A size without
/// any price here costs nothing and is in no API.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceList {
    /// By name in small letters.
    sizes: BTreeMap<String, Priced>,
    unlisted: BTreeSet<String>,
    residual: ResidualRates,
}

impl PriceList {
    /// The same with one price more: of this size in this region, from `since` on.
    #[must_use]
    pub fn with(mut self, (size, region): (&str, &str), since: Timestamp, rate: Rate) -> Self {
        let fresh = || Priced { name: size.to_owned(), regions: BTreeMap::new() };
        let priced = self.sizes.entry(size.to_lowercase()).or_insert_with(fresh);
        priced.regions.entry(region.to_lowercase()).or_default().insert(since, rate);
        self
    }

    /// The same, with a size that no price API knows: this is how a client is made to meet an unknown price.
    #[must_use]
    pub fn unlisted(mut self, size: &str) -> Self {
        self.unlisted.insert(size.to_lowercase());
        self
    }

    /// What an instance costs besides its size.
    pub fn residual(&self) -> ResidualRates {
        self.residual
    }

    /// What a size costs in a region at an instant, and since when, whether or not it is listed.
    pub fn in_force(&self, size: &str, region: &str, at: Timestamp) -> Option<(Timestamp, Rate)> {
        let (since, rate) = self.steps(size, region)?.range(..=at).next_back()?;
        Some((*since, *rate))
    }

    /// The same as price APIs tell it: nothing about a size that is not listed.
    pub(in crate::sandbox) fn listed(&self, size: &str, region: &str, at: Timestamp) -> Option<(Timestamp, Rate)> {
        self.in_force(size, region, at).filter(|_| !self.unlisted.contains(&size.to_lowercase()))
    }

    /// Every size with every region in which it ever had a price, in order.
    pub(in crate::sandbox) fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sizes
            .values()
            .flat_map(|priced| priced.regions.keys().map(|region| (priced.name.as_str(), region.as_str())))
    }

    /// The exact cost of a size in a region over stretches of time, each at the prices in force during it.
    pub(super) fn cost(
        &self,
        (size, region): (&str, &str),
        stretches: impl Iterator<Item = (Timestamp, Timestamp)>,
    ) -> Cost {
        let Some(steps) = self.steps(size, region) else {
            return Cost::ZERO;
        };
        stretches.map(|stretch| cost_of(steps, stretch)).sum()
    }

    fn steps(&self, size: &str, region: &str) -> Option<&Steps> {
        self.sizes.get(&size.to_lowercase())?.regions.get(&region.to_lowercase())
    }
}

fn cost_of(steps: &Steps, (from, to): (Timestamp, Timestamp)) -> Cost {
    let ends = steps.keys().skip(1).copied().chain([Timestamp::MAX]);
    let parts = steps.iter().zip(ends);
    parts.map(|((since, rate), end)| rate.over(to.min(end).duration_since(from.max(*since)))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn list() -> PriceList {
        let place = ("Standard_A1", "westeurope");
        PriceList::default().with(place, at("2026-03-01T00:00:00Z"), Rate::billionths(500_000_000)).with(
            place,
            at("2026-03-23T00:00:00Z"),
            Rate::billionths(750_000_000),
        )
    }

    #[test]
    fn a_price_is_in_force_from_its_date_until_the_next() {
        let force = |time| list().in_force("STANDARD_A1", "WestEurope", at(time)).map(|(_, rate)| rate.as_billionths());
        assert_eq!(force("2026-02-28T23:59:59Z"), None);
        assert_eq!(force("2026-03-22T23:59:59.999999999Z"), Some(500_000_000));
        assert_eq!(force("2026-03-23T00:00:00Z"), Some(750_000_000));
        assert_eq!(list().in_force("standard_a1", "eastus", at("2026-04-01T00:00:00Z")), None);
    }

    #[test]
    fn a_stretch_over_a_change_costs_both_prices() {
        let cost = |from, to| list().cost(("standard_a1", "westeurope"), [(at(from), at(to))].into_iter()).micros();
        assert_eq!(cost("2026-03-22T22:00:00Z", "2026-03-23T02:00:00Z"), 2_500_000);
        assert_eq!(cost("2026-02-28T00:00:00Z", "2026-03-01T01:00:00Z"), 500_000);
        assert_eq!(cost("2026-03-24T02:00:00Z", "2026-03-24T01:00:00Z"), 0);
    }

    #[test]
    fn an_unlisted_size_costs_and_is_not_told() {
        let list = list().unlisted("STANDARD_a1");
        let now = at("2026-04-01T00:00:00Z");
        assert!(list.in_force("Standard_A1", "westeurope", now).is_some());
        assert_eq!(list.listed("Standard_A1", "westeurope", now), None);
    }
}
