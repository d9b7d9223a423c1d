//! The Retail Prices API: envelope, pages, the rows that mislead, currencies and changes of price.

use lightsout::sandbox::{RequestRecord, list_prices};
use serde_json::Value;

use super::site::*;

const API: &str = "/api/retail/prices?api-version=2023-01-01-preview";

/// Every row of a question, page by page, and the number of pages.
async fn rows(site: &Site, question: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages, mut next) = (Vec::new(), 0, Some(format!("{API}&{question}")));
    while let Some(url) = next {
        let page = json(site.open(&url).await).await;
        pages += 1;
        assert_eq!(page["Count"], page["Items"].as_array().unwrap().len());
        rows.extend(page["Items"].as_array().unwrap().iter().cloned());
        next = page["NextPageLink"].as_str().map(str::to_owned);
        assert!(next.iter().all(|link| link.starts_with(&site.sandbox.base_url()) && link.contains("$skip=")));
    }
    (rows, pages)
}

fn question(size: &str, region: &str) -> String {
    format!("$filter=serviceName eq 'Virtual Machines' and armSkuName eq '{size}' and armRegionName eq '{region}'")
}

/// The rule by which the price of a compute instance is found among the rows of its size.
fn picked(rows: &[Value]) -> Vec<&Value> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let wrong_product =
        |name: String| name.contains("Windows") || name.ends_with(" Win") || name.contains("Cloud Services");
    let wrong_sku = |name: String| name.contains("Spot") || name.contains("Low Priority");
    rows.iter()
        .filter(|row| row["type"] == "Consumption" && row["unitOfMeasure"] == "1 Hour")
        .filter(|row| !wrong_product(text(row, "productName")) && !wrong_sku(text(row, "skuName")))
        .collect()
}

#[tokio::test]
async fn thirteen_rows_hold_one_price_wherever_it_stands() {
    let site = Site::new().await;
    let mut places = Vec::new();
    for (size, region, price) in [
        ("Standard_DS3_v2", "eastus2", "0.293"),
        ("Standard_DS3_v2", "spaincentral", "0.3223"),
        ("Standard_D13_v2", "japaneast", "0.92625"),
        ("Standard_NC24ads_A100_v4", "japaneast", "4.59125"),
        ("Standard_NC4as_T4_v3", "westeurope", "0.6312"),
        ("Standard_NC6s_v3", "eastus", "3.06"),
    ] {
        let (rows, _) = rows(&site, &question(size, region)).await;
        assert_eq!(rows.len(), 13, "{size} {region}");
        let right = picked(&rows);
        assert_eq!(right.len(), 1, "{size} {region}");
        assert_eq!(right[0]["retailPrice"].to_string(), price);
        assert_eq!(right[0]["unitPrice"].to_string(), price);
        let reserved: Vec<&Value> = rows.iter().filter(|row| row["type"] == "Reservation").collect();
        assert!(reserved.iter().all(|row| row["meterId"] == right[0]["meterId"] && row["unitOfMeasure"] == "1 Hour"));
        places.push(rows.iter().position(|row| row == right[0]).unwrap());
    }
    places.sort_unstable();
    places.dedup();
    assert!(places.len() > 2, "{places:?}");
}

#[tokio::test]
async fn rows_are_written_as_azure_writes_them() {
    let site = Site::new().await;
    let (found, _) = rows(&site, &question("Standard_DS3_v2", "eastus2")).await;
    let row = picked(&found)[0];
    let names = [
        "armRegionName",
        "armSkuName",
        "currencyCode",
        "effectiveStartDate",
        "isPrimaryMeterRegion",
        "location",
        "meterId",
        "meterName",
        "productId",
        "productName",
        "retailPrice",
        "savingsPlan",
        "serviceFamily",
        "serviceId",
        "serviceName",
        "skuId",
        "skuName",
        "tierMinimumUnits",
        "type",
        "unitOfMeasure",
        "unitPrice",
    ];
    let mut written: Vec<&String> = row.as_object().unwrap().keys().collect();
    written.sort();
    assert_eq!(written, names);
    assert_eq!((&row["meterName"], &row["skuName"]), (&"D3 v2/DS3 v2".into(), &"DS3 v2".into()));
    assert_eq!((&row["location"], &row["effectiveStartDate"]), (&"US East 2".into(), &"2021-01-01T00:00:00Z".into()));
    let year = found.iter().find(|row| row["reservationTerm"] == "1 Year").unwrap();
    // 0.293 × 60 % × 8760, in whole dollars.
    assert_eq!(year["retailPrice"].to_string(), "1540.0");
    // The meter is shared with a size of another name, and sold once more without any.
    let (shared, _) = rows(&site, "$filter=meterName eq 'D3 v2/DS3 v2' and armRegionName eq 'eastus2'").await;
    let mut sizes: Vec<&str> = picked(&shared).iter().map(|row| row["armSkuName"].as_str().unwrap()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, ["", "Standard_D3_v2", "Standard_DS3_v2"]);
    let (primary, _) =
        rows(&site, "meterRegion='primary'&$filter=meterName eq 'D3 v2/DS3 v2' and armRegionName eq 'eastus2'").await;
    assert_eq!(primary.len(), shared.len() - 1);
}

