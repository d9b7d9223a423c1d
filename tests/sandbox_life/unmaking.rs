//! DELETE of a compute, and what is paid until it is gone.

use jiff::Timestamp;
use lightsout::sandbox::{Cost, FaultRule, SCALE_SUBSCRIPTION};
use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Site, body, compute, place};

#[tokio::test]
async fn a_deletion_wants_its_action_and_ends_in_nothing() {
    let site = Site::new().await;
    let bare = site.ask(Method::DELETE, &compute("ci-00000-00001"), None).await;
    assert_eq!((bare.status, bare.codes().0), (400, "UserError"));
    let odd = format!("{}&underlyingResourceAction=Burn", compute("ci-00000-00001"));
    assert_eq!(site.ask(Method::DELETE, &odd, None).await.status, 400);
    let deleted = site.delete("ci-00000-00001").await;
    assert_eq!(deleted.status, 202);
    assert_eq!(deleted.header("x-ms-ratelimit-remaining-subscription-deletes"), Some("197"));
    let (status, result) = (deleted.header("azure-asyncoperation").unwrap(), deleted.header("location").unwrap());
    assert_eq!(site.get(status).await.body["status"], "InProgress");
    assert_eq!(site.get(result).await.status, 202);
    let shown = site.get(&compute("ci-00000-00001")).await.body;
    assert_eq!(shown["properties"]["properties"]["state"], "Deleting");
    assert_eq!(shown["properties"]["provisioningState"], "Deleting");
    assert_eq!(site.delete("ci-00000-00001").await.status, 409);
    let stop = compute("ci-00000-00001").replace("?api", "/stop?api");
    assert_eq!(site.post(&stop, Value::Null).await.status, 409);
    site.forward(6);
    assert_eq!(site.get(status).await.body["status"], "Succeeded");
    assert_eq!(site.get(result).await.status, 200);
    assert_eq!(site.get(&compute("ci-00000-00001")).await.status, 404);
    assert_eq!(site.delete("ci-00000-00001").await.status, 204);
    let listed = site.get(&compute("").replace("computes/?", "computes?")).await.body;
    assert_eq!(listed["value"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_fault_makes_a_deletion_or_a_creation_fail() {
    let site = Site::new().await;
    for fault in ["delete => operation-fails", "create => operation-fails"] {
        site.sandbox.faults().push(fault.parse::<FaultRule>().unwrap());
    }
    let deleted = site.delete("ci-00000-00001").await;
    let made = site.put("ci-ana", body(json!({}))).await;
    let follow = [&deleted, &made].map(|came| came.header("azure-asyncoperation").unwrap().to_owned());
    site.forward(10);
    for link in &follow {
        assert_eq!(site.get(link).await.body["status"], "Failed");
    }
    let shown = site.get(&compute("ci-00000-00001")).await.body;
    let inner = &shown["properties"]["properties"];
    assert_eq!(
        (&inner["state"], &inner["lastOperation"]["operationStatus"]),
        (&json!("Running"), &json!("DeleteFailed"))
    );
    let shown = site.get(&compute("ci-ana")).await.body;
    assert_eq!(shown["properties"]["properties"]["state"], "CreateFailed");
    assert_eq!(shown["properties"]["properties"]["errors"][0]["error"]["code"], "ServiceError");
    site.sandbox.faults().clear();
    assert_eq!(site.delete("ci-ana").await.status, 202, "what could not be made can be deleted");
}

fn ten_billionths(cell: &Value) -> i128 {
    format!("{:.10}", cell.as_f64().unwrap()).replace('.', "").parse().unwrap()
}

fn in_use(usages: &Value, name: &str) -> i64 {
    let items = usages["value"].as_array().unwrap();
    items.iter().find(|item| item["name"]["value"] == name).unwrap()["currentValue"].as_i64().unwrap()
}

#[tokio::test]
async fn usages_follow_the_world_and_quotas_its_limits() {
    let site = Site::new().await;
    let family = "Standard DSv2 Family Cluster Dedicated vCPUs";
    let total = "Total Cluster Dedicated Regional vCPUs";
    let read = async || {
        let usages = site.get(&place("usages")).await.body;
        ["Clusters", total, family].map(|name| in_use(&usages, name))
    };
    let before = read().await;
    site.put("ci-ana", body(json!({}))).await;
    assert_eq!(read().await, [before[0] + 1, before[1] + 4, before[2] + 4]);
    site.forward(10);
    site.post(&compute("ci-ana").replace("?api", "/stop?api"), Value::Null).await;
    site.forward(10);
    assert_eq!(site.state("ci-ana").await, "Stopped");
    assert_eq!(read().await[1], before[1] + 4, "a stopped instance holds its cores");
    site.delete("ci-ana").await;
    assert_eq!(read().await[1], before[1] + 4);
    site.forward(10);
    assert_eq!(read().await, before);
    let usages = site.get(&place("usages")).await.body;
    let first = &usages["value"][2];
    assert_eq!(first["type"], "Microsoft.MachineLearningServices/vmFamily/usages");
    assert!(first["id"].as_str().unwrap().starts_with("/subscriptions/") && first["limit"].is_i64());
    let quotas = site.get(&place("quotas")).await.body;
    let quota = quotas["value"].as_array().unwrap().iter().find(|item| item["name"]["value"] == family).unwrap();
    assert_eq!((&quota["limit"], &quota["unit"]), (&json!(2_000_000), &json!("Count")));
    let elsewhere = site.get(&place("usages").replace("westeurope", "moon")).await;
    assert_eq!((elsewhere.status, &elsewhere.body["value"]), (200, &json!([])));
}

#[tokio::test]
async fn the_bill_counts_from_the_making_to_the_end() {
    let site = Site::with(0, |_| {}).await;
    site.forward(90);
    let made = site.put("ci-ana", body(json!({}))).await;
    assert_eq!(made.status, 201);
    site.forward(60 * 30);
    site.delete("ci-ana").await;
    site.forward(60 * 24 * 5);
    let query = json!({
        "type": "ActualCost", "timeframe": "MonthToDate",
        "dataset": {
            "granularity": "None",
            "aggregation": { "totalCost": { "name": "Cost", "function": "Sum" } },
            "grouping": [{ "type": "Dimension", "name": "Meter" }],
        },
    });
    let path =
        format!("/subscriptions/{SCALE_SUBSCRIPTION}/providers/Microsoft.CostManagement/query?api-version=2025-03-01");
    let bill = site.post(&path, query).await;
    assert_eq!(bill.status, 200, "{}", bill.body);
    let rows = bill.body["properties"]["rows"].as_array().unwrap().clone();
    let columns = bill.body["properties"]["columns"].as_array().unwrap().clone();
    let column = columns.iter().position(|column| column["name"] == "Cost").unwrap();
    assert_eq!(rows.len(), 4, "{rows:?}");
    let told: i128 = rows.iter().map(|row| ten_billionths(&row[column])).sum();
    let (truth, lived) = site.sandbox.look(|world| {
        let truth = world.truths().next().unwrap();
        let always = (Timestamp::MIN, Timestamp::MAX);
        (truth.compute_cost() + truth.residual_cost(), truth.existed_in(always))
    });
    // each day's line of each meter is rounded once
    assert!(truth > Cost::ZERO && (told - truth.rounded(10)).abs() <= 12, "{told} {truth:?}");
    assert!(lived.as_mins() >= 60 * 30 + 2 && lived.as_mins() <= 60 * 30 + 5, "{lived:?}");
}
