//! A sandbox whose clock stands until it is moved, and a client for it.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use lightsout::sandbox::{SCALE_SUBSCRIPTION, Sandbox, SandboxClock, SandboxOptions, scale};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

pub(crate) struct Hand(Mutex<Timestamp>);

impl SandboxClock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
    clock: Arc<Hand>,
    client: Client,
}

/// What came back: status, body (null where there is none), headers.
pub(crate) struct Came {
    pub(crate) status: u16,
    pub(crate) body: Value,
    headers: reqwest::header::HeaderMap,
}

impl Came {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// ARM's words.
    pub(crate) fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    /// ARM's code, and the one that the provider hides in an entry without a type.
    pub(crate) fn codes(&self) -> (&str, &str) {
        let error = &self.body["error"];
        let info = error["additionalInfo"].as_array().map(Vec::as_slice).unwrap_or_default();
        let inner = info.iter().find(|entry| entry.get("type").is_none());
        let inner = inner.and_then(|entry| entry.pointer("/info/value/code")).and_then(Value::as_str);
        (error["code"].as_str().unwrap_or_default(), inner.unwrap_or_default())
    }
}

pub(crate) fn workspace(number: u32) -> String {
    format!(
        "/subscriptions/{SCALE_SUBSCRIPTION}/resourceGroups/rg-000/providers/Microsoft.MachineLearningServices/workspaces/ws-{number:05}"
    )
}

pub(crate) fn compute(name: &str) -> String {
    format!("{}/computes/{name}?api-version=2025-12-01", workspace(0))
}

pub(crate) fn place(rest: &str) -> String {
    format!(
        "/subscriptions/{SCALE_SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/westeurope/{rest}?api-version=2025-12-01"
    )
}

/// The least that makes an instance, with inner properties more.
pub(crate) fn body(more: Value) -> Value {
    let mut inner = json!({ "vmSize": "STANDARD_DS3_V2" });
    inner.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "location": "westeurope", "properties": { "computeType": "ComputeInstance", "properties": inner } })
}

impl Site {
    /// Two workspaces in one region, with so many instances each.
    pub(crate) async fn with(instances: usize, change: impl FnOnce(&mut SandboxOptions)) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let start: Timestamp = "2026-11-02T10:30:00Z".parse().unwrap();
        let clock = Arc::new(Hand(Mutex::new(start)));
        let mut options = SandboxOptions::new(scale(1, start, 2, instances), clock.clone());
        options.static_token = Some("x".into());
        change(&mut options);
        let sandbox = Sandbox::start(options).await.unwrap();
        let client = Client::builder().no_gzip().no_proxy().build().unwrap();
        Self { sandbox, clock, client }
    }

    pub(crate) async fn new() -> Self {
        Self::with(3, |_| {}).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Came {
        let url = if path.starts_with("http") { path.to_owned() } else { self.sandbox.base_url() + path };
        let mut request = self.client.request(method, url).bearer_auth("x");
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer: Response = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        Came { status, body, headers }
    }

    pub(crate) async fn get(&self, path: &str) -> Came {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn put(&self, name: &str, body: Value) -> Came {
        self.ask(Method::PUT, &compute(name), Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Came {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, name: &str) -> Came {
        let path = format!("{}&underlyingResourceAction=Delete", compute(name));
        self.ask(Method::DELETE, &path, None).await
    }

    pub(crate) async fn state(&self, name: &str) -> String {
        let came = self.get(&compute(name)).await;
        came.body["properties"]["properties"]["state"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn forward(&self, minutes: i64) {
        *self.clock.0.lock().unwrap() += SignedDuration::from_mins(minutes);
    }
}
