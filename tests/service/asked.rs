//! What people ask of the service while it runs: status, explain, hold, freeze; and that there is one service only.

use serde_json::Value;

use crate::estate::Estate;
use crate::program::{Place, off_now};
use crate::service::{Service, until};

/// An Azure, and a place that looks at it. The policy stops at once.
pub(super) async fn site(instances: usize, mode: &str) -> (Estate, Place) {
    let estate = Estate::start(1, instances, |_| {}).await;
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "");
    place.write("policies/night.toml", &at_once(mode));
    (estate, place)
}

/// A policy under which everything is off now, without a warning.
pub(super) fn at_once(mode: &str) -> String {
    off_now(mode, "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n")
}

/// A service that is ready.
pub(super) fn ready(place: &Place) -> Service {
    let service = Service::start(place, &[]);
    until("readiness", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
    service
}

/// Asks the service for one sweep more and waits until it has ended.
pub(super) fn sweep(service: &Service) {
    let count = || {
        let page = service.get("/metrics");
        let line = page.lines().find_map(|line| line.strip_prefix("lightsout_sweeps_total "))?;
        line.trim().parse::<u64>().ok()
    };
    let before = until("a count of sweeps", count);
    until("two more sweeps", || count().filter(|now| *now >= before + 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g12_a_freeze_and_a_hold_bind_the_running_service() {
    let (estate, place) = site(2, "enforce").await;
    std::fs::create_dir(place.path("store")).unwrap();
    assert_eq!(place.run(&["freeze", "--reason", "an incident"]).code, 0);
    let service = ready(&place);
    sweep(&service);
    let page = service.get("/metrics");
    assert!(page.contains("lightsout_frozen 1"), "{page}");
    let status = place.run(&["status"]);
    assert!(status.code == 0 && status.out.contains("an incident"), "{}{}", status.out, status.err);
    let held = place.run(&["hold", "ci-00000-00000", "--for", "2h", "--reason", "thesis", "--json"]);
    let held: Value = serde_json::from_str(&held.out).unwrap();
    assert_eq!(held["by"], "ada");
    let declined = place.run(&["hold", "ci-00000-00001", "--for", "13h", "--reason", "thesis"]);
    assert!(declined.code == 1 && declined.err.contains("lasts at most 12h"), "{}", declined.err);
    let told = place.run(&["explain", "ci-00000-00000"]);
    assert!(told.code == 0 && told.out.contains("thesis"), "{}{}", told.out, told.err);
    assert_eq!((estate.stops_of("ci-00000-00000"), estate.stops_of("ci-00000-00001")), ((0, 0), (0, 0)));

    let lifted = place.run(&["freeze", "--lift"]);
    assert_eq!(lifted.code, 0, "{}", lifted.err);
    until("the stop of what is not held", || (estate.stops_of("ci-00000-00001") == (1, 1)).then_some(()));
    estate.let_operations_end();
    let verified = "lightsout_stops_verified_total{result=\"stopped\"} 1";
    until("its end in /metrics", || service.get("/metrics").contains(verified).then_some(()));
    assert_eq!(estate.stops_of("ci-00000-00000"), (0, 0), "G13: a hold wins");
    let json = place.run(&["status", "--json"]);
    let view: Value = serde_json::from_str(&json.out).unwrap();
    assert!(view["workspaces"].is_object() && view["policies"].is_array(), "{view:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l1_a_second_service_on_the_same_journal_is_refused() {
    let (_estate, place) = site(1, "observe").await;
    let service = ready(&place);
    let second = place.run(&["run"]);
    assert_ne!(second.code, 0);
    let words = format!("is in use by process {}", service.child.id());
    assert!(second.err.contains(&words), "{words} in {}", second.err);
    assert_eq!(place.run(&["status"]).code, 0, "the first goes on, and its socket is still there");
}
