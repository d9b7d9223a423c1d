//! Ended, or refused by the disk, at the very calls by which data leaves the process: a library that is loaded before the C
//! library does both, so that the program under test is the one that is shipped and knows nothing of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use crate::estate::Estate;
use crate::program::{Place, Said};
use crate::{NAME, due, ends_well};

/// Every call of a sweep that stops a machine is a point, about sixty of them, in four parts that run side by side.
const PARTS: u64 = 4;

fn built(into: &Path) -> PathBuf {
    let library = into.join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/shim.c");
    let mut build = std::process::Command::new("cc");
    let built = build.args(["-O1", "-shared", "-fPIC", "-o"]).args([&library, &source]).status().unwrap();
    assert!(built.success());
    library
}

fn sweep(place: &Place, library: &Path, variable: (&str, &str)) -> Said {
    Said::of(place.command(&["sweep"]).env("LD_PRELOAD", library).env(variable.0, variable.1))
}

/// How many calls a sweep makes that is left alone.
async fn calls(library: &Path) -> u64 {
    let (_estate, place) = due().await;
    let count = place.path("count");
    assert_eq!(sweep(&place, library, ("SHIM_COUNT", count.to_str().unwrap())).code, 0);
    std::fs::read_to_string(count).unwrap().parse().unwrap()
}

/// Whatever happened: at most one stop, and either it ends well or, where an intent lies on the disk and nobody can know whether
/// its stop was sent, nothing is sent blindly. True for the latter.
fn is_settled(estate: &Estate, place: &Place, what: &str) -> bool {
    let sent = estate.stops_of(NAME).0;
    assert!(sent <= 1, "{what}: {sent} stops");
    let told = place.run(&["explain", NAME, "--json"]);
    if sent == 0 && told.out.contains("stop_under_way") {
        assert_eq!(place.run(&["sweep"]).code, 0, "{what}");
        assert_eq!((estate.stops_of(NAME), place.run(&["ledger", "verify"]).code), ((0, 0), 0), "{what}");
        return true;
    }
    ends_well(estate, place, what);
    false
}

async fn killed_at_every_fourth_from(part: u64) {
    let dir = tempfile::tempdir().unwrap();
    let library = built(dir.path());
    let count = calls(&library).await;
    assert!(count >= 40, "only {count} calls are counted");
    let (mut labels, mut in_doubt) = (Vec::new(), 0);
    for point in (1..=count).filter(|point| point % PARTS == part) {
        let (estate, place) = due().await;
        let said = sweep(&place, &library, ("SHIM_KILL", &point.to_string()));
        let Some(label) = said.err.lines().find_map(|line| line.strip_prefix("shim: killed at ")) else {
            assert_eq!(said.code, 0, "it made fewer calls than before: {}{}", said.out, said.err);
            continue;
        };
        assert_eq!(said.code, -1, "{label}");
        labels.push(label.to_owned());
        in_doubt += usize::from(is_settled(&estate, &place, label));
    }
    assert!(labels.len() >= 8, "killed at {labels:?}");
    assert!(in_doubt <= 4, "in doubt {in_doubt} times, killed at {labels:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_killed_at_any_call_first_quarter() {
    killed_at_every_fourth_from(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_killed_at_any_call_second_quarter() {
    killed_at_every_fourth_from(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_killed_at_any_call_third_quarter() {
    killed_at_every_fourth_from(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l5_killed_at_any_call_fourth_quarter() {
    killed_at_every_fourth_from(3).await;
}

/// A disk that is full from some write on (ENOSPC, 28), a file system that became read-only (EROFS, 30), and a journal that
/// another program holds (EAGAIN, 11): what cannot be written down is said and not acted on, and it passes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f40_full_read_only_and_locked_nothing_is_sent_that_was_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let library = built(dir.path());
    for (fail, words) in [
        ("write:1:28", ["disk", "space"]),
        ("write:3:28", ["disk", "space"]),
        ("write:9:28", ["disk", "space"]),
        ("open:1:30", ["opened", "read-only"]),
        ("lock:1:11", ["lock", "in time"]),
    ] {
        let (estate, place) = due().await;
        let said = sweep(&place, &library, ("SHIM_FAIL", fail));
        let text = format!("{}{}", said.out, said.err).to_lowercase();
        assert!(said.code != 0 || estate.stops_of(NAME) == (1, 1), "{fail}: nothing was said: {text}");
        assert!(said.code == 0 || words.iter().any(|word| text.contains(word)), "{fail}: {text}");
        is_settled(&estate, &place, fail);
    }
}
