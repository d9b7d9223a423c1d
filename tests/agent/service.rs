//! The agent's systemd unit, judged by systemd and by what it promises.

use crate::tools::tool;

const UNIT: &str = include_str!("../../deploy/agent/lightsout-agent.service");

#[test]
fn systemd_accepts_the_unit_without_a_word() {
    for (change, word) in [("MemoryMax=", None), ("MemoryMost=", Some("MemoryMost"))] {
        let Some(mut verify) = tool("systemd-analyze") else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lightsout-agent.service");
        let text =
            UNIT.replace("/usr/local/bin/lightsout", env!("CARGO_BIN_EXE_lightsout")).replace("MemoryMax=", change);
        std::fs::write(&file, text).unwrap();
        let done = verify.args(["verify", "--man=no"]).arg(file).output().unwrap();
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        match word {
            None => assert!(done.status.success() && said.is_empty(), "{said}"),
            Some(word) => assert!(said.contains(word), "a misspelt key went unseen: {said}"),
        }
    }
}

#[test]
fn the_unit_keeps_its_promises() {
    for promise in [
        "Type=notify",
        "ExecStart=/usr/local/bin/lightsout agent run",
        "Restart=always",
        "RestartPreventExitStatus=2",
        "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "EnvironmentFile=-/etc/lightsout-agent/identity.env",
        "StateDirectory=lightsout-agent",
        "RuntimeDirectory=lightsout-agent",
        "LimitCORE=0",
    ] {
        assert!(UNIT.lines().any(|line| line == promise), "{promise}");
    }
    assert!(!UNIT.contains("PrivateDevices=yes"), "terminals and cards are devices");
    assert!(!UNIT.contains("ProtectProc="), "others' processes are what it looks at");
}

#[test]
fn the_binary_prints_the_unit_that_belongs_to_it() {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_lightsout")).args(["agent", "unit"]).output().unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), UNIT);
}
