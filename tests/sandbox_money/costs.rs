//! Cost Management's query: what is billed, when it is known, and how much may be asked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lightsout::sandbox::{Cost, DEMO_SUBSCRIPTIONS, Throttling, list_prices};
use reqwest::Response;
use serde_json::{Value, json as body};

use super::site::*;

/// Eight days after the first week.
const SETTLED: &str = "2026-03-31T00:00:00Z";

fn url(group: Option<&str>) -> String {
    let group = group.map(|group| format!("/resourceGroups/{group}")).unwrap_or_default();
    let subscription = DEMO_SUBSCRIPTIONS[0];
    format!("/subscriptions/{subscription}{group}/providers/Microsoft.CostManagement/query?api-version=2025-03-01")
}

/// A query of the first week by that granularity and those groups.
fn week(granularity: &str, groups: &[&str]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|name| body!({ "type": "Dimension", "name": name })).collect();
    body!({
        "type": "ActualCost",
        "timeframe": "Custom",
        "timePeriod": { "from": "2026-03-16T00:00:00Z", "to": "2026-03-22T23:59:59Z" },
        "dataset": {
            "granularity": granularity,
            "aggregation": { "totalCost": { "name": "Cost", "function": "Sum" } },
            "grouping": groups,
        },
    })
}

async fn post(site: &Site, url: &str, query: &Value) -> Response {
    site.client.post(site.url(url)).bearer_auth("x").body(query.to_string()).send().await.unwrap()
}

/// Every row by column, over all pages, and the number of pages.
async fn all(site: &Site, url: &str, query: &Value) -> (Vec<BTreeMap<String, Value>>, usize) {
    let (mut rows, mut pages, mut next) = (Vec::new(), 0, Some(url.to_owned()));
    while let Some(link) = next {
        let answer = post(site, &link, query).await;
        if answer.status() == 204 {
            return (rows, pages);
        }
        assert_eq!(answer.status(), 200);
        let answer = json(answer).await;
        pages += 1;
        let properties = &answer["properties"];
        let names: Vec<&str> =
            properties["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
        for row in properties["rows"].as_array().unwrap() {
            let cells = names.iter().zip(row.as_array().unwrap());
            rows.push(cells.map(|(name, cell)| ((*name).to_owned(), cell.clone())).collect());
        }
        next = properties["nextLink"].as_str().map(str::to_owned);
    }
    (rows, pages)
}

/// Ten-billionths in a cell.
fn amount(cell: &Value) -> i128 {
    format!("{:.10}", cell.as_f64().unwrap()).replace('.', "").parse().unwrap()
}

fn total(rows: &[BTreeMap<String, Value>]) -> i128 {
    rows.iter().map(|row| amount(&row["Cost"])).sum()
}

fn quiet() -> impl FnOnce(&mut lightsout::sandbox::SandboxOptions) {
    |options| options.throttling = Throttling::Off
}

/// What the machines of the first subscription truly cost in the first week: compute and the rest.
fn truly(site: &Site) -> (Cost, Cost) {
    let window: (Timestamp, Timestamp) = (BEGINNING.parse().unwrap(), "2026-03-23T00:00:00Z".parse().unwrap());
    site.sandbox.look(|world| {
        let bills: Vec<_> = world
            .truths()
            .filter(|truth| truth.id().contains(DEMO_SUBSCRIPTIONS[0]))
            .map(|truth| truth.bill_in(window))
            .collect();
        (bills.iter().map(|bill| bill.compute).sum(), bills.iter().map(|bill| bill.residual()).sum())
    })
}

#[tokio::test]
async fn when_all_has_arrived_the_bill_is_the_truth() {
    let site = Site::with(quiet()).await;
    // An instance that is gone stays on the bill.
    site.at("2026-03-18T12:00:00Z");
    site.sandbox.look(|world| {
        let id = world.truths().next().unwrap().id().to_owned();
        assert!(world.delete(&id));
    });
    site.at(SETTLED);
    let query = week("Daily", &["ResourceId", "Meter"]);
    let (rows, _) = all(&site, &url(None), &query).await;
    let (compute, rest) = truly(&site);
    let is_rest = |row: &&BTreeMap<String, Value>| {
        ["Disk", "Public IP", "LB Rules"].iter().any(|part| row["Meter"].as_str().unwrap().contains(part))
    };
    let (parts, sizes): (Vec<_>, Vec<_>) = rows.iter().cloned().partition(|row| is_rest(&row));
    // Each of a week's lines is off by half a ten-billionth at most.
    for (rows, truth) in [(&sizes, compute), (&parts, rest)] {
        let off = total(rows).abs_diff(truth.rounded(10));
        assert!(off <= rows.len() as u128, "off by {off} in {} rows", rows.len());
    }
    assert!(compute > Cost::ZERO && rest > Cost::ZERO);
    let meters: Vec<&str> = sizes.iter().map(|row| row["Meter"].as_str().unwrap()).collect();
    assert!(meters.contains(&"D3 v2/DS3 v2") && meters.contains(&"NC6s v3"), "{meters:?}");
    for row in &rows {
        let id = row["ResourceId"].as_str().unwrap();
        assert!(id == id.to_lowercase() && id.contains("/workspaces/") && !id.contains("/computes/"), "{id}");
        assert!((20_260_316..=20_260_322).contains(&row["UsageDate"].as_i64().unwrap()));
        assert_eq!(row["Currency"], "USD");
    }
}

#[tokio::test]
async fn before_that_it_is_less_and_in_the_beginning_nothing() {
    let site = Site::with(quiet()).await;
    let query = week("None", &[]);
    site.at("2026-03-16T23:00:00Z");
    assert_eq!(post(&site, &url(None), &query).await.status(), 204);
    let mut told = Vec::new();
    for time in [
        "2026-03-18T00:00:00Z",
        "2026-03-21T00:00:00Z",
        "2026-03-23T00:00:00Z",
        "2026-03-24T06:00:00Z",
        "2026-03-26T00:00:00Z",
    ] {
        site.at(time);
        told.push(total(&all(&site, &url(None), &query).await.0));
    }
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "{told:?}");
    site.at(SETTLED);
    assert_eq!(total(&all(&site, &url(None), &query).await.0), told[4]);
    // The first day by itself comes as four fifths and then as the whole.
    let site = Site::with(quiet()).await;
    let mut first = week("None", &[]);
    first["timePeriod"]["to"] = "2026-03-16".into();
    let mut steps = Vec::new();
    for hour in (0..=72).step_by(4) {
        site.at(&(("2026-03-17T00:00:00Z".parse::<Timestamp>().unwrap()) + jiff::SignedDuration::from_hours(hour))
            .to_string());
        steps.push(total(&all(&site, &url(Some("rg-vision")), &first).await.0));
    }
    steps.dedup();
    assert_eq!((steps.len(), steps[0]), (3, 0));
    assert!((steps[1] * 5).abs_diff(steps[2] * 4) <= 50, "{steps:?}");
}

