//! Faults of lists, items, operations and tokens.

use serde_json::Value;

use crate::site::{Site, header, list, running};

#[tokio::test]
async fn a_reset_before_does_nothing_and_one_after_has_done_it() {
    // [33]
    let site = Site::new("stop => reset").await;
    assert!(site.post(&running("/stop")).await.is_err());
    assert_eq!(site.state().await, "Running");
    let site = Site::new("stop => reset-after").await;
    assert!(site.post(&running("/stop")).await.is_err());
    assert_eq!(site.state().await, "Stopping");
}

#[tokio::test]
async fn links_that_lead_astray() {
    // [10, 11, 12]
    for (effect, link) in [
        ("next-link:https://management.azure.com.evil/{path}", "https://management.azure.com.evil//"),
        ("next-link-self", "{base}/"),
        ("next-link-relative", "/subscriptions/"),
        ("next-link-endless", "{base}/"),
    ] {
        let site = Site::new(&format!("list-computes => {effect}")).await;
        let page = site.json(&list()).await;
        let next = page["nextLink"].as_str().unwrap();
        assert!(next.starts_with(&link.replace("{base}", &site.sandbox.base_url())), "{next}");
    }
    let site = Site::new("list-computes => next-link-self").await;
    assert_eq!(site.json(&list()).await["nextLink"], site.url(&list()));
    let site = Site::new("list-computes => next-link-endless").await;
    let first = site.json(&list()).await["nextLink"].as_str().unwrap().to_owned();
    assert_ne!(site.json(&first).await["nextLink"], first);
    let site = Site::new("list-computes => next-link-api-version:1999-01-01").await;
    assert!(site.json(&list()).await["nextLink"].as_str().unwrap().contains("api-version=1999-01-01"));
}

#[tokio::test]
async fn operations_that_go_wrong() {
    // [19, 20, 21, 22, 11]
    for (effect, state, status) in [
        ("operation-fails", "Running", "Failed"),
        ("operation-canceled", "Running", "Canceled"),
        ("operation-lies", "Running", "Succeeded"),
        ("operation-never-ends", "Stopping", "InProgress"),
    ] {
        let site = Site::new(&format!("stop => {effect}")).await;
        let accepted = site.post(&running("/stop")).await.unwrap();
        assert_eq!(accepted.status(), 202);
        site.forward(45);
        assert_eq!(site.state().await, state, "{effect}");
        let followed = site.json(&header(&accepted, "azure-asyncoperation").unwrap()).await;
        assert_eq!(followed["status"], status);
    }
    let site = Site::new("stop => no-lro-headers").await;
    let accepted = site.post(&running("/stop")).await.unwrap();
    assert!(header(&accepted, "location").or(header(&accepted, "azure-asyncoperation")).is_none());
    let site = Site::new("stop => location:http://127.0.0.1:9/x").await;
    let accepted = site.post(&running("/stop")).await.unwrap();
    assert_eq!(header(&accepted, "location").as_deref(), Some("http://127.0.0.1:9/x"));
}

#[tokio::test]
async fn lists_that_do_not_tell_the_truth() {
    // [24, 25, 26, 27]
    let site = Site::new("list-computes => stale").await;
    let before = site.json(&list()).await;
    site.post(&running("/stop")).await.unwrap();
    assert_eq!(site.json(&list()).await, before);
    assert_eq!(site.state().await, "Stopping");
    let site = Site::new("list-computes => duplicate").await;
    assert_eq!(site.json(&list()).await["value"].as_array().unwrap().len(), 8);
    let site = Site::new("list-computes => duplicate-case").await;
    let page = site.json(&list()).await;
    let ids = [&page["value"][0]["id"], &page["value"][4]["id"]].map(|id| id.as_str().unwrap());
    assert!(ids[0] != ids[1] && ids[0].eq_ignore_ascii_case(ids[1]));
    let site = Site::new("list-computes => missing:CI-00000-00001").await;
    let page = site.json(&list()).await;
    assert!(page["value"].as_array().unwrap().iter().all(|item| item["name"] != "ci-00000-00001"));
}

#[tokio::test]
async fn members_that_are_odd() {
    // [28, 29, 30, 31]
    for (effect, pointer, value) in [
        (
            r#"set:/properties/properties/state="Hibernating""#,
            "/properties/properties/state",
            Some(Value::from("Hibernating")),
        ),
        ("set:/properties/properties/vmSize=7", "/properties/properties/vmSize", Some(Value::from(7))),
        ("set:/properties/properties/lastOperation=null", "/properties/properties/lastOperation", Some(Value::Null)),
        (
            r#"set:/properties/properties/lastOperation/operationTime="0001-01-01T00:00:00""#,
            "/properties/properties/lastOperation/operationTime",
            Some(Value::from("0001-01-01T00:00:00")),
        ),
        ("remove:/properties/properties/state", "/properties/properties/state", None),
        (
            "recreated:2026-11-02T10:00:00.0000000+00:00",
            "/properties/createdOn",
            Some(Value::from("2026-11-02T10:00:00.0000000+00:00")),
        ),
    ] {
        let site = Site::new(&format!("any => {effect}")).await;
        let page = site.json(&list()).await;
        assert_eq!(page["value"][2].pointer(pointer), value.as_ref(), "{effect}");
        assert_eq!(site.json(&running("")).await.pointer(pointer), value.as_ref(), "{effect}");
    }
}

#[tokio::test]
async fn tokens_that_are_short_wrong_or_late() {
    // [14]
    let path = "/metadata/identity/oauth2/token?api-version=2019-08-01&resource=https://management.azure.com";
    let ask = async |site: &Site| {
        let answer = site.client.get(site.url(path)).header("Metadata", "true").send().await.unwrap();
        serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap()
    };
    let short = ask(&Site::new("token => token-life:60").await).await;
    let number = |name: &str| short[name].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(number("expires_on") - number("not_before"), 60);
    let past = ask(&Site::new("token => token-life:-60").await).await;
    assert_eq!(past["expires_in"], "-60");
    let wrong = ask(&Site::new("token => token-wrong").await).await;
    assert!(wrong["access_token"].as_str().unwrap().ends_with("d3Jvbmc"));
    let site = Site::new("token => status:429,3").await;
    let refused = site.client.get(site.url(path)).header("Metadata", "true").send().await.unwrap();
    assert_eq!(refused.status(), 429);
}
