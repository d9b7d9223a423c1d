//! Lists, single resources, operations, buckets and refusals.

use jiff::SignedDuration;
use serde_json::Value;

use super::super::super::spec::DEMO_SUBSCRIPTIONS;
use super::super::*;
use super::site::*;

#[tokio::test]
async fn lists_come_in_pages_with_opaque_links() {
    let site = Site::with(|options| options.page_size = 4).await;
    let mut names = Vec::new();
    let mut next = Some(format!("{MADRID}/computes?api-version=2025-12-01"));
    let mut pages = 0;
    while let Some(url) = next {
        let page = site.json(&url).await;
        pages += 1;
        names.extend(page["value"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        next = page.get("nextLink").map(|link| link.as_str().unwrap().to_owned());
        assert!(next.as_ref().is_none_or(|link| link.starts_with(&site.sandbox.base_url()) && link.contains("$skip=")));
    }
    assert_eq!((pages, names.len()), (4, 15));
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 15);
    assert_eq!(site.get(&format!("{MADRID}/computes?api-version=1&$skip=8")).await.status(), 400);
}

#[tokio::test]
async fn workspaces_are_listed_by_subscription_and_by_group() {
    let site = Site::new().await;
    let all = site
        .json(&format!(
            "/subscriptions/{}/providers/Microsoft.MachineLearningServices/workspaces?api-version=1",
            DEMO_SUBSCRIPTIONS[0]
        ))
        .await;
    assert_eq!(all["value"].as_array().unwrap().len(), 2);
    assert!(all.get("nextLink").is_none());
    // ARM compares names without case.
    let one = site.json(&format!("/SUBSCRIPTIONS/{}/resourcegroups/rg-language/providers/microsoft.machinelearningservices/workspaces?api-version=1", DEMO_SUBSCRIPTIONS[0])).await;
    assert_eq!(one["value"][0]["name"], "nlp-newyork");
    assert_eq!(site.json(&format!("{MADRID}?api-version=1")).await["tags"]["team"], "vision");
    assert_eq!(
        site.get("/subscriptions/none/providers/Microsoft.MachineLearningServices/workspaces?api-version=1")
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn items_look_as_azure_writes_them() {
    let site = Site::new().await;
    let list = site.json(&format!("{MADRID}/computes?api-version=1")).await;
    let items = list["value"].as_array().unwrap();
    assert_eq!(items[0]["properties"]["computeType"], "AmlCompute");
    let item = items.iter().find(|item| item["name"] == "ci-mateo").unwrap();
    assert_eq!(item["properties"]["properties"]["vmSize"], "STANDARD_NC6S_V3");
    assert!(
        item["properties"]["description"].is_null()
            && item["properties"].as_object().unwrap().contains_key("description")
    );
    let created = item["properties"]["createdOn"].as_str().unwrap();
    assert_eq!(created.len(), "2021-09-17T08:45:00.1841498+00:00".len());
    assert_eq!(
        item["properties"]["properties"]["lastOperation"]["operationTime"].as_str().unwrap().len(),
        "2021-09-17T08:45:06.526+00:00".len()
    );
    let scheduled = items.iter().find(|item| item["name"] == "ci-carmen").unwrap();
    assert_eq!(
        scheduled["properties"]["properties"]["schedules"]["computeStartStop"][0]["cron"]["expression"],
        "30 19 * * 1,2,3,4,5"
    );
    let one = site.json(&format!("{MADRID}/computes/ci-mateo?api-version=1")).await;
    assert_eq!(&one, item);
}

#[tokio::test]
async fn a_stop_is_followed_by_either_header() {
    let site = Site::with(|options| options.lro = LroStyle::Both).await;
    let id = site.running().await;
    let accepted = site.post(&format!("{id}/stop?api-version=2025-12-01")).await;
    assert_eq!(accepted.status(), 202);
    let (status, location) = (header(&accepted, "azure-asyncoperation"), header(&accepted, "location"));
    assert!(status.len() > 1_200, "a signed URL is long");
    assert_eq!(site.json(&status).await["status"], "InProgress");
    assert_eq!(site.get(&location).await.status(), 202);
    assert_eq!(site.json(&format!("{id}?api-version=1")).await["properties"]["properties"]["state"], "Stopping");
    let again = site.post(&format!("{id}/stop?api-version=1")).await;
    assert_eq!(again.status(), 409);
    // A status URL that was rebuilt from its parts is not honoured.
    assert_eq!(site.get(status.split('&').next().unwrap()).await.status(), 404);
    site.clock.forward(SignedDuration::from_mins(4));
    let done = site.json(&status).await;
    assert_eq!((&done["status"], &done["percentComplete"]), (&Value::from("Succeeded"), &Value::from(100)));
    assert_eq!(site.get(&location).await.status(), 200);
    let last = site.json(&format!("{id}?api-version=1")).await["properties"]["properties"]["lastOperation"].clone();
    assert!(last["operationName"] == "Stop" || last["operationName"] == "Start");
}

#[tokio::test]
async fn header_styles_alternate_per_instance() {
    let site = Site::new().await;
    let id = site.running().await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let response = site.post(&format!("{id}/restart?api-version=1")).await;
        assert_eq!(response.status(), 202);
        seen.push((header(&response, "azure-asyncoperation").is_empty(), header(&response, "location").is_empty()));
        site.clock.forward(SignedDuration::from_mins(8));
    }
    seen.sort_unstable();
    assert_eq!(seen, [(false, false), (false, true), (true, false)]);
}

#[tokio::test]
async fn buckets_run_dry_and_fill_in_the_sandbox_time() {
    let site = Site::new().await;
    let url = format!("{MADRID}?api-version=1");
    for left in (0..250).rev() {
        let answer = site.get(&url).await;
        assert_eq!(header(&answer, "x-ms-ratelimit-remaining-subscription-reads"), left.to_string());
    }
    let refused = site.get(&url).await;
    assert_eq!((refused.status().as_u16(), header(&refused, "retry-after")), (429, "1".to_owned()));
    let elsewhere = site
        .get(&format!(
            "/subscriptions/{}/providers/Microsoft.MachineLearningServices/workspaces?api-version=1",
            DEMO_SUBSCRIPTIONS[1]
        ))
        .await;
    assert_eq!(elsewhere.status(), 200);
    site.clock.forward(SignedDuration::from_secs(1));
    assert_eq!(header(&site.get(&url).await, "x-ms-ratelimit-remaining-subscription-reads"), "24");
}

#[tokio::test]
async fn refusals_have_azures_words() {
    let site = Site::with(|options| {
        options.denied = vec!["Microsoft.MachineLearningServices/workspaces/computes/stop/action".into()]
    })
    .await;
    let denied = site.post(&format!("{MADRID}/computes/ci-lucia/stop?api-version=1")).await;
    assert_eq!(denied.status(), 403);
    let text = denied.text().await.unwrap();
    assert!(
        text.contains("AuthorizationFailed")
            && text.contains("computes/stop/action")
            && text.contains("computes/ci-lucia'"),
        "{text}"
    );
    let gone = site.get(&format!("{MADRID}/computes/ci-nobody?api-version=1")).await;
    assert_eq!(gone.status(), 404);
    assert!(gone.text().await.unwrap().contains("vision-madrid/ci-nobody"));
    for (method, path) in [("PATCH", "/computes/ci-lucia"), ("DELETE", "/computes"), ("PUT", "")] {
        let url = site.url(&format!("{MADRID}{path}?api-version=1"));
        let refused = site.client.request(method.parse().unwrap(), url).bearer_auth("x").send().await.unwrap();
        assert_eq!(refused.status(), 405);
        assert_eq!(site.sandbox.recorder().recent().last().unwrap().method, method);
    }
}

#[tokio::test]
async fn an_idle_timer_is_set_at_once_within_azures_bounds() {
    let site = Site::new().await;
    let id = site.running().await;
    let set = async |body: &str| {
        let url = site.url(&format!("{id}/updateIdleShutdownSetting?api-version=2021-07-01"));
        let answer = site.client.post(url).bearer_auth("x").body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(set(r#"{"idleTimeBeforeShutdown":"PT45M"}"#).await, (200, String::new()));
    let shown = site.json(&format!("{id}?api-version=1")).await;
    assert_eq!(shown["properties"]["properties"]["idleTimeBeforeShutdown"], "PT45M");
    for bad in ["PT14M", "P4D", "PT45M30S", "-PT60M", "soon", ""] {
        let (status, words) = set(&format!(r#"{{"idleTimeBeforeShutdown":"{bad}"}}"#)).await;
        assert!(status == 400 && words.contains("15 minutes to 3 days"), "{bad}: {status} {words}");
    }
    assert_eq!(set("{}").await.0, 400);
    assert_eq!(site.get(&format!("{id}/updateIdleShutdownSetting?api-version=1")).await.status(), 405);
    assert_eq!(site.sandbox.recorder().counts()[&("POST".to_owned(), "set-idle-timer")], 8);
}
