//! A sandbox with one fault, and a client for it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lightsout::sandbox::{Auth, FaultRule, LroStyle, SCALE_SUBSCRIPTION, Sandbox, SandboxClock, SandboxOptions, scale};
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Hand(Mutex<Timestamp>);

impl SandboxClock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct Site {
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Arc<Hand>,
    pub(crate) client: Client,
}

pub(crate) fn workspace() -> String {
    format!(
        "/subscriptions/{SCALE_SUBSCRIPTION}/resourceGroups/rg-000/providers/Microsoft.MachineLearningServices/workspaces/ws-00000"
    )
}

pub(crate) fn list() -> String {
    format!("{}/computes?api-version=2025-12-01", workspace())
}

/// The second machine of the scale world runs.
pub(crate) fn running(verb: &str) -> String {
    format!("{}/computes/ci-00000-00001{verb}?api-version=2025-12-01", workspace())
}

impl Site {
    pub(crate) async fn new(fault: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let start: Timestamp = "2026-11-02T10:30:00Z".parse().unwrap();
        let clock = Arc::new(Hand(Mutex::new(start)));
        let mut options = SandboxOptions::new(scale(1, start, 2, 7), clock.clone());
        options.auth = Auth::Off;
        options.page_size = 4;
        options.lro = LroStyle::Both;
        options.faults = vec![fault.parse::<FaultRule>().unwrap()];
        let sandbox = Sandbox::start(options).await.unwrap();
        let policy = reqwest::redirect::Policy::none();
        let client = Client::builder().redirect(policy).no_gzip().no_proxy().build().unwrap();
        Self { sandbox, clock, client }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.into() } else { self.sandbox.base_url() + path }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path).await.text().await.unwrap()).unwrap()
    }

    pub(crate) async fn post(&self, path: &str) -> reqwest::Result<Response> {
        self.client.post(self.url(path)).send().await
    }

    pub(crate) fn forward(&self, minutes: i64) {
        *self.clock.0.lock().unwrap() += SignedDuration::from_mins(minutes);
    }

    pub(crate) async fn state(&self) -> String {
        self.json(&running("")).await["properties"]["properties"]["state"].as_str().unwrap().into()
    }

    /// What comes over the bare socket until the sandbox closes or is silent for a while.
    pub(crate) async fn raw(&self, path: &str) -> Vec<u8> {
        let address = self.sandbox.base_url().replace("http://", "");
        let mut socket = TcpStream::connect(&address).await.unwrap();
        let ask = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
        socket.write_all(ask.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0_u8; 65_536];
        while let Ok(Ok(read)) = tokio::time::timeout(Duration::from_millis(300), socket.read(&mut buffer)).await {
            if read == 0 {
                break;
            }
            seen.extend_from_slice(&buffer[..read]);
        }
        seen
    }
}

pub(crate) fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}
