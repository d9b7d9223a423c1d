//! A sandbox with a clock that stands, and a client for it.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Response};
use serde_json::Value;

use super::super::super::clock::SandboxClock;
use super::super::super::faults::{Effect, FaultOperation, FaultRule};
use super::super::super::spec::demo;
use super::super::*;

/// A clock that stands until it is set.
pub(super) struct Hand(pub(super) Mutex<Timestamp>);

impl SandboxClock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Hand {
    pub(super) fn forward(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

pub(super) fn morning() -> Timestamp {
    "2026-11-02T10:30:00Z".parse().unwrap()
}

pub(super) const MADRID: &str = "/subscriptions/5a4d0000-0000-4000-8000-000000000001/resourceGroups/rg-vision/providers/Microsoft.MachineLearningServices/workspaces/vision-madrid";

pub(super) struct Site {
    pub(super) sandbox: Sandbox,
    pub(super) clock: Arc<Hand>,
    pub(super) client: Client,
}

impl Site {
    pub(super) async fn with(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let clock = Arc::new(Hand(Mutex::new(morning())));
        let mut options = SandboxOptions::new(demo(1, morning() - SignedDuration::from_hours(10)), clock.clone());
        options.static_token = Some("x".into());
        change(&mut options);
        let sandbox = Sandbox::start(options).await.unwrap();
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).no_gzip().no_proxy().build().unwrap();
        Self { sandbox, clock, client }
    }

    pub(super) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(super) fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.sandbox.base_url()) }
    }

    pub(super) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).bearer_auth("x").send().await.unwrap()
    }

    pub(super) async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await.text().await.unwrap()).unwrap()
    }

    pub(super) async fn post(&self, path: &str) -> Response {
        self.client.post(self.url(path)).bearer_auth("x").send().await.unwrap()
    }

    pub(super) fn fault(&self, on: FaultOperation, effect: Effect) {
        self.sandbox.faults().clear();
        self.sandbox.faults().push(FaultRule::new(on, effect));
    }

    /// A running machine of the first workspace.
    pub(super) async fn running(&self) -> String {
        let list = self.json(&format!("{MADRID}/computes?api-version=1")).await;
        let items = list["value"].as_array().unwrap().clone();
        let up = items.iter().find(|item| item["properties"]["properties"]["state"] == "Running").unwrap();
        up["id"].as_str().unwrap().to_owned()
    }
}

pub(super) fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}
