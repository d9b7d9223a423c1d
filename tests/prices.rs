//! Prices over a real socket: what the public list and the list of VM sizes may answer, and what may go wrong (fault 45).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[path = "prices/list.rs"]
mod list;
#[path = "prices/sandbox.rs"]
mod sandbox;
#[path = "prices/sizes.rs"]
mod sizes;
#[path = "arm/world.rs"]
#[expect(dead_code, reason = "the world of another suite, of which this one needs a part")]
mod world;

use std::sync::Arc;

use lightsout::azure::{Azure, AzureOptions, IdentityOptions};
use lightsout::ledger::{NoPrice, PriceKey, PriceSource, Quote};
use lightsout::ports::{Prices as _, Quoted};
use lightsout::units::Region;

use crate::world::{Reply, Seen, Server, TestClock, custom, json, token_file};

/// Resource Manager and the price list, and an `Azure` between them.
pub(crate) struct Shop {
    pub(crate) azure: Azure<TestClock>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) arm: Server,
    pub(crate) list: Server,
    _token: tempfile::NamedTempFile,
}

/// Sets both up; `change` may change the options, which name all sources but the sheet.
pub(crate) async fn shop(
    arm: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    list: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    change: impl FnOnce(&mut AzureOptions),
) -> Shop {
    let (arm, list) = (Server::start(arm).await, Server::start(list).await);
    let token = token_file();
    let mut options = custom(&arm.url(), IdentityOptions::TokenFile { path: token.path().to_owned() });
    options.watch.subscriptions = vec![lightsout::units::SubscriptionId::new("sub-1")];
    options.prices.sources = vec![PriceSource::VmSizes, PriceSource::Retail];
    options.prices.retail_endpoint = list.url();
    change(&mut options);
    let clock = TestClock::new();
    Shop { azure: Azure::new(options, Arc::clone(&clock)).unwrap(), clock, arm, list, _token: token }
}

/// A shop whose one source is the public list.
pub(crate) async fn listed(list: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Shop {
    let only = |options: &mut AzureOptions| options.prices.sources = vec![PriceSource::Retail];
    shop(|_, _| json(500, "{}"), list, only).await
}

pub(crate) fn key(size: &str, region: &str) -> PriceKey {
    PriceKey::new(size, &Region::new(region))
}

impl Shop {
    /// What the one source said of these.
    pub(crate) async fn quoted(&self, keys: &[PriceKey]) -> Quoted {
        let mut all = self.azure.quotes(keys).await;
        assert_eq!(all.len(), 1, "one source was named");
        all.remove(0)
    }
}

/// The answers as words, in the order of the keys: `3.06 USD/h`, or why not.
pub(crate) fn words(quoted: &Quoted) -> Vec<String> {
    let word = |answer: &Result<Quote, NoPrice>| {
        answer.as_ref().map_or_else(|why| why.label().to_owned(), |quote| quote.rate.to_string())
    };
    quoted.answers.iter().map(|(key, answer)| format!("{key}: {}", word(answer))).collect()
}

/// One row of the list that is the price of a size.
pub(crate) fn row(size: &str, region: &str, price: &str) -> String {
    format!(
        r#"{{"currencyCode":"USD","tierMinimumUnits":0.0,"retailPrice":{price},"unitPrice":{price},"armRegionName":"{region}","effectiveStartDate":"2023-09-01T00:00:00Z","meterId":"m-{size}","meterName":"{size}","productName":"Virtual Machines X Series","skuName":"{size}","serviceName":"Virtual Machines","unitOfMeasure":"1 Hour","type":"Consumption","isPrimaryMeterRegion":true,"armSkuName":"{size}"}}"#
    )
}

/// One page of the list.
pub(crate) fn page(rows: &[String], next: Option<&str>) -> String {
    let link = next.map_or_else(|| "null".to_owned(), |url| format!("\"{url}\""));
    format!(
        r#"{{"BillingCurrency":"USD","CustomerEntityId":"Default","CustomerEntityType":"Retail","Items":[{}],"NextPageLink":{link},"Count":{}}}"#,
        rows.join(","),
        rows.len()
    )
}
