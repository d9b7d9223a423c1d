//! A real Prometheus scrapes the demo; every query of every panel, rule and alert has to parse there and return data.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails"
)]

#[path = "support/allowed.rs"]
mod allowed;
#[path = "support/boards.rs"]
mod boards;
#[path = "support/estate.rs"]
mod estate;
#[path = "support/program.rs"]
mod program;
#[path = "prometheus/promql.rs"]
mod promql;
#[path = "prometheus/server.rs"]
mod server;
#[path = "support/service.rs"]
mod service;
#[path = "prometheus/stack.rs"]
mod stack;
#[path = "support/tools.rs"]
mod tools;
#[path = "prometheus/witness.rs"]
mod witness;

use std::io::{self, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use boards::{Query, queries};
use lightsout::cli::demo::{DemoOptions, demo};
use promql::watched;
use server::Prometheus;

/// The demo takes far less, but for a busy machine.
const WITHIN: Duration = Duration::from_secs(220);
/// So do a few scrapes.
const SCRAPED: Duration = Duration::from_secs(60);

/// Series that are rightly absent from a fleet that is well, and why.
const ABSENT: &[(&str, &str)] = &[
    ("lightsout_unrecognised_states", "the demo's Azure speaks no word that this version does not know"),
    ("lightsout_oddities", "nor does it send odd fields"),
    ("lightsout_policy_canary_room", "no policy changes during the demo"),
    ("lightsout_policy_canary_until_timestamp_seconds", "no policy changes during the demo"),
    ("price=\"\"", "every size of the demo has a price"),
    ("lightsout_budget_forecast", "nothing is foreseen before seven whole days are known, and the demo has fewer"),
    ("says=\"silent\"", "no agent of the demo ends"),
    ("lightsout_verdicts{ground=\"idle_unknown\"", "every policy of the demo has hours, which say more"),
    ("outcome!=\"taken\"", "every heartbeat of the demo is taken"),
    ("fault=~\"forbidden|unauthenticated\"", "every workspace of the demo can be read"),
];

/// The first days are billed in full then.
const DAYS: u32 = 5;

/// The demo's words, line by line.
struct Lines(mpsc::Sender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        drop(self.0.send(String::from_utf8_lossy(bytes).into_owned()));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a few days of the demo in a thread of its own and keeps it open. Answers with where its metrics are at once.
struct Demo {
    address: String,
    /// Closing it ends the demo.
    _open: tokio::sync::oneshot::Sender<()>,
    ended: mpsc::Receiver<()>,
}

impl Demo {
    fn begin() -> Self {
        let (lines, said) = mpsc::channel();
        let (open, close) = tokio::sync::oneshot::channel();
        let (end, ended) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async move {
                let listen = Some("127.0.0.1:0".parse().unwrap());
                let options = DemoOptions {
                    days: DAYS,
                    speed: None,
                    seed: 1,
                    paced: false,
                    listen,
                    page: None,
                    agents: 25,
                    journal: None,
                };
                let mut lines = Lines(lines);
                let (_, kept) = demo(options, Some(&mut lines)).await.unwrap();
                end.send(()).unwrap();
                drop(close.await);
                drop(kept);
            });
        });
        let mut text = String::new();
        let address = loop {
            text.push_str(&said.recv_timeout(WITHIN).unwrap());
            let found = text.split("metrics at http://").nth(1).and_then(|rest| rest.split_once("/metrics"));
            if let Some((address, _)) = found {
                break address.to_owned();
            }
        };
        // the rest of what it says is of no use here, and is let go with the receiver
        Self { address, _open: open, ended }
    }
}

fn why_absent(expr: &str) -> Option<&'static str> {
    ABSENT.iter().find(|(series, _)| expr.contains(series)).map(|(_, why)| *why)
}

/// What has to return data, of panels and rules.
async fn wanted(prometheus: &Prometheus) -> Vec<Query> {
    let mut wanted = queries();
    let rules = prometheus.rules().await;
    assert!(rules.len() > 30, "Prometheus knows only {} rules", rules.len());
    for rule in rules {
        let place = format!("rule {}", rule["name"].as_str().unwrap());
        wanted.push(Query { place: place.clone(), expr: rule["query"].as_str().unwrap().to_owned() });
        if rule["type"] == "recording" {
            wanted.push(Query { place, expr: rule["name"].as_str().unwrap().to_owned() });
        }
    }
    wanted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_of_every_panel_and_rule_returns_data() {
    let Some(command) = tools::tool("prometheus") else { return };
    drop(rustls::crypto::ring::default_provider().install_default());
    let demo = Demo::begin();
    let prometheus = Prometheus::scraping(command, &demo.address);
    demo.ended.recv_timeout(WITHIN).unwrap();
    let wanted = wanted(&prometheus).await;
    for query in &wanted {
        prometheus.query(&query.expr).await.unwrap_or_else(|error| panic!("{}: {error}", query.place));
    }
    let since = Instant::now();
    let parts = wanted.iter().flat_map(|query| watched(&query.expr).into_iter().map(|part| (&query.place, part)));
    let (absent, mut open): (Vec<_>, Vec<_>) = parts.partition(|(_, part)| why_absent(part).is_some());
    assert!(open.len() > 120, "only {} parts are watched", open.len());
    while !open.is_empty() && since.elapsed() < SCRAPED {
        let mut still = Vec::new();
        for (place, part) in open {
            if prometheus.query(&part).await.unwrap().is_empty() {
                still.push((place, part));
            }
        }
        open = still;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(open.is_empty(), "these return nothing: {open:#?}");
    every_rule_is_well(&prometheus, since).await;
    for (place, part) in absent {
        let found = prometheus.query(&part).await.unwrap();
        assert!(found.is_empty(), "{place}: {part} returns data, although {}", why_absent(&part).unwrap());
    }
}

async fn every_rule_is_well(prometheus: &Prometheus, since: Instant) {
    loop {
        let rules = prometheus.rules().await;
        let sick: Vec<_> = rules.iter().filter(|rule| rule["health"] != "ok").collect();
        if sick.is_empty() {
            return;
        }
        assert!(since.elapsed() < WITHIN, "{sick:#?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}
