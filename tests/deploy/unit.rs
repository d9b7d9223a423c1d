//! The systemd unit: judged by systemd, and by what it promises.

use std::path::{Path, PathBuf};

use super::tools::tool;
use super::{read, run};

/// The unit with another binary in its ExecStart, so that it can be verified where nothing is installed.
fn unit_in(folder: &Path, change: impl Fn(String) -> String) -> PathBuf {
    let text = read("deploy/lightsout.service").replace("/usr/local/bin/lightsout", env!("CARGO_BIN_EXE_lightsout"));
    let path = folder.join("lightsout.service");
    std::fs::write(&path, change(text)).expect("a scratch folder");
    path
}

#[test]
fn systemd_accepts_the_unit_without_a_word() {
    let Some(mut verify) = tool("systemd-analyze") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let (fine, out, err) = run(verify.args(["verify", "--man=no"]).arg(unit_in(folder.path(), |text| text)));
    assert!(fine && out.is_empty() && err.is_empty(), "{out}{err}");
    // It exits 0 for a misspelt key, so its words are what counts; prove that it has some.
    let Some(mut verify) = tool("systemd-analyze") else {
        return;
    };
    let bad = unit_in(folder.path(), |text| text.replace("MemoryMax=", "MemoryMost="));
    let (_, _, err) = run(verify.args(["verify", "--man=no"]).arg(bad));
    assert!(err.contains("MemoryMost"), "a misspelt key went unseen: {err}");
}

/// Tenths; systemd's own scale is 0.0 (nothing to attack) to 10.0.
const EXPOSURE_MAX: u32 = 15;

#[test]
fn the_unit_leaves_little_to_attack() {
    let Some(mut security) = tool("systemd-analyze") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let unit = unit_in(folder.path(), |text| text);
    let (_, out, err) = run(security.args(["security", "--offline=true", "--no-pager"]).arg(unit));
    let line = out.lines().find(|line| line.contains("Overall exposure level")).unwrap_or_else(|| panic!("{out}{err}"));
    println!("{line}");
    let score = line.split(": ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a score");
    let tenths: u32 = score.replace('.', "").parse().expect("a number");
    assert!(tenths <= EXPOSURE_MAX, "{line}\n{out}");
}

#[test]
fn the_unit_keeps_its_promises() {
    let unit = read("deploy/lightsout.service");
    let promises = [
        "Type=notify",
        "WatchdogSec=90s",
        "ExecReload=/bin/kill -HUP $MAINPID",
        "StateDirectory=lightsout",
        "ConfigurationDirectory=lightsout",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "LimitCORE=0",
        "RestartPreventExitStatus=2",
        "User=lightsout",
    ];
    for promise in promises {
        assert!(unit.lines().any(|line| line == promise), "{promise}");
    }
    assert!(unit.lines().any(|line| line.starts_with("MemoryMax=")), "a limit of memory");
    assert!(unit.lines().any(|line| line.starts_with("SystemCallFilter=")), "a filter of system calls");
}
