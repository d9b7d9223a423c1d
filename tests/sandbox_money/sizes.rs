//! The VM sizes that ARM lists for a region.

use lightsout::sandbox::{DEMO_SUBSCRIPTIONS, list_prices};
use serde_json::Value;

use super::site::*;

fn url(region: &str) -> String {
    let subscription = DEMO_SUBSCRIPTIONS[0];
    format!(
        "/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{region}/vmSizes?api-version=2025-12-01"
    )
}

async fn sizes(site: &Site, region: &str) -> Vec<Value> {
    let answer = site.get(&url(region)).await;
    assert_eq!(answer.status(), 200);
    json(answer).await["value"].as_array().unwrap().clone()
}

fn named<'a>(sizes: &'a [Value], name: &str) -> &'a Value {
    sizes.iter().find(|size| size["name"] == name).unwrap()
}

/// The estimate of Linux in the standard tier, as it is written.
fn linux(size: &Value) -> Option<String> {
    let values = size.get("estimatedVMPrices")?["values"].as_array().unwrap();
    let mut linux = values.iter().filter(|value| value["osType"] == "Linux" && value["vmTier"] == "Standard");
    let price = linux.next().unwrap()["retailPrice"].to_string();
    assert_eq!(linux.next(), None);
    Some(price)
}

#[tokio::test]
async fn sizes_come_with_their_facts_and_most_with_an_estimate() {
    let site = Site::new().await;
    let all = sizes(&site, "SpainCentral").await;
    let ds3 = named(&all, "Standard_DS3_v2");
    assert_eq!((&ds3["vCPUs"], &ds3["gpus"], &ds3["memoryGB"]), (&4.into(), &0.into(), &14.0.into()));
    assert_eq!((&ds3["family"], &ds3["premiumIO"]), (&"standardDSv2Family".into(), &true.into()));
    assert_eq!(ds3["supportedComputeTypes"], serde_json::json!(["AmlCompute", "ComputeInstance"]));
    let prices = &ds3["estimatedVMPrices"];
    assert_eq!((&prices["billingCurrency"], &prices["unitOfMeasure"]), (&"USD".into(), &"OneHour".into()));
    assert_eq!(prices["values"].as_array().unwrap().len(), 6);
    assert_eq!(linux(ds3).as_deref(), Some("0.3223"));
    assert_eq!(linux(named(&all, "Standard_NC6s_v3")).as_deref(), Some("3.366"));
    for without in ["Standard_NC24ads_A100_v4", "Standard_ND40rs_v2"] {
        assert_eq!(linux(named(&all, without)), None);
    }
    assert_eq!(named(&all, "Standard_ND40rs_v2")["supportedComputeTypes"], serde_json::json!(["AmlCompute"]));
}

#[tokio::test]
async fn estimates_follow_the_price_and_unlisted_sizes_have_none() {
    let site = Site::with(|options| options.world.prices = list_prices().unlisted("Standard_D13_v2")).await;
    let before = sizes(&site, "eastus2").await;
    assert_eq!(linux(named(&before, "Standard_E8s_v3")).as_deref(), Some("0.504"));
    assert_eq!(linux(named(&before, "Standard_D13_v2")), None);
    site.at("2026-03-23T00:00:00Z");
    assert_eq!(linux(named(&sizes(&site, "eastus2").await, "Standard_E8s_v3")).as_deref(), Some("0.532"));
}

#[tokio::test]
async fn regions_without_a_workspace_have_no_sizes_and_strangers_get_none() {
    let site = Site::with(|options| {
        options.denied = vec!["Microsoft.MachineLearningServices/locations/vmSizes/read".into()];
    })
    .await;
    assert_eq!(site.open(&url("eastus2")).await.status(), 401);
    let refused = site.get(&url("eastus2")).await;
    assert_eq!(refused.status(), 403);
    let site = Site::with(|options| options.faults = vec!["vm-sizes,nth=3 => conflict".parse().unwrap()]).await;
    assert_eq!(sizes(&site, "westeurope").await, Vec::<Value>::new());
    let foreign = url("eastus2").replace(DEMO_SUBSCRIPTIONS[0], "none");
    assert_eq!(site.get(&foreign).await.status(), 404);
    assert_eq!(site.get(&url("eastus2")).await.status(), 409);
    assert_eq!(site.sandbox.recorder().count("vm-sizes"), 3);
}
