//! Not waiting, waiting too short, and Ctrl-C: what Azure took goes on, is told how to be followed, and is settled later.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::process::Command;
use std::sync::Arc;

use jiff::SignedDuration;
use lightsout::sandbox::{RunningClock, wall_now};

use crate::azure::Scene;

const NEW: [&str; 7] = ["create", "ci-new", "-w", "ws-00000", "-s", "Standard_DS3_v2", "--yes"];

/// An Azure in which time does not run fast: what takes minutes is under way for the whole test.
async fn slow() -> Scene {
    Scene::with(1, 1, |options| {
        let start = wall_now().checked_sub(SignedDuration::from_hours(48)).unwrap();
        options.clock = Arc::new(RunningClock::new(start, 1));
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_waited_for_it_is_settled_by_whoever_comes_next() {
    let scene = Scene::new(1, 1).await;
    let said = scene.well(&[&NEW[..], &["--no-wait"]].concat());
    assert!(
        said.out.contains("goes on in Azure") && said.out.contains("instance show ws-00000/ci-new --wait"),
        "{}",
        said.out
    );
    let open = scene.operations().await;
    assert_eq!(open, [("create".to_owned(), "ci-new".to_owned(), None)]);
    let shown = scene.well(&["show", "ws-00000/ci-new", "--wait"]);
    assert!(shown.out.contains("ws-00000/ci-new: Running"), "{}", shown.out);
    scene.well(&["restart", "ci-new"]);
    let ends: Vec<_> = scene.operations().await.into_iter().map(|(verb, _, end)| (verb, end)).collect();
    let done = Some("Done".to_owned());
    assert_eq!(ends, [("create".to_owned(), done.clone()), ("restart".to_owned(), done)], "settled by looking");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_ends_the_waiting_and_not_the_work() {
    let scene = slow().await;
    let child = scene.begun(&NEW);
    scene.until_sent("PUT").await;
    // it is answered, and followed
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let done = child.wait_with_output().unwrap();
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(3), "{out}{}", String::from_utf8_lossy(&done.stderr));
    assert!(out.contains("interrupted: the create goes on in Azure"), "{out}");
    assert!(out.contains("lightsout instance show ws-00000/ci-new --wait"), "{out}");
    let again = scene.run(&["delete", "ws-00000/ci-new", "--yes"]);
    assert!(again.code == 4 && again.out.contains("is under way"), "{}{}", again.out, again.err);
    assert_eq!((scene.writes("PUT"), scene.writes("DELETE")), (1, 0));
    assert_eq!(scene.operations().await, [("create".to_owned(), "ci-new".to_owned(), None)], "it is open still");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_is_bounded() {
    let scene = slow().await;
    let said = scene.run(&["restart", "ci-00000-00000", "--timeout", "1s"]);
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.out.contains("not seen to its end in time: the restart goes on"), "{}", said.out);
    let stop = scene.run(&["show", "ci-00000-00000", "--wait", "--timeout", "1s"]);
    assert_eq!(stop.code, 3, "{}{}", stop.out, stop.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_that_fails_in_azure_is_seen_to_fail() {
    let scene = Scene::with(1, 1, |options| {
        options.faults = vec!["stop => operation-fails".parse().unwrap()];
    })
    .await;
    let said = scene.run(&["stop", "ci-00000-00000", "--timeout", "10m"]);
    assert_eq!(said.code, 4, "{}{}", said.out, said.err);
    for words in ["the stop failed", "operation_failed", "it goes on costing"] {
        assert!(said.out.contains(words), "{words} in\n{}", said.out);
    }
    assert!(!said.out.contains("goes on in Azure"), "{}", said.out);
    // nothing is left open: the next command is not refused for it
    let again = scene.well(&["restart", "ci-00000-00000"]);
    assert!(again.out.contains("restarted after"), "{}", again.out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_that_nobody_waited_for_is_settled_by_the_next_command() {
    let scene = Scene::new(1, 1).await;
    scene.well(&["stop", "ci-00000-00000", "--no-wait"]);
    // an answer to it is no more there for another process: what the instance shows decides
    scene.well(&["show", "ci-00000-00000", "--wait"]);
    let next = scene.well(&["start", "ci-00000-00000"]);
    assert!(next.out.contains("started after"), "{}{}", next.out, next.err);
}

/// What is being sent is sent to its answer; what comes after it is not begun. The second Ctrl-C does not wait for the answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_while_sending_stops_after_that_one_and_the_second_at_once() {
    for presses in [1, 2] {
        let scene = Scene::with(1, 2, |options| {
            options.faults = vec!["restart => delay:4000".parse().unwrap()];
        })
        .await;
        let child = scene.begun(&["restart", "ci-00000-00000", "ci-00000-00001"]);
        // looked at before it is written down, and again right before it is sent
        let looks = || {
            let all = scene.sandbox.recorder().recent();
            all.iter().filter(|one| one.method == "GET" && one.path.ends_with("/computes/ci-00000-00000")).count()
        };
        while looks() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        for _ in 0..presses {
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
            assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        }
        let done = child.wait_with_output().unwrap();
        let (out, err) =
            (String::from_utf8_lossy(&done.stdout).into_owned(), String::from_utf8_lossy(&done.stderr).into_owned());
        assert_eq!(done.status.code(), Some(4), "the second was refused: {out}{err}");
        assert!(err.contains("stopping after this one"), "{err}");
        assert!(out.contains("ws-00000/ci-00000-00001: interrupted before it was sent"), "{out}");
        let own =
            if presses == 1 { "interrupted: the restart goes on in Azure" } else { "the restart may have arrived" };
        assert!(out.contains(own), "{presses}: {out}");
        let rows = scene.operations().await;
        assert_eq!(
            rows,
            [("restart".to_owned(), "ci-00000-00000".to_owned(), None)],
            "it is open, and settled by looking"
        );
    }
}
