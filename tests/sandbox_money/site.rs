//! A sandbox with a clock that stands until it is moved, and a client for it.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use lightsout::sandbox::{Sandbox, SandboxClock, SandboxOptions, demo};
use reqwest::{Client, Response};
use serde_json::Value;

/// The Monday on which the demo begins.
pub(crate) const BEGINNING: &str = "2026-03-16T00:00:00Z";

pub(crate) struct Hand(Mutex<Timestamp>);

impl SandboxClock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
    clock: Arc<Hand>,
    pub(crate) client: Client,
}

impl Site {
    pub(crate) async fn with(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let start: Timestamp = BEGINNING.parse().unwrap();
        let clock = Arc::new(Hand(Mutex::new(start)));
        let mut options = SandboxOptions::new(demo(1, start), clock.clone());
        options.static_token = Some("x".into());
        change(&mut options);
        let sandbox = Sandbox::start(options).await.unwrap();
        let client = Client::builder().no_gzip().no_proxy().build().unwrap();
        Self { sandbox, clock, client }
    }

    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Moves the clock to an instant.
    pub(crate) fn at(&self, time: &str) {
        *self.clock.0.lock().unwrap() = time.parse().unwrap();
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.into() } else { self.sandbox.base_url() + path }
    }

    /// Without a token.
    pub(crate) async fn open(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).bearer_auth("x").send().await.unwrap()
    }
}

pub(crate) async fn json(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}
