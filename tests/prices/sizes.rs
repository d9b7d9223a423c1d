//! The list of VM sizes: one call a region with the fleet's own token, its prices, its spelling, and the sheet over both.

use std::sync::Arc;

use lightsout::azure::AzureOptions;
use lightsout::ledger::{PriceSource, Sheet, SheetLine, SheetTerms};
use lightsout::ports::{FaultKind, Observe as _, Prices as _};
use lightsout::rights::PRICE_ACTION;
use lightsout::units::{Currency, Rate, Region, When};

use crate::world::{Reply, Seen, json};
use crate::{key, page, row, shop, words};

fn size(name: &str, price: &str) -> String {
    format!(
        r#"{{"name":"{name}","family":"standardFFamily","vCPUs":2,"gpus":1,"estimatedVMPrices":{{"billingCurrency":"USD","unitOfMeasure":"OneHour","values":[{{"retailPrice":9.9,"osType":"Windows","vmTier":"Standard"}},{{"retailPrice":{price},"osType":"Linux","vmTier":"Standard"}}]}}}}"#
    )
}

fn sizes(all: &[String]) -> Reply {
    json(200, &format!(r#"{{"value":[{}]}}"#, all.join(",")))
}

/// Workspaces of two subscriptions, for discovery.
fn workspaces(target: &str) -> Option<Reply> {
    let one = |subscription: &str, name: &str, region: &str| {
        format!(
            r#"{{"id":"/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/{name}","name":"{name}","location":"{region}","tags":{{}}}}"#
        )
    };
    let found = match target.split('/').nth(2)? {
        "sub-1" => [one("sub-1", "a", "westeurope"), one("sub-1", "b", "westeurope")].join(","),
        _ => [one("sub-2", "c", "North Europe"), one("sub-2", "d", "westeurope")].join(","),
    };
    target.contains("/workspaces?").then(|| json(200, &format!(r#"{{"value":[{found}]}}"#)))
}

#[tokio::test]
async fn one_call_a_region_by_a_subscription_that_is_there() {
    let answer = |_: usize, seen: &Seen| {
        workspaces(&seen.target).unwrap_or_else(|| sizes(&[size("STANDARD_F2", "0.1"), size("Standard_F4", "0.2")]))
    };
    let both = |options: &mut AzureOptions| {
        options.watch.subscriptions.push(lightsout::units::SubscriptionId::new("sub-2"));
        options.prices.sources = vec![PriceSource::VmSizes];
    };
    let shop = shop(answer, |_, _| json(500, ""), both).await;
    assert_eq!(shop.azure.discover().await.workspaces.len(), 4);
    let keys = [
        key("Standard_F4", "westeurope"),
        key("STANDARD_F2", "westeurope"),
        key("standard_f2", "West Europe"),
        key("Standard_F2", "northeurope"),
        key("Standard_F8", "northeurope"),
        key("Standard_F2", "japaneast"),
    ];
    let quoted = shop.quoted(&keys).await;
    assert_eq!(
        words(&quoted),
        [
            "standard_f2 in japaneast: 0.1 USD/h",
            "standard_f2 in northeurope: 0.1 USD/h",
            "standard_f8 in northeurope: not_listed",
            "standard_f4 in westeurope: 0.2 USD/h",
            "standard_f2 in westeurope: 0.1 USD/h",
        ]
    );
    let targets: Vec<String> = shop.arm.seen().into_iter().map(|seen| seen.target).collect();
    let mut asked: Vec<&str> = targets.iter().filter(|target| target.contains("vmSizes")).map(String::as_str).collect();
    asked.sort_unstable();
    let at = |subscription: &str, region: &str| {
        format!(
            "/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{region}/vmSizes?api-version=2025-12-01"
        )
    };
    assert_eq!(asked, [at("sub-1", "japaneast"), at("sub-1", "westeurope"), at("sub-2", "northeurope")]);
    assert_eq!(shop.azure.api_use().requests.get(&("vm_sizes", "200".to_owned())), Some(&3));
    let facts = shop.azure.size(&key("standard_f2", "westeurope")).unwrap();
    assert_eq!(
        (&*facts.name, facts.vcpus, facts.gpus, &*facts.family),
        ("STANDARD_F2", Some(2), Some(1), "standardFFamily")
    );
    assert_eq!(shop.azure.size(&key("Standard_F8", "northeurope")), None);
    assert_eq!(shop.list.connections(), 0);
}

#[tokio::test]
async fn fault_15_a_missing_right_is_named_and_the_other_source_goes_on() {
    let denied = r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#;
    let list = |_: usize, _: &Seen| json(200, &page(&[row("Standard_F2", "westeurope", "0.1")], None));
    let shop = shop(move |_, _| json(403, denied), list, |_| ()).await;
    let quoted = shop.azure.quotes(&[key("Standard_F2", "westeurope")]).await;
    assert_eq!(quoted.iter().map(|one| one.source).collect::<Vec<_>>(), [PriceSource::VmSizes, PriceSource::Retail]);
    let fault = &quoted[0].faults[0];
    assert_eq!((fault.kind, quoted[0].answers.len()), (FaultKind::Denied, 0));
    assert!(fault.words().contains(PRICE_ACTION) && fault.words().contains("sub-1"), "{}", fault.words());
    assert_eq!(words(&quoted[1]), ["standard_f2 in westeurope: 0.1 USD/h"]);
}

#[tokio::test]
async fn a_region_that_cannot_be_read_costs_itself() {
    let answer = |_: usize, seen: &Seen| match seen.target.contains("/westeurope/") {
        true => json(200, r#"{"value":{}}"#),
        false => sizes(&["3".to_owned(), size("Standard_F2", "0.1")]),
    };
    let only = |options: &mut AzureOptions| options.prices.sources = vec![PriceSource::VmSizes];
    let shop = shop(answer, |_, _| json(500, ""), only).await;
    let quoted = shop.quoted(&[key("Standard_F2", "westeurope"), key("Standard_F2", "northeurope")]).await;
    assert_eq!(words(&quoted), ["standard_f2 in northeurope: 0.1 USD/h"]);
    assert_eq!((quoted.faults.len(), quoted.faults[0].kind), (1, FaultKind::Garbled));
    assert!(quoted.faults[0].words().contains("could not read the VM sizes of westeurope"));
}

#[tokio::test]
async fn the_list_of_sizes_says_how_a_size_is_spelt() {
    // An exception to the pattern: the public list is asked under both names, and under no hostile one.
    for (name, spelt, asked) in [
        ("Standard_EC2as_cc_v5", "Standard_EC2as_cc_v5", true),
        ("Standard_EC2as_cc_v5 ", "Standard_EC2as_cc_v5 ", false),
    ] {
        let list = |_: usize, _: &Seen| json(200, &page(&[row("Standard_EC2as_cc_v5", "westeurope", "0.1")], None));
        let shop =
            shop(move |_, _| sizes(&[size(name, "0.1")]), list, |options| options.prices.sources.reverse()).await;
        let quoted = shop.azure.quotes(&[key("STANDARD_EC2AS_CC_V5", "westeurope")]).await;
        assert_eq!(quoted[0].source, PriceSource::Retail, "the first that settings name comes first");
        assert_eq!(words(&quoted[0]), ["standard_ec2as_cc_v5 in westeurope: 0.1 USD/h"]);
        let target = shop.list.seen()[0].target.clone();
        assert_eq!(target.contains(&format!("%27{}%27", spelt.replace(' ', "%20"))), asked, "{target}");
        assert!(target.contains("%27Standard_EC2as_CC_v5%27"), "{target}");
    }
}

fn line(size: &str, terms: SheetTerms) -> SheetLine {
    let (from, until) = (When::NONE, When::NONE);
    SheetLine {
        size: size.into(),
        region: Some(Region::new("westeurope")),
        terms,
        from,
        until,
        place: "prices.toml:3".into(),
    }
}

fn sheet() -> Arc<Sheet> {
    let fixed = SheetTerms::Hourly(Rate::parse("0.05", "EUR".parse::<Currency>().unwrap()).unwrap());
    Arc::new(Sheet::new(vec![line("Standard_F2", fixed), line("Standard_F4*", SheetTerms::Off(100_000))], "digest"))
}

fn with_sheet(options: &mut AzureOptions) {
    options.prices.sources = vec![PriceSource::Sheet, PriceSource::Retail, PriceSource::VmSizes];
    options.prices.sheet = sheet();
}

#[tokio::test]
async fn the_sheet_lies_over_the_lists() {
    let arm = |_: usize, _: &Seen| sizes(&[size("Standard_F4", "0.4"), size("Standard_F4s", "0.5")]);
    let list = |_: usize, _: &Seen| json(200, &page(&[row("Standard_F4", "westeurope", "0.2")], None));
    let shop = shop(arm, list, with_sheet).await;
    let keys = ["Standard_F2", "Standard_F4", "Standard_F4s", "Standard_F8"].map(|size| key(size, "westeurope"));
    let quoted = shop.azure.quotes(&keys).await;
    let order: Vec<PriceSource> = quoted.iter().map(|one| one.source).collect();
    assert_eq!(order, [PriceSource::Sheet, PriceSource::Retail, PriceSource::VmSizes], "as settings name them");
    assert_eq!(
        words(&quoted[0]),
        [
            "standard_f2 in westeurope: 0.05 EUR/h",
            "standard_f4 in westeurope: 0.18 USD/h",
            "standard_f4s in westeurope: 0.45 USD/h",
            "standard_f8 in westeurope: not_listed",
        ]
    );
    let meters: Vec<&str> = quoted[0].answers.iter().filter_map(|(_, a)| Some(&*a.as_ref().ok()?.meter)).collect();
    assert_eq!(meters[1], "10 % off the list price of retail, 0.2 USD/h (prices.toml:3)", "the list named first");
    assert!(meters[2].starts_with("10 % off the list price of vm_sizes"), "{}", meters[2]);

    shop.azure.use_sheet(Arc::default());
    let quoted = shop.azure.quotes(&keys).await;
    assert!(words(&quoted[0]).iter().all(|said| said.ends_with("not_listed")), "another sheet");
}

#[tokio::test]
async fn fault_45_a_discount_off_a_list_that_is_down_is_no_answer() {
    let shop = shop(|_, _| json(403, "{}"), |_, _| json(500, "{}"), with_sheet).await;
    let keys = ["Standard_F2", "Standard_F4", "Standard_F8"].map(|size| key(size, "westeurope"));
    let quoted = shop.azure.quotes(&keys).await;
    let said = words(&quoted[0]);
    assert_eq!(said, ["standard_f2 in westeurope: 0.05 EUR/h", "standard_f8 in westeurope: not_listed"]);
    assert!(quoted[1..].iter().all(|one| one.answers.is_empty() && one.faults.len() == 1));
}
