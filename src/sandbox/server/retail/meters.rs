//! The rows of what a stopped instance goes on costing: disk, public address, load balancer.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::super::world::PriceList;
use super::row::{Row, Service, meter_id};

const STORAGE: Service = Service("Storage", "DZH317F1HKN0", "Storage");
const NETWORK: Service = Service("Virtual Network", "DZH314HC0WV9", "Networking");
const BALANCER: Service = Service("Load Balancer", "DZH318JN7V56", "Networking");

/// A month of disk, as Azure counts it.
const MONTH_HOURS: i128 = 730;

/// Since when these meters cost what they cost: 2021-01-01T00:00:00Z.
const SINCE: Timestamp = Timestamp::constant(1_609_459_200, 0);

/// Every row there is: the load balancer's for all the world, the others' in each region that has prices.
pub(super) fn meters(prices: &PriceList) -> Vec<Row> {
    let residual = prices.residual();
    let (disk, address, balancer) = (
        i128::from(residual.disk.as_billionths()).saturating_mul(MONTH_HOURS),
        i128::from(residual.address.as_billionths()),
        i128::from(residual.balancer.as_billionths()),
    );
    let mut rows = vec![
        rules("Global", balancer, "27827eb0-7f60-4928-940b-f5fe15e7a4cb"),
        // A quarter dearer, to the nearest ten-thousandth that Azure writes.
        rules("US Gov", 31_300_000, "af9c885d-12ee-402c-a6ce-27af4afc3c17"),
        Row {
            meter: "Standard Data Processed".into(),
            unit: "1 GB",
            ..rules("Global", 5_000_000, "dfc7cc11-fbe2-41c8-b6fa-24a574223938")
        },
    ];
    let regions: BTreeSet<&str> = prices.places().map(|(_, region)| region).collect();
    for region in regions {
        rows.push(public_address(region, address));
        rows.push(os_disk(region, "P10 LRS", disk));
        // The same disk kept in three zones, which no instance has.
        rows.push(os_disk(region, "P10 ZRS", disk.saturating_mul(3).checked_div(2).unwrap_or(disk)));
    }
    rows
}

fn rules(region: &str, price: i128, id: &str) -> Row {
    Row {
        service: BALANCER,
        product: "Load Balancer".into(),
        sku: "Standard".into(),
        meter: "Standard Included LB Rules and Outbound Rules".into(),
        meter_id: id.to_owned(),
        region: region.to_owned(),
        unit: "1 Hour",
        kind: "Consumption",
        arm_sku: String::new(),
        primary: true,
        price,
        since: SINCE,
        term: None,
        plans: None,
    }
}

fn public_address(region: &str, price: i128) -> Row {
    let meter = "Standard IPv4 Static Public IP";
    let known = (region == "eastus").then(|| "9c150bf9-2bad-430e-a53c-c213804f49ef".to_owned());
    let id = known.unwrap_or_else(|| meter_id(&[meter, region]));
    Row {
        service: NETWORK,
        product: "IP Addresses".into(),
        sku: "Standard".into(),
        meter: meter.into(),
        ..rules(region, price, &id)
    }
}

fn os_disk(region: &str, sku: &str, price: i128) -> Row {
    let meter = format!("{sku} Disk");
    Row {
        service: STORAGE,
        product: "Premium SSD Managed Disks".into(),
        sku: sku.to_owned(),
        unit: "1/Month",
        ..rules(region, price, &meter_id(&[&meter, region]))
    }
    .named(meter)
}

impl Row {
    fn named(mut self, meter: String) -> Self {
        self.meter = meter;
        self
    }
}
