//! Policies that change under the running service, and its signals.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be signalled fails the test")]

use rustix::process::{Pid, Signal, kill_process};

use crate::asked::{at_once, ready, site, sweep};
use crate::service::{Service, until};

fn signal(service: &Service, signal: Signal) {
    let id = Pid::from_raw(service.child.id().try_into().unwrap()).unwrap();
    kill_process(id, signal).unwrap();
}

fn reloaded(service: &Service) -> bool {
    service.get("/metrics").contains("lightsout_policy_reload_success 1")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s10_an_invalid_edit_is_told_and_the_policies_before_stay_at_work() {
    let (estate, place) = site(1, "observe").await;
    let service = ready(&place);
    until("the first load in /metrics", || reloaded(&service).then_some(()));
    let good = at_once("observe");
    place.write("policies/night.toml", &good.replace("\"observe\"", "\"enfroce\""));
    until("the failed load in /metrics", || {
        service.get("/metrics").contains("lightsout_policy_reload_success 0").then_some(())
    });
    let status = place.run(&["status"]);
    for words in ["those before are at work", "policies/night.toml:2:8: mode", "enfroce", "observe"] {
        assert!(status.code == 0 && status.out.contains(words), "{words} in {}{}", status.out, status.err);
    }
    sweep(&service);
    assert_eq!(estate.stops_of("ci-00000-00000"), (0, 0), "it observes still");
    assert!(service.log().contains("the new policies are not used"), "{}", service.log());
    assert!(place.run(&["plan"]).out.contains("night (observe)"));

    // Nobody acknowledges an edit that the service does not go by.
    place.write("policies/other.toml", "mode = 3\n");
    place.write("policies/night.toml", &at_once("enforce"));
    let early = place.run(&["ack", "night"]);
    assert!(early.code != 0 && early.err.contains("has not taken it over"), "{}{}", early.out, early.err);
    std::fs::remove_file(place.path("policies/other.toml")).unwrap();
    // A changed policy is tried on a few first (G19): of one instance none, until someone says yes. Whoever says it right
    // after the edit means the edit.
    let acknowledged = place.run(&["ack", "night"]);
    assert_eq!(acknowledged.code, 0, "{}{}", acknowledged.out, acknowledged.err);
    until("the stop under the new policy", || (estate.stops_of("ci-00000-00000") == (1, 1)).then_some(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s17_started_with_a_broken_policy_it_says_that_nobody_governs_what_it_covers() {
    let (estate, place) = site(1, "enforce").await;
    place.write("policies/night.toml", &at_once("enfroce"));
    let service = Service::start(&place, &[]);
    until("a sweep", || service.get("/metrics").contains("lightsout_policy_reload_success 0").then_some(()));
    let status = until("the status", || Some(place.run(&["status"])).filter(|status| status.out.contains("enfroce")));
    assert!(status.out.contains("broken policies stop nothing"), "{}", status.out);
    assert!(!status.out.contains("those before are at work"), "there are none: {}", status.out);
    assert!(service.log().contains("some policies are broken"), "{}", service.log());
    sweep(&service);
    assert_eq!(estate.stops_of("ci-00000-00000"), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sighup_loads_and_sigterm_drains() {
    let (_estate, place) = site(1, "observe").await;
    let mut service = ready(&place);
    let loaded = |service: &Service| {
        let page = service.get("/metrics");
        let line = page.lines().find(|line| line.starts_with("lightsout_policy_reload_timestamp_seconds "));
        line.map(str::to_owned)
    };
    let before = until("the time of the first load", || loaded(&service));
    signal(&service, Signal::HUP);
    until("a newer load", || loaded(&service).filter(|now| *now != before));
    signal(&service, Signal::TERM);
    let status = service.ended();
    assert_eq!(status.code(), Some(0), "{}", service.log());
    let gone = place.run(&["status"]);
    assert!(gone.code == 1 && gone.out.contains("no service is running"), "{}{}", gone.out, gone.err);
    drop(ready(&place));
}
