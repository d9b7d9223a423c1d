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

/// The sweep's unit and its timer, verified together: the timer names the unit.
#[test]
fn systemd_accepts_the_sweep_and_its_timer_without_a_word() {
    let Some(mut verify) = tool("systemd-analyze") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    for name in ["lightsout-sweep.service", "lightsout-sweep.timer"] {
        let text = read(&format!("deploy/{name}")).replace("/usr/local/bin/lightsout", env!("CARGO_BIN_EXE_lightsout"));
        std::fs::write(folder.path().join(name), text).expect("a scratch folder");
    }
    let timer = folder.path().join("lightsout-sweep.timer");
    let (fine, out, err) = run(verify.args(["verify", "--man=no"]).arg(&timer));
    assert!(fine && out.is_empty() && err.is_empty(), "{out}{err}");
    // It exits 0 for a misspelt key, so its words are what counts; prove that it has some.
    let bad =
        std::fs::read_to_string(&timer).expect("it is there").replace("OnCalendar=*", "OnCalendar=hourly-or-so *");
    std::fs::write(&timer, bad).expect("a scratch folder");
    let Some(mut verify) = tool("systemd-analyze") else {
        return;
    };
    let (_, _, err) = run(verify.args(["verify", "--man=no"]).arg(&timer));
    assert!(err.contains("hourly-or-so"), "a time that is none went unseen: {err}");
}

/// A sweep may do no more than the service may.
#[test]
fn the_sweep_is_held_to_what_the_service_is() {
    let lines = |path: &str| -> Vec<String> {
        let text = read(path);
        let part = text.split("# Who it is").nth(1).expect("who it is").to_owned();
        let kept = part.split("[Install]").next().expect("a part").lines();
        kept.filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
    };
    assert_eq!(lines("deploy/lightsout-sweep.service"), lines("deploy/lightsout.service"));
}

/// The template for several replicas on one machine: settings and folder are each one's own, and nothing else differs.
#[test]
fn systemd_accepts_the_template_and_it_is_held_to_what_the_service_is() {
    let text = read("deploy/lightsout@.service");
    let keys = |text: &str| -> Vec<String> {
        let kept = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("Description="));
        kept.filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
    };
    let single = text
        .replace("--config /etc/lightsout/%i.toml", "--config /etc/lightsout/lightsout.toml")
        .replace("StateDirectory=lightsout/%i\n", "StateDirectory=lightsout\n");
    assert_eq!(keys(&single), keys(&read("deploy/lightsout.service")));
    let Some(mut verify) = tool("systemd-analyze") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().join("lightsout@a.service");
    std::fs::write(&path, text.replace("/usr/local/bin/lightsout", env!("CARGO_BIN_EXE_lightsout")))
        .expect("a scratch folder");
    let (fine, out, err) = run(verify.args(["verify", "--man=no"]).arg(path));
    assert!(fine && out.is_empty() && err.is_empty(), "{out}{err}");
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