#[tokio::test]
async fn groups_filters_and_granularities_cut_the_same_sum() {
    let site = Site::with(quiet()).await;
    site.at(SETTLED);
    let whole = total(&all(&site, &url(None), &week("None", &[])).await.0);
    for (granularity, groups, rows_wanted) in [
        ("Daily", vec![], 7),
        ("Monthly", vec![], 1),
        ("None", vec!["ResourceId"], 2),
        ("None", vec!["MeterCategory"], 4),
        ("None", vec!["ServiceName", "ResourceGroupName"], 8),
        ("Daily", vec!["ResourceType"], 7),
    ] {
        let (rows, _) = all(&site, &url(None), &week(granularity, &groups)).await;
        assert_eq!((rows.len(), total(&rows)), (rows_wanted, whole), "{granularity} {groups:?}");
    }
    let (monthly, _) = all(&site, &url(None), &week("Monthly", &[])).await;
    assert_eq!(monthly[0]["BillingMonth"], "2026-03-01T00:00:00");
    let workspace = format!(
        "/subscriptions/{}/resourceGroups/RG-VISION/providers/Microsoft.MachineLearningServices/workspaces/Vision-Madrid",
        DEMO_SUBSCRIPTIONS[0]
    );
    let only = |name: &str, value: &str| body!({ "dimensions": { "name": name, "operator": "In", "values": [value] } });
    let mut one = week("None", &[]);
    one["dataset"]["filter"] = only("ResourceId", &workspace);
    let of_workspace = total(&all(&site, &url(None), &one).await.0);
    assert_eq!(of_workspace, total(&all(&site, &url(Some("rg-vision")), &week("None", &[])).await.0));
    assert!(0 < of_workspace && of_workspace < whole);
    let mut parts = Vec::new();
    for category in ["Virtual Machines", "Storage"] {
        one["dataset"]["filter"] = body!({ "and": [only("ResourceId", &workspace), only("MeterCategory", category)] });
        parts.push(total(&all(&site, &url(None), &one).await.0));
    }
    one["dataset"]["filter"] = body!({ "and": [only("ResourceId", &workspace), { "or": [only("MeterCategory", "Virtual Machines"), only("ServiceName", "Storage")] }] });
    assert_eq!(total(&all(&site, &url(None), &one).await.0), parts[0] + parts[1]);
}

#[tokio::test]
async fn quantities_are_hours_and_months() {
    let site = Site::with(quiet()).await;
    site.at(SETTLED);
    let mut query = week("None", &["Meter"]);
    query["dataset"]["aggregation"]["used"] = body!({ "name": "UsageQuantity", "function": "Sum" });
    let (rows, _) = all(&site, &url(Some("rg-vision")), &query).await;
    let quantity = |meter: &str| amount(&rows.iter().find(|row| row["Meter"] == meter).unwrap()["UsageQuantity"]);
    // Fourteen instances for 168 hours.
    assert_eq!(quantity("Standard IPv4 Static Public IP"), 14 * 168 * 10_000_000_000);
    let months = (14 * 168 * 10_000_000_000_i128) / 730;
    assert!(quantity("P10 LRS Disk").abs_diff(months) <= 10);
    let hours = site.sandbox.look(|world| {
        let window = (BEGINNING.parse().unwrap(), "2026-03-23T00:00:00Z".parse().unwrap());
        let here =
            world.truths().filter(|truth| truth.region() == "spaincentral" && truth.vm_size() == "Standard_NC6s_v3");
        here.map(|truth| truth.allocated_in(window).as_millis()).sum::<i128>()
    });
    assert!(quantity("NC6s v3").abs_diff(hours * 10_000_000_000 / 3_600_000) <= 10);
}

