//! The sandbox over real sockets: what ARM answers, token by token and page by page.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Response};
use serde_json::Value;

use super::super::clock::SandboxClock;
use super::super::faults::{Effect, FaultOperation, FaultRule};
use super::super::spec::{DEMO_SUBSCRIPTIONS, DEMO_TENANT, demo, scale};
use super::*;

/// A clock that stands until it is set.
struct Hand(Mutex<Timestamp>);

impl SandboxClock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Hand {
    fn forward(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

fn morning() -> Timestamp {
    "2026-11-02T10:30:00Z".parse().unwrap()
}

const MADRID: &str = "/subscriptions/5a4d0000-0000-4000-8000-000000000001/resourceGroups/rg-vision/providers/Microsoft.MachineLearningServices/workspaces/vision-madrid";

struct Site {
    sandbox: Sandbox,
    clock: Arc<Hand>,
    client: Client,
}

impl Site {
    async fn with(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let clock = Arc::new(Hand(Mutex::new(morning())));
        let mut options = SandboxOptions::new(demo(1, morning() - SignedDuration::from_hours(10)), clock.clone());
        options.static_token = Some("x".into());
        change(&mut options);
        let sandbox = Sandbox::start(options).await.unwrap();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_gzip().no_proxy().build().unwrap();
        Self { sandbox, clock, client }
    }

    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.sandbox.base_url()) }
    }

    async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).bearer_auth("x").send().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await.text().await.unwrap()).unwrap()
    }

    async fn post(&self, path: &str) -> Response {
        self.client.post(self.url(path)).bearer_auth("x").send().await.unwrap()
    }

    fn fault(&self, on: FaultOperation, effect: Effect) {
        self.sandbox.faults().clear();
        self.sandbox.faults().push(FaultRule::new(on, effect));
    }

    /// A running machine of the first workspace.
    async fn running(&self) -> String {
        let list = self.json(&format!("{MADRID}/computes?api-version=1")).await;
        let items = list["value"].as_array().unwrap().clone();
        let up = items.iter().find(|item| item["properties"]["properties"]["state"] == "Running").unwrap();
        up["id"].as_str().unwrap().to_owned()
    }
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

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
    let all = site.json(&format!("/subscriptions/{}/providers/Microsoft.MachineLearningServices/workspaces?api-version=1", DEMO_SUBSCRIPTIONS[0])).await;
    assert_eq!(all["value"].as_array().unwrap().len(), 2);
    assert!(all.get("nextLink").is_none());
    // ARM compares names without case.
    let one = site.json(&format!("/SUBSCRIPTIONS/{}/resourcegroups/rg-language/providers/microsoft.machinelearningservices/workspaces?api-version=1", DEMO_SUBSCRIPTIONS[0])).await;
    assert_eq!(one["value"][0]["name"], "nlp-newyork");
    assert_eq!(site.json(&format!("{MADRID}?api-version=1")).await["tags"]["team"], "vision");
    assert_eq!(site.get("/subscriptions/none/providers/Microsoft.MachineLearningServices/workspaces?api-version=1").await.status(), 404);
}

