//! The intake over real HTTP: what an agent, a careless client and an attacker would send, and what each is answered.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

#[path = "support/build.rs"]
mod build;

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use lightsout::cli::clock::SystemClock;
use lightsout::intake::{Desk, DeskOptions, Revoked, agent_keys, mint};
use lightsout::metrics::{Metrics, MetricsOptions};
use lightsout::ports::Clock as _;
use lightsout::seal::Keys;
use lightsout::units::{InstanceId, Span};
use lightsout::web::{HeartbeatFace, heartbeat_limits, serve_heartbeats};
use reqwest::{Client, RequestBuilder, Response};
use secrecy::SecretString;
use serde_json::{Value, json};

/// A service's intake on loopback, with the fleet of the faces' tests.
struct Site {
    url: String,
    client: Client,
    metrics: Metrics,
    _dir: tempfile::TempDir,
}

fn keys() -> Keys {
    agent_keys(SecretString::from("k".repeat(40)), None).unwrap()
}

/// One whose stop is announced.
fn instance() -> InstanceId {
    build::facts("ws-a", "ci-coming").id
}

fn token() -> String {
    mint(&keys(), &instance(), SystemClock.now()).unwrap()
}

impl Site {
    fn open() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let dir = tempfile::tempdir().unwrap();
        let revoked = Revoked::beside(dir.path());
        let options = DeskOptions { keys: Some(keys()), entra: None, revoked, every: Span::seconds(60) };
        let desk = Arc::new(Desk::new(options, Arc::new(SystemClock)));
        let metrics = Metrics::new(MetricsOptions::default()).unwrap();
        let view = Arc::new(build::rich());
        let fleet = Arc::new(move || view.clone());
        let face = HeartbeatFace { desk, fleet, metrics: metrics.clone(), limits: heartbeat_limits() };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api/v1/heartbeats", listener.local_addr().unwrap());
        tokio::spawn(serve_heartbeats(listener, None, face, axum_server::Handle::new()));
        let client = Client::builder().no_proxy().build().unwrap();
        Self { url, client, metrics, _dir: dir }
    }

    fn post(&self) -> RequestBuilder {
        self.client.post(&self.url).bearer_auth(token())
    }

    fn counted(&self, outcome: &str) -> bool {
        let page = self.metrics.pieces(lightsout::metrics::Format::Classic).concat();
        String::from_utf8(page).unwrap().contains(&format!("lightsout_heartbeats_total{{outcome=\"{outcome}\"}} "))
    }
}

fn beat() -> Value {
    let now = SystemClock.now().to_string();
    json!({
        "v": 1, "agent": "0.1.0", "instance": instance().to_string(), "boot": "b", "seq": 1, "sent_at": now, "looked_at": now,
        "signs": [{ "signal": "cpu", "kind": "quiet", "words": "nothing" }], "watched": [{ "from": now, "to": now }],
    })
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

async fn refused(answer: Response, status: u16, words: &str) {
    assert_eq!(answer.status().as_u16(), status, "{words}");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let told: Value = answer.json().await.unwrap();
    assert!(told["error"].as_str().unwrap().contains(words), "{words} in {told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packed_heartbeat_is_taken_and_told_what_is_meant_to_happen() {
    let site = Site::open();
    let body = packed(beat().to_string().as_bytes());
    let answer = site.post().header("content-encoding", "gzip").body(body).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let told: Value = answer.json().await.unwrap();
    assert_eq!(told["next_in"], 60);
    assert!(told["stop_at"].is_string() && told["action"].is_string() && told["policy"].is_string(), "{told}");
    assert!(!told["why"].as_array().unwrap().is_empty(), "{told}");
    assert!(site.counted("taken"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_without_a_token_of_its_own_is_heard() {
    let site = Site::open();
    let bare = || site.client.post(&site.url).json(&beat());
    refused(bare().send().await.unwrap(), 401, "Authorization").await;
    refused(bare().header("authorization", "Basic eA==").send().await.unwrap(), 401, "Bearer").await;
    let twice = bare().bearer_auth(token()).header("authorization", format!("Bearer {}", token()));
    refused(twice.send().await.unwrap(), 401, "one header").await;
    let other = agent_keys(SecretString::from("x".repeat(40)), None).unwrap();
    let forged = mint(&other, &instance(), SystemClock.now()).unwrap();
    refused(bare().bearer_auth(forged).send().await.unwrap(), 401, "not signed by this service").await;
    let mut elsewhere = beat();
    elsewhere["instance"] = json!(build::facts("ws-a", "ci-due").id.to_string());
    refused(site.post().json(&elsewhere).send().await.unwrap(), 403, "another instance").await;
    assert!(
        site.counted("no_token") && site.counted("forged") && site.counted("other_instance") && !site.counted("taken")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_broken_or_old_is_refused() {
    let site = Site::open();
    let bomb = packed(&vec![b' '; 50 * 1024 * 1024]);
    assert!(bomb.len() < 64 * 1024, "it passes the bound of what arrives");
    let sent = site.post().header("content-encoding", "gzip").body(bomb).send().await.unwrap();
    refused(sent, 413, "more bytes than is sensible").await;
    let large = site.post().body(vec![b' '; 100 * 1024]).send().await.unwrap();
    assert_eq!(large.status().as_u16(), 413);
    refused(site.post().header("content-encoding", "gzip").body("plain").send().await.unwrap(), 400, "not the gzip")
        .await;
    refused(site.post().header("content-encoding", "br").body("x").send().await.unwrap(), 415, "gzip").await;
    refused(site.post().body("{").send().await.unwrap(), 400, "cannot be read").await;
    let mut old = beat();
    for key in ["sent_at", "looked_at"] {
        old[key] = json!("2026-01-01T00:00:00Z");
    }
    old["watched"] = json!([]);
    refused(site.post().json(&old).send().await.unwrap(), 400, "behind the service's").await;
    let read = site.client.get(&site.url).send().await.unwrap();
    assert_eq!(read.status().as_u16(), 405);
    let elsewhere = site.client.post(site.url.replace("heartbeats", "holds")).send().await.unwrap();
    refused(elsewhere, 404, "only /api/v1/heartbeats").await;
    let first = beat();
    assert_eq!(site.post().json(&first).send().await.unwrap().status().as_u16(), 200);
    refused(site.post().json(&first).send().await.unwrap(), 409, "was taken already").await;
}