#[tokio::test]
async fn a_size_that_no_list_knows_is_billed() {
    let site = Site::with(|options| {
        options.throttling = Throttling::Off;
        options.world.prices = list_prices().unlisted("Standard_NC6s_v3");
    })
    .await;
    site.at(SETTLED);
    let (rows, _) = all(&site, &url(None), &week("None", &["Meter"])).await;
    assert!(rows.iter().any(|row| row["Meter"] == "NC6s v3" && amount(&row["Cost"]) > 0));
}

#[tokio::test]
async fn pages_are_had_by_sending_the_same_body_again() {
    let site = Site::with(|options| {
        options.throttling = Throttling::Off;
        options.cost_page_size = 5;
    })
    .await;
    site.at(SETTLED);
    let query = week("Daily", &["Meter"]);
    let (rows, pages) = all(&site, &url(None), &query).await;
    assert!(pages > 5 && pages == rows.len().div_ceil(5), "{pages} pages of {} rows", rows.len());
    let first = json(post(&site, &url(None), &query).await).await;
    assert_eq!(first["type"], "Microsoft.CostManagement/query");
    assert!(first["id"].as_str().unwrap().ends_with(first["name"].as_str().unwrap()));
    let link = first["properties"]["nextLink"].as_str().unwrap();
    assert!(link.starts_with(&site.sandbox.base_url()));
    assert_eq!(post(&site, link, &week("Daily", &[])).await.status(), 400);
    assert_eq!(site.get(link).await.status(), 405);
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let site = Site::with(|options| {
        options.throttling = Throttling::Off;
        options.denied = vec!["Microsoft.CostManagement/query/read".into()];
    })
    .await;
    let bare = site.client.post(site.url(&url(None))).body(week("None", &[]).to_string()).send().await.unwrap();
    assert_eq!(bare.status(), 401);
    let refused = post(&site, &url(None), &week("None", &[])).await;
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("Microsoft.CostManagement/query/read"));
    let site = Site::with(|options| options.faults = vec!["cost-query,nth=5 => throttle:30".parse().unwrap()]).await;
    let mut wrong = week("None", &[]);
    wrong["type"] = "Guess".into();
    let answer = post(&site, &url(None), &wrong).await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("Invalid query definition"));
    let foreign = url(None).replace(DEMO_SUBSCRIPTIONS[0], "none");
    assert_eq!(post(&site, &foreign, &week("None", &[])).await.status(), 404);
    assert_eq!(post(&site, &url(Some("rg-none")), &week("None", &[])).await.status(), 404);
    let workspace = url(Some("rg-vision")).replace(
        "/providers/Microsoft.Cost",
        "/providers/Microsoft.MachineLearningServices/workspaces/vision-madrid/providers/Microsoft.Cost",
    );
    assert_eq!(post(&site, &workspace, &week("None", &[])).await.status(), 404);
    assert_eq!(post(&site, &url(None), &week("None", &[])).await.status(), 204);
    assert_eq!(post(&site, &url(None), &week("None", &[])).await.status(), 429);
    assert_eq!(site.sandbox.recorder().count("cost-query"), 5);
}

#[tokio::test]
async fn the_fifth_query_of_a_minute_waits_unless_the_client_names_itself() {
    let site = Site::new().await;
    site.at(SETTLED);
    let query = week("None", &[]);
    for _ in 0..4 {
        let answer = post(&site, &url(None), &query).await;
        assert_eq!(answer.headers()["x-ms-ratelimit-microsoft.costmanagement-qpu-consumed"], "1");
        assert_eq!(answer.status(), 200);
    }
    let refused = post(&site, &url(None), &query).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"], "60");
    assert_eq!(
        json(refused).await,
        body!({ "error": { "code": "429", "message": "Too many requests. Please retry." } })
    );
    let named = async || {
        let request = site.client.post(site.url(&url(None))).bearer_auth("x").header("ClientType", "Lights");
        request.body(query.to_string()).send().await.unwrap()
    };
    let answer = named().await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["x-ms-ratelimit-remaining-microsoft.costmanagement-clienttype-requests"],
        "DefaultQuota:3"
    );
    // A year is twelve units, more than the tenant has left for these ten seconds.
    let mut year = week("None", &[]);
    year["timePeriod"] = body!({ "from": "2025-04-01", "to": "2026-03-31" });
    let refused = post(&site, &url(Some("rg-vision")), &year).await;
    assert_eq!(refused.headers()["x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"], "10");
    site.at("2026-03-31T00:00:10Z");
    assert_eq!(post(&site, &url(Some("rg-vision")), &year).await.status(), 200);
}
