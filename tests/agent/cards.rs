//! A pretended `nvidia-smi`, as several versions of its driver speak, fail and hang.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use lightsout::agent::judge::Found;
use lightsout::heartbeat::{Kind, Signal};

use crate::mirror::{Child, Mirror, rules, wait_for};

/// What the signal says where `nvidia-smi` is this script: `$1` is the query.
fn says(script: &str, devices: &[&str], patience: &str) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("nvidia-smi");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    // While another thread forks, the file that was just written may still be open for writing there, and is not run.
    wait_for("a script that can be run", || {
        let spawned = Command::new(&program).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        spawned.ok().map(|child| drop(Child(child)))
    });
    let rules = rules(&format!("[jupyter]\nurls = []\n[gpu]\nnvidia_smi = {program:?}\ntimeout = {patience:?}"));
    let mut mirror = Mirror::new(rules, vec![std::process::id()]);
    for device in devices {
        std::fs::write(mirror.path(&format!("dev/{device}")), "").unwrap();
    }
    mirror.look(&Signal::Gpu)
}

/// A script that answers the two queries.
fn answers(cards: &str, holders: &str) -> String {
    format!("case $1 in --query-gpu=*) printf '{cards}' ;; --query-compute-apps=*) printf '{holders}' ;; esac")
}

#[test]
fn cards_that_work_idle_or_are_divided() {
    let me = std::process::id();
    for (cards, holders, kind, words) in [
        ("0, 97, [N/A]\\n", String::new(), Kind::Busy, "GPU 0 is used to 97 %%"),
        ("0, 0, Disabled\\n1, 0, Disabled\\n", String::new(), Kind::Quiet, "GPU 0 is used to 0 %%, and 1 more"),
        ("0, 0 %%, N/A\\n", format!("{me}\\n"), Kind::Connected, "holds a GPU and does not use it"),
        ("0, [N/A], Enabled\\n", String::new(), Kind::Quiet, "nobody holds GPU 0"),
        ("0, [N/A], Enabled\\n", "4194303\\n".to_owned(), Kind::Unknown, "MIG has no figure of use"),
        ("0, [Unknown Error], [N/A]\\n", String::new(), Kind::Unknown, "reports an error"),
        ("", String::new(), Kind::Unknown, "lists no card"),
    ] {
        let found = says(&answers(cards, &holders), &["nvidia0"], "1m");
        assert_eq!(found.kind, kind, "{cards}: {}", found.words);
        assert!(found.words.contains(&words.replace("%%", "%")), "{}", found.words);
    }
}

#[test]
fn a_driver_from_before_mig_is_asked_again() {
    let script = "case $1 in *mig*) echo 'Field \"mig.mode.current\" is not a valid field to query.'; exit 2 ;; \
                  --query-gpu=*) echo '0, 42' ;; esac";
    assert_eq!(says(script, &["nvidia0"], "1m").words, "GPU 0 is used to 42 %");
}

#[test]
fn a_driver_that_fails_or_hangs_is_unknown_and_a_machine_without_cards_is_quiet() {
    let broken = "echo \"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\"; exit 9";
    // each is the script's own process, which ends with it: a child of it would go on for ever
    for (script, words) in [("exec sleep 600", "did not answer within 2 s"), ("exec yes", "nvidia-smi")] {
        let found = says(script, &["nvidia0"], "2s");
        assert_eq!(found.kind, Kind::Unknown, "{script}: {}", found.words);
        assert!(found.words.contains(words), "{script}: {}", found.words);
    }
    for (script, words) in [
        (broken, "nvidia-smi failed: NVIDIA-SMI has failed because"),
        ("echo 'Failed to initialize NVML: Driver/library version mismatch' >&2; exit 18", "version mismatch"),
    ] {
        let found = says(script, &["nvidia0"], "1m");
        assert_eq!(found.kind, Kind::Unknown, "{script}: {}", found.words);
        assert!(found.words.contains(words), "{script}: {}", found.words);
    }
    assert_eq!(says(broken, &["nvidiactl"], "1m").kind, Kind::Quiet, "no card, whatever the program says");
    let rules = rules("[jupyter]\nurls = []\n[gpu]\nnvidia_smi = \"/nowhere/nvidia-smi\"");
    let mut mirror = Mirror::new(rules, vec![std::process::id()]);
    std::fs::write(mirror.path("dev/nvidia3"), "").unwrap();
    let found = mirror.look(&Signal::Gpu);
    assert_eq!(found.kind, Kind::Unknown);
    assert!(found.words.contains("could not run /nowhere/nvidia-smi"), "{}", found.words);
}
