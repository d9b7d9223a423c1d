//! The rows of a VM size: one of them is the price of a compute instance, and the others look much like it.

use jiff::Timestamp;

use super::super::super::spec::{Sold, find};
use super::super::super::world::{PriceList, half_even};
use super::row::{Row, Service, meter_id};

const SERVICE: Service = Service("Virtual Machines", "DZH313Z7MMC8", "Compute");

/// Whose product it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
    Linux,
    Windows,
    CloudServices,
}

/// A row of every size: system, what is put behind its names, type, and its share of the Linux price in percent.
/// Prices are whole hundred-thousandths of a dollar, so that shares are exact.
struct Offer(System, &'static str, &'static str, i128);

const CONSUMPTION: &str = "Consumption";
const DEV_TEST: &str = "DevTestConsumption";

const OFFERS: [Offer; 11] = [
    Offer(System::CloudServices, " Low Priority", CONSUMPTION, 44),
    Offer(System::Linux, " Low Priority", CONSUMPTION, 20),
    Offer(System::Linux, "", CONSUMPTION, 100),
    Offer(System::Windows, "", CONSUMPTION, 160),
    Offer(System::Windows, "", DEV_TEST, 100),
    Offer(System::Linux, " Spot", CONSUMPTION, 90),
    Offer(System::Windows, " Spot", CONSUMPTION, 144),
    Offer(System::Windows, " Spot", DEV_TEST, 90),
    Offer(System::CloudServices, "", CONSUMPTION, 160),
    Offer(System::Windows, " Low Priority", CONSUMPTION, 44),
    Offer(System::Windows, " Low Priority", DEV_TEST, 20),
];

/// Terms of a reservation: hours, and the share of the Linux price in percent.
const TERMS: [(&str, i128, i128); 2] = [("1 Year", 8_760, 60), ("3 Years", 26_280, 40)];

const DOLLAR: i128 = 1_000_000_000;

/// Every row of every listed size in every region, at the prices in force; prices to come are not told.
pub(super) fn offers(prices: &PriceList, now: Timestamp) -> Vec<Row> {
    let mut rows = Vec::new();
    for (size, region) in prices.places() {
        if let Some((since, rate)) = prices.listed(size, region, now) {
            let price = i128::from(rate.as_billionths());
            rows.extend(Seller { sold: Sold::of(size), region, since, price }.rows());
        }
    }
    rows
}

/// A size in a region with its Linux price in billionths of a dollar.
struct Seller<'a> {
    sold: Sold,
    region: &'a str,
    since: Timestamp,
    price: i128,
}

impl Seller<'_> {
    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = OFFERS.iter().map(|offer| self.offer(offer)).collect();
        rows.extend(TERMS.map(|term| self.reservation(term)));
        rows.extend(self.twin());
        rows.push(self.nameless());
        rows
    }

    fn offer(&self, Offer(system, suffix, kind, share): &Offer) -> Row {
        let sold = &self.sold;
        let product = match system {
            System::Linux => &sold.linux,
            System::Windows => &sold.windows,
            System::CloudServices => &sold.cloud_services,
        };
        let dedicated = (*system, *suffix) == (System::Linux, "");
        Row {
            service: SERVICE,
            product: product.clone(),
            sku: format!("{}{suffix}", sold.sku),
            meter: format!("{}{suffix}", sold.meter),
            meter_id: meter_id(&[&sold.meter, suffix, &format!("{system:?}"), self.region]),
            region: self.region.to_owned(),
            unit: "1 Hour",
            kind,
            arm_sku: sold.name.clone(),
            primary: true,
            price: percent(self.price, *share),
            since: self.since,
            term: None,
            plans: dedicated.then(|| [percent(self.price, 51), percent(self.price, 73)]),
        }
    }

    fn linux(&self) -> Row {
        self.offer(&Offer(System::Linux, "", CONSUMPTION, 100))
    }

    /// The price of the whole term, said to be for an hour, under the meter of the size paid as one goes.
    fn reservation(&self, (term, hours, share): (&'static str, i128, i128)) -> Row {
        let total = percent(self.price, share).saturating_mul(hours);
        let price = half_even(total, DOLLAR).saturating_mul(DOLLAR);
        Row { kind: "Reservation", term: Some(term), price, plans: None, ..self.linux() }
    }

    /// The size that shares the meter, where there is one.
    fn twin(&self) -> Option<Row> {
        let twin = find(&self.sold.name)?.twin?;
        let product = format!("Virtual Machines {}", twin.series);
        Some(Row { product, sku: twin.sku.to_owned(), arm_sku: twin.name.to_owned(), ..self.linux() })
    }

    /// A row that does not say which size it is for; its price is another.
    fn nameless(&self) -> Row {
        Row {
            meter_id: meter_id(&[&self.sold.meter, "nameless", self.region]),
            arm_sku: String::new(),
            primary: false,
            price: percent(self.price, 110),
            plans: None,
            ..self.linux()
        }
    }
}

fn percent(price: i128, share: i128) -> i128 {
    price.saturating_mul(share).checked_div(100).unwrap_or(price)
}
