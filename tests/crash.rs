//! Killed between intent and outcome, at each labelled point, and started again: one stop, settled by looking (L5, I4).
#![cfg(debug_assertions)]

#[path = "support/allowed.rs"]
mod allowed;
#[path = "support/estate.rs"]
mod estate;
#[path = "support/program.rs"]
mod program;
#[path = "support/service.rs"]
mod service;

use std::os::unix::process::ExitStatusExt as _;

use estate::Estate;
use program::{Place, off_now};
use service::{Service, until};

const NAME: &str = "ci-00000-00000";

/// An Azure with one machine that is due, and a service that was killed at the point.
async fn killed_at(point: &str) -> (Estate, Place) {
    let estate = Estate::start(1, 1, |_| {}).await;
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "");
    let policy = off_now("enforce", "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n");
    place.write("policies/night.toml", &policy);
    let mut service = Service::start(&place, &[("LIGHTSOUT_TEST_CRASH_AT", point)]);
    assert_eq!(service.ended().signal(), Some(9), "{point}: {}", service.log());
    (estate, place)
}

async fn is_stopped_once(point: &str) {
    let (estate, place) = killed_at(point).await;
    assert_eq!(estate.stops_of(NAME), (1, 1), "{point}");
    let service = Service::start(&place, &[]);
    until("readiness", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
    estate.let_operations_end();
    let verified = "lightsout_stops_verified_total{result=\"stopped\"} 1";
    until("the end of the stop in /metrics", || service.get("/metrics").contains(verified).then_some(()));
    assert_eq!(estate.stops_of(NAME), (1, 1), "{point}: {}", service.log());
    let told = place.run(&["explain", NAME]);
    assert!(told.code == 0 && told.out.contains("it is off"), "{}{}", told.out, told.err);
    // no row lost and none doubled: one run, up to the stop, and its claim is open
    let whole = place.run(&["ledger", "verify", "--json"]);
    assert_eq!(whole.code, 0, "{}{}", whole.out, whole.err);
    assert!(whole.out.contains("\"rows\": 1") && whole.out.contains("\"instances\": 1"), "{}", whole.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_killed_after_the_answer_it_is_stopped_once() {
    is_stopped_once("posted").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_killed_after_the_record_it_is_stopped_once() {
    is_stopped_once("sent").await;
}

/// Nothing was sent; until that is certain nothing is sent either, and the journal knows why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_killed_before_the_post_it_is_not_repeated_blindly() {
    let (estate, place) = killed_at("intended").await;
    assert_eq!(estate.stops_of(NAME), (0, 0));
    let service = Service::start(&place, &[]);
    let sweeps = |most: u64| {
        let page = service.get("/metrics");
        let line = page.lines().find_map(|line| line.strip_prefix("lightsout_sweeps_total "))?;
        line.trim().parse::<u64>().ok().filter(|count| *count >= most)
    };
    until("three sweeps", || sweeps(3));
    assert_eq!(estate.stops_of(NAME), (0, 0), "{}", service.log());
    let told = place.run(&["explain", NAME, "--json"]);
    assert!(told.code == 0 && told.out.contains("stop_under_way"), "{}{}", told.out, told.err);
}
