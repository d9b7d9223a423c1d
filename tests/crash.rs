//! Killed between intent and outcome, at each labelled point, and started again: one stop, settled by looking (L5, I4).
#![cfg(debug_assertions)]

#[path = "support/allowed.rs"]
mod allowed;
#[path = "crash/calls.rs"]
mod calls;
#[path = "support/estate.rs"]
mod estate;
#[path = "support/program.rs"]
mod program;
#[path = "support/service.rs"]
mod service;

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::time::Duration;

use estate::Estate;
use program::{Place, Said, off_now};
use service::{Service, until};

const NAME: &str = "ci-00000-00000";

/// An Azure with one machine that is due, and was seen running for longer than a second.
///
/// The ledger counts whole seconds: a machine that is seen on and off within one has no row. So a frozen sweep looks first.
async fn due() -> (Estate, Place) {
    let estate = Estate::start(1, 1, |_| {}).await;
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), "");
    let policy = off_now("enforce", "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n");
    place.write("policies/night.toml", &policy);
    assert_eq!(place.run(&["freeze"]).code, 0);
    assert_eq!(place.run(&["sweep"]).code, 0);
    std::thread::sleep(Duration::from_millis(1_100));
    assert_eq!(place.run(&["freeze", "--lift"]).code, 0);
    (estate, place)
}

/// The same, and a service that was killed at the point.
async fn killed_at(point: &str) -> (Estate, Place) {
    let (estate, place) = due().await;
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

/// Killed around the transaction that a sweep writes, in which meters turn: nothing was sent, and it starts as if anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_killed_around_the_record_of_a_sweep_nothing_is_lost_or_doubled() {
    for point in ["recording", "recorded"] {
        let (estate, place) = killed_at(point).await;
        assert_eq!(estate.stops_of(NAME), (0, 0), "{point}");
        ends_well(&estate, &place, point);
    }
}

/// Sweeps until it is off: stopped once, and metered as one run.
fn ends_well(estate: &Estate, place: &Place, what: &str) {
    for half in ["stop", "settle"] {
        let sweep = place.run(&["sweep"]);
        assert_eq!(sweep.code, 0, "{half}: {what}: {}{}", sweep.out, sweep.err);
        assert_eq!(estate.stops_of(NAME), (1, 1), "{half}: {what}: {}{}", sweep.out, sweep.err);
        if half == "stop" {
            estate.let_operations_end();
        }
    }
    let whole = place.run(&["ledger", "verify", "--json"]);
    assert_eq!(whole.code, 0, "{what}: {}{}", whole.out, whole.err);
    assert!(whole.out.contains("\"rows\": 1") && whole.out.contains("\"instances\": 1"), "{what}: {}", whole.out);
}

/// A C library that is loaded before the C library: after so many calls that bring data to the disk, each fails.
const FAILING_SYNC: &str = "
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
static int call(long number, int file) {
    static long left = -1;
    if (left < 0) left = atol(getenv(\"LIGHTSOUT_TEST_SYNCS\"));
    if (left == 0) { errno = EIO; return -1; }
    left--;
    return syscall(number, file);
}
int fsync(int file) { return call(SYS_fsync, file); }
int fdatasync(int file) { return call(SYS_fdatasync, file); }
";

/// Fault 40: a disk that says it could not keep what it was given. What could not be written down is told and not acted on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f40_a_disk_that_fails_to_keep_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (source, library) = (dir.path().join("sync.c"), dir.path().join("sync.so"));
    std::fs::write(&source, FAILING_SYNC).unwrap();
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status().unwrap();
    assert!(built.success());
    let (mut failed, mut well, mut in_doubt) = (0, 0, 0);
    for syncs in [0, 1, 2, 3, 4, 6, 60] {
        let (estate, place) = due().await;
        let mut sweep = place.command(&["sweep"]);
        sweep.env("LD_PRELOAD", &library).env("LIGHTSOUT_TEST_SYNCS", syncs.to_string());
        let said = Said::of(&mut sweep);
        if said.code == 0 {
            well += 1;
        } else {
            failed += 1;
            let words = format!("{}{}", said.out, said.err);
            assert!(words.contains("disk") || words.contains("Input/output error"), "{syncs}: {words}");
        }
        let sent = estate.stops_of(NAME).0;
        assert!(sent <= 1, "{syncs}");
        // an intent may lie on the disk although the disk denied it: whether its stop was sent, the next process cannot know
        let told = place.run(&["explain", NAME, "--json"]);
        assert_eq!(told.code, 0, "{}{}", told.out, told.err);
        if sent == 0 && told.out.contains("stop_under_way") {
            in_doubt += 1;
            assert_eq!(place.run(&["sweep"]).code, 0);
            assert_eq!((estate.stops_of(NAME), place.run(&["ledger", "verify"]).code), ((0, 0), 0));
        } else {
            ends_well(&estate, &place, &format!("{syncs} syncs, then {}{}", said.out, said.err));
        }
    }
    assert!(failed >= 3 && well >= 1 && in_doubt <= 2, "{failed} failed, {well} went well, {in_doubt} in doubt");
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
