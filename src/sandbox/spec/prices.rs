//! The prices of the worlds that come with the sandbox; they are its own, near Azure's list prices and bound to none.

use jiff::Timestamp;

use super::super::world::{PriceList, Rate};

/// From when the prices hold: 2021-01-01T00:00:00Z, before any world begins.
const SINCE: Timestamp = Timestamp::constant(1_609_459_200, 0);

/// The second week of the demo, 2026-03-23T00:00:00Z: one size becomes dearer, so that a change of price is met.
const CHANGE: Timestamp = Timestamp::constant(1_774_224_000, 0);

/// Dollars an hour where the region's share is 100 percent, in billionths.
const BASE: [(&str, i64); 6] = [
    ("Standard_DS3_v2", 293_000_000),
    ("Standard_D13_v2", 741_000_000),
    (DEARER, 504_000_000),
    ("Standard_NC6s_v3", 3_060_000_000),
    ("Standard_NC24ads_A100_v4", 3_673_000_000),
    ("Standard_NC4as_T4_v3", 526_000_000),
];

const DEARER: &str = "Standard_E8s_v3";

/// What [`DEARER`] costs from [`CHANGE`] on, at 100 percent.
const DEARER_BASE: i64 = 532_000_000;

/// The regions, each with its share of the base price in percent. Bases are whole thousandths of a dollar, so that every
/// product is exact.
const REGIONS: [(&str, i64); 5] =
    [("eastus", 100), ("eastus2", 100), ("japaneast", 125), ("spaincentral", 110), ("westeurope", 120)];

/// The price list of the demo and of the scale world: six sizes in five regions, with one change of price.
pub fn list_prices() -> PriceList {
    let mut list = PriceList::default();
    for (region, share) in REGIONS {
        for (size, base) in BASE {
            list = list.with((size, region), SINCE, scaled(base, share));
        }
        list = list.with((DEARER, region), CHANGE, scaled(DEARER_BASE, share));
    }
    list
}

fn scaled(base: i64, share: i64) -> Rate {
    Rate::billionths(base.saturating_mul(share).checked_div(100).unwrap_or(base))
}

#[cfg(test)]
mod tests {
    use super::super::{demo, scale};
    use super::*;

    #[test]
    fn every_machine_of_the_worlds_has_a_price() {
        let start: Timestamp = "2026-03-16T00:00:00Z".parse().unwrap();
        for world in [demo(1, start), scale(1, start, 3, 5)] {
            for workspace in &world.workspaces {
                for instance in &workspace.instances {
                    let place = (instance.vm_size.as_str(), workspace.region.as_str());
                    assert!(world.prices.in_force(place.0, place.1, start).is_some(), "{place:?}");
                }
            }
        }
    }

    #[test]
    fn shares_are_exact_and_one_size_becomes_dearer() {
        let list = list_prices();
        let at = |text: &str| text.parse().unwrap();
        let rate = |size: &str, region: &str, time: &str| list.in_force(size, region, at(time)).unwrap().1;
        let before = "2026-03-22T23:59:59Z";
        assert_eq!(rate("standard_ds3_v2", "spaincentral", before), Rate::billionths(322_300_000));
        assert_eq!(rate("standard_nc24ads_a100_v4", "japaneast", before), Rate::billionths(4_591_250_000));
        assert_eq!(rate(DEARER, "eastus2", before), Rate::billionths(504_000_000));
        assert_eq!(rate(DEARER, "eastus2", "2026-03-23T00:00:00Z"), Rate::billionths(532_000_000));
        assert_eq!(rate(DEARER, "japaneast", "2026-03-23T00:00:00Z"), Rate::billionths(665_000_000));
        assert!(BASE.iter().all(|(_, base)| base % 1_000_000 == 0) && DEARER_BASE % 1_000_000 == 0);
    }
}