#[tokio::test]
async fn pages_follow_each_other_and_hold_every_row_once() {
    let site = Site::with(|options| options.retail_page_size = 100).await;
    let (mut all, pages) = rows(&site, "currencyCode='USD'").await;
    assert!(pages == all.len().div_ceil(100) && pages > 4, "{pages} pages of {}", all.len());
    let count = all.len();
    all.sort_by_key(Value::to_string);
    all.dedup();
    assert_eq!(all.len(), count);
    let whole = Site::new().await;
    assert_eq!(rows(&whole, "currencyCode='USD'").await.1, 1);
}

#[tokio::test]
async fn other_currencies_are_exact_and_unknown_questions_are_refused() {
    let site = Site::new().await;
    let (found, _) = rows(&site, &format!("currencyCode='EUR'&{}", question("Standard_DS3_v2", "eastus2"))).await;
    let row = picked(&found)[0];
    assert_eq!((row["retailPrice"].to_string(), &row["currencyCode"]), ("0.2637".to_owned(), &"EUR".into()));
    for wrong in ["$filter=vmSize eq 'x'", "$filter=skuName eq", "currencyCode='XXX'", "meterRegion='all'", "$skip=x"] {
        let answer = site.open(&format!("{API}&{wrong}")).await;
        assert_eq!(answer.status(), 400, "{wrong}");
        assert_eq!(json(answer).await["Error"]["Code"], "BadRequest");
    }
    assert_eq!(site.open("/api/retail/prices?api-version=1999-01-01").await.status(), 400);
    assert!(site.sandbox.recorder().recent().iter().all(|record| !RequestRecord::is_arm(record)));
    assert_eq!(site.sandbox.recorder().count("retail-prices"), 7);
}

#[tokio::test]
async fn only_the_preview_minds_the_case_of_values() {
    let site = Site::new().await;
    let shouted = question("STANDARD_DS3_V2", "eastus2");
    assert_eq!(rows(&site, &shouted).await.0.len(), 0);
    let lenient = json(site.open(&format!("/api/retail/prices?{shouted}")).await).await;
    assert_eq!(lenient["Items"].as_array().unwrap().len(), 13);
    assert!(lenient["Items"].as_array().unwrap().iter().all(|row| row.get("savingsPlan").is_none()));
}

#[tokio::test]
async fn a_price_to_come_shows_when_it_has_come() {
    let site = Site::new().await;
    let told = async || {
        let (rows, _) = rows(&site, &question("Standard_E8s_v3", "spaincentral")).await;
        let right = picked(&rows);
        assert_eq!(right.len(), 1);
        (right[0]["retailPrice"].to_string(), right[0]["effectiveStartDate"].as_str().unwrap().to_owned())
    };
    site.at("2026-03-22T23:59:59Z");
    assert_eq!(told().await, ("0.5544".to_owned(), "2021-01-01T00:00:00Z".to_owned()));
    site.at("2026-03-23T00:00:00Z");
    assert_eq!(told().await, ("0.5852".to_owned(), "2026-03-23T00:00:00Z".to_owned()));
}

#[tokio::test]
async fn an_unlisted_size_has_no_row() {
    let site = Site::with(|options| options.world.prices = list_prices().unlisted("Standard_DS3_v2")).await;
    assert_eq!(rows(&site, &question("Standard_DS3_v2", "eastus2")).await.0.len(), 0);
    assert_eq!(rows(&site, &question("Standard_D13_v2", "eastus2")).await.0.len(), 13);
}

#[tokio::test]
async fn what_a_stopped_instance_costs_is_listed() {
    let site = Site::new().await;
    for (filter, region, unit, price) in [
        (
            "meterName eq 'Standard Included LB Rules and Outbound Rules' and armRegionName eq 'Global'",
            "Global",
            "1 Hour",
            "0.025",
        ),
        (
            "meterName eq 'Standard IPv4 Static Public IP' and armRegionName eq 'japaneast'",
            "japaneast",
            "1 Hour",
            "0.005",
        ),
        ("meterName eq 'P10 LRS Disk' and armRegionName eq 'eastus'", "eastus", "1/Month", "19.71"),
    ] {
        let (rows, _) = rows(&site, &format!("$filter={filter}")).await;
        assert_eq!(rows.len(), 1, "{filter}");
        assert_eq!((&rows[0]["armRegionName"], &rows[0]["unitOfMeasure"]), (&region.into(), &unit.into()));
        assert_eq!(rows[0]["retailPrice"].to_string(), price);
    }
}

#[tokio::test]
async fn its_answers_can_be_spoilt_too() {
    let site = Site::with(|options| {
        options.faults = vec![
            "retail-prices,nth=1,count=1 => throttle:7".parse().unwrap(),
            "retail-prices,nth=2,count=1 => next-link-self".parse().unwrap(),
            "retail-prices,nth=3,count=1 => duplicate".parse().unwrap(),
        ];
    })
    .await;
    let url = format!("{API}&{}", question("Standard_DS3_v2", "eastus2"));
    assert_eq!(site.open(&url).await.headers()["retry-after"], "7");
    assert!(json(site.open(&url).await).await["NextPageLink"].as_str().unwrap().contains("/api/retail/prices?"));
    assert_eq!(json(site.open(&url).await).await["Items"].as_array().unwrap().len(), 26);
}
