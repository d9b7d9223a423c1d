//! The woven script, run by a real shell.

use std::process::{Command, Output};

use super::*;

fn agent() -> AgentWritten {
    AgentWritten {
        wanted: true,
        url: Some("https://lightsout.example".to_owned()),
        binary: Some("/no/such/it's there".to_owned()),
        sha256: Some("0".repeat(64)),
        token_file: Some("/tokens/{name}".to_owned()),
        config: None,
    }
}

fn run(text: &str, arguments: &[&str]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("script.sh");
    std::fs::write(&script, text).unwrap();
    Command::new("bash").arg(script).args(arguments).env("LIGHTSOUT_ROOT", dir.path()).output().unwrap()
}

#[test]
fn a_failing_agent_never_fails_the_instance() {
    let done = run(&woven(&agent(), At::Creation, None).unwrap(), &[]);
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}");
    assert!(told.contains("lightsout-agent setup:"), "it ran: {told}");
}

#[test]
fn the_persons_script_runs_last_with_its_arguments_and_its_code() {
    let own = ScriptPlace::Inline(STANDARD.encode("#!/bin/sh\necho \"mine $1 $2\"\nexit 7\n"));
    let done = run(&woven(&agent(), At::Startup, Some(&own)).unwrap(), &["a b", "c"]);
    assert_eq!((done.status.code(), String::from_utf8_lossy(&done.stdout).trim()), (Some(7), "mine a b c"));
    let gone = ScriptPlace::Share("Users/ada/it's gone.sh".to_owned());
    let done = run(&woven(&agent(), At::Startup, Some(&gone)).unwrap(), &[]);
    assert_eq!(done.status.code(), Some(1), "a script that is not there is not passed over");
    assert!(String::from_utf8_lossy(&done.stderr).contains("it's gone.sh is not on the file share"));
}

#[test]
fn the_agents_arguments_are_those_of_its_setup() {
    let text = woven(&agent(), At::Creation, None).unwrap();
    for words in [
        "install 'LIGHTSOUT_URL=https://lightsout.example'",
        r"'LIGHTSOUT_BINARY=/no/such/it'\''s there'",
        "'LIGHTSOUT_TOKEN_FILE=/tokens/{name}'",
    ] {
        assert!(text.contains(words), "{words}");
    }
    assert!(woven(&agent(), At::Startup, None).unwrap().contains(" check 'LIGHTSOUT_URL="));
    assert!(text.len() < 16 * 1024, "{} bytes", text.len());
    for name in ["LIGHTSOUT_URL", "LIGHTSOUT_BINARY", "LIGHTSOUT_SHA256", "LIGHTSOUT_TOKEN_FILE", "LIGHTSOUT_CONFIG"] {
        assert!(SETUP.contains(&format!("{name}=*")), "the setup takes {name}");
    }
}