#[tokio::test]
async fn items_look_as_azure_writes_them() {
    let site = Site::new().await;
    let list = site.json(&format!("{MADRID}/computes?api-version=1")).await;
    let items = list["value"].as_array().unwrap();
    assert_eq!(items[0]["properties"]["computeType"], "AmlCompute");
    let item = items.iter().find(|item| item["name"] == "ci-mateo").unwrap();
    assert_eq!(item["properties"]["properties"]["vmSize"], "STANDARD_NC6S_V3");
    assert!(item["properties"]["description"].is_null() && item["properties"].as_object().unwrap().contains_key("description"));
    let created = item["properties"]["createdOn"].as_str().unwrap();
    assert_eq!(created.len(), "2021-09-17T08:45:00.1841498+00:00".len());
    assert_eq!(item["properties"]["properties"]["lastOperation"]["operationTime"].as_str().unwrap().len(), "2021-09-17T08:45:06.526+00:00".len());
    let scheduled = items.iter().find(|item| item["name"] == "ci-carmen").unwrap();
    assert_eq!(scheduled["properties"]["properties"]["schedules"]["computeStartStop"][0]["cron"]["expression"], "30 19 * * 1,2,3,4,5");
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
async fn arm_wants_a_token_and_an_api_version() {
    let site = Site::new().await;
    let url = site.url(&format!("{MADRID}/computes?api-version=1"));
    let none = site.client.get(&url).send().await.unwrap();
    assert_eq!(none.status(), 401);
    assert!(header(&none, "www-authenticate").starts_with("Bearer authorization_uri="));
    assert_eq!(site.client.get(&url).bearer_auth("forged").send().await.unwrap().status(), 401);
    let bare = site.get(&format!("{MADRID}/computes")).await;
    assert_eq!(bare.status(), 400);
    assert!(bare.text().await.unwrap().contains("MissingApiVersionParameter"));
}

#[tokio::test]
async fn managed_identity_gives_tokens_that_arm_takes() {
    let site = Site::new().await;
    let ask = |header: &str| site.client.get(site.url("/msi/token?api-version=2019-08-01&resource=https://management.azure.com")).header("X-IDENTITY-HEADER", header.to_owned()).send();
    assert_eq!(ask("wrong").await.unwrap().status(), 401);
    let given: Value = serde_json::from_str(&ask(site.sandbox.identity_header()).await.unwrap().text().await.unwrap()).unwrap();
    assert!(given["expires_on"].is_string());
    let answer = site.client.get(site.url(&format!("{MADRID}?api-version=1"))).bearer_auth(given["access_token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let imds = site.client.get(site.url("/metadata/identity/oauth2/token?api-version=2019-08-01&resource=https://management.azure.com"));
    assert_eq!(imds.try_clone().unwrap().send().await.unwrap().status(), 400);
    assert_eq!(imds.header("Metadata", "true").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn entra_takes_secrets_and_assertions_and_names_its_errors() {
    let site = Site::new().await;
    let ask = |tenant: &str, form: &[(&str, &str)]| {
        let request = site.client.post(site.url(&format!("/{tenant}/oauth2/v2.0/token"))).form(form);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap())
        }
    };
    let base = [("grant_type", "client_credentials"), ("client_id", "app"), ("scope", "https://management.azure.com/.default")];
    let with = |more: &[(&'static str, &'static str)]| [&base, more].concat();
    let (status, body) = ask(DEMO_TENANT, &with(&[("client_secret", "s3cret")])).await;
    assert_eq!((status, body["expires_in"].as_i64()), (200, Some(3_600)));
    let (status, body) = ask(DEMO_TENANT, &with(&[("client_secret", "wrong")])).await;
    assert_eq!((status, body["error_codes"][0].as_i64()), (401, Some(7_000_215)));
    let assertion = [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", "jwt")];
    assert_eq!(ask(DEMO_TENANT, &with(&assertion)).await.0, 200);
    assert_eq!(ask("other-tenant", &with(&assertion)).await.1["error_codes"][0], 90_002);
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
    let elsewhere = site.get(&format!("/subscriptions/{}/providers/Microsoft.MachineLearningServices/workspaces?api-version=1", DEMO_SUBSCRIPTIONS[1])).await;
    assert_eq!(elsewhere.status(), 200);
    site.clock.forward(SignedDuration::from_secs(1));
    assert_eq!(header(&site.get(&url).await, "x-ms-ratelimit-remaining-subscription-reads"), "24");
}

#[tokio::test]
async fn refusals_have_azures_words() {
    let site = Site::with(|options| options.denied = vec!["Microsoft.MachineLearningServices/workspaces/computes/stop/action".into()]).await;
    let denied = site.post(&format!("{MADRID}/computes/ci-lucia/stop?api-version=1")).await;
    assert_eq!(denied.status(), 403);
    let text = denied.text().await.unwrap();
    assert!(text.contains("AuthorizationFailed") && text.contains("computes/stop/action") && text.contains("computes/ci-lucia'"), "{text}");
    let gone = site.get(&format!("{MADRID}/computes/ci-nobody?api-version=1")).await;
    assert_eq!(gone.status(), 404);
    assert!(gone.text().await.unwrap().contains("vision-madrid/ci-nobody"));
    for method in ["DELETE", "PUT", "PATCH"] {
        let url = site.url(&format!("{MADRID}/computes/ci-lucia?api-version=1"));
        let refused = site.client.request(method.parse().unwrap(), url).bearer_auth("x").send().await.unwrap();
        assert_eq!(refused.status(), 405);
        assert_eq!(site.sandbox.recorder().recent().last().unwrap().method, method);
    }
}

#[tokio::test]
async fn the_recorder_knows_who_came_with_a_token() {
    let site = Site::new().await;
    site.get(&format!("{MADRID}?api-version=1")).await;
    drop(site.client.get(site.url("/elsewhere")).send().await.unwrap());
    let recorder = site.sandbox.recorder();
    let seen: Vec<_> = recorder.recent().iter().map(|record| (record.operation, record.status, record.had_authorization)).collect();
    assert_eq!(seen, [("get-workspace", 200, true), ("other", 401, false)]);
    assert_eq!(recorder.count("get-workspace"), 1);
}

#[tokio::test]
async fn the_inbox_reaches_people() {
    let site = Site::new().await;
    let stop_at = morning() + SignedDuration::from_mins(15);
    let ids: Vec<Value> = {
        let world = site.sandbox.world();
        let world = world.lock().unwrap();
        world.truths().filter(super::super::world::Truth::in_use).map(|truth| serde_json::json!({ "id": truth.id(), "stop_at": stop_at.to_string() })).collect()
    };
    let body = serde_json::json!({ "kind": "warning", "more": 1, "instances": ids }).to_string();
    let answer = site.client.post(site.url("/people/inbox")).header("x-lightsout-signature", "s").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(site.sandbox.recorder().recent().last().unwrap().had_signature);
    assert!(site.sandbox.take_hold_wishes().is_empty());
    site.clock.forward(SignedDuration::from_mins(10));
    let wishes = site.sandbox.take_hold_wishes();
    assert!(!wishes.is_empty() && wishes.iter().all(|wish| wish.at <= stop_at));
    assert!(site.sandbox.take_hold_wishes().is_empty());
}

#[tokio::test]
async fn others_cannot_reach_it() {
    let clock = Arc::new(Hand(Mutex::new(morning())));
    let mut options = SandboxOptions::new(scale(1, morning(), 1, 1), clock);
    options.listen = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(Sandbox::start(options).await, Err(SandboxError::NotLoopback(_))));
}

#[tokio::test]
async fn https_is_served_under_its_own_authority() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    let site = Site::with(move |options| options.tls_dir = Some(path)).await;
    let pem = std::fs::read(site.sandbox.ca_file().unwrap()).unwrap();
    let trusting = Client::builder().tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()]).no_proxy().build().unwrap();
    let url = format!("{}{MADRID}/computes?api-version=1", site.sandbox.https_url().unwrap());
    assert_eq!(trusting.get(&url).bearer_auth("x").send().await.unwrap().status(), 200);
    assert!(site.client.get(&url).send().await.is_err(), "a client that does not know the authority refuses it");
}

#[tokio::test]
async fn shutdown_ends_even_those_who_never_answer() {
    let site = Site::new().await;
    site.fault(FaultOperation::Any, Effect::Hang);
    let url = site.url(&format!("{MADRID}?api-version=1"));
    let hanging = tokio::spawn(site.client.get(url).bearer_auth("x").timeout(Duration::from_secs(20)).send());
    while site.sandbox.recorder().recent().is_empty() {
        tokio::task::yield_now().await;
    }
    site.sandbox.shutdown().await;
    assert!(hanging.await.unwrap().is_err());
}
