//! Microsoft's own Python client lists, reads and stops in the sandbox: what it cannot use is not Azure.
#![expect(clippy::unwrap_used, reason = "helpers of a test; `allow-unwrap-in-tests` covers only the test itself")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use jiff::Timestamp;
use lightsout::sandbox::{DEMO_SUBSCRIPTIONS, LroStyle, RunningClock, Sandbox, SandboxOptions, State, demo};
use serde_json::Value;

const CLIENT: &str = "azure-mgmt-machinelearningservices==2.0.0b2";

/// The interpreter of an environment that has the client; made once, below `target`, and used again.
fn python() -> PathBuf {
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/microsoft-venv");
    let python = home.join("bin/python");
    let has_client = || {
        let import = ["-c", "import azure.mgmt.machinelearningservices"];
        Command::new(&python).args(import).output().is_ok_and(|ran| ran.status.success())
    };
    if !has_client() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&home).status().unwrap();
        assert!(made.success(), "could not make {}; is python3-venv installed?", home.display());
        let install = ["-m", "pip", "install", "--quiet", "--pre", CLIENT];
        let installed = Command::new(&python).args(install).status().unwrap();
        assert!(installed.success(), "could not install {CLIENT}");
    }
    python
}

/// Runs the client against a sandbox, and returns what it saw.
async fn drive(lro: LroStyle) -> (Value, u64) {
    let morning: Timestamp = "2026-11-02T10:30:00Z".parse().unwrap();
    // A simulated minute passes in a tenth of a second, so that a stop ends while the client polls.
    let clock = Arc::new(RunningClock::new(morning, 600));
    let mut world = demo(1, morning);
    for instance in world.workspaces.iter_mut().flat_map(|workspace| &mut workspace.instances) {
        // Nobody is at work, so that nobody starts again what the client stops.
        instance.habits = None;
        instance.schedules.clear();
        instance.idle_minutes = None;
        instance.state = State::Running;
    }
    let mut options = SandboxOptions::new(world, clock);
    options.static_token = Some("x".into());
    options.page_size = 4;
    options.poll_after = 0;
    options.lro = lro;
    let sandbox = Sandbox::start(options).await.unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/microsoft/client.py");
    let mut command = Command::new(python());
    command.arg(script).arg(sandbox.base_url()).arg(DEMO_SUBSCRIPTIONS[0]);
    command.args(["rg-vision", "vision-madrid"]).env("NO_PROXY", "*");
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}");
    let stops = sandbox.recorder().count("stop");
    sandbox.shutdown().await;
    (serde_json::from_slice(&ran.stdout).unwrap(), stops)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_lists_reads_and_stops_by_every_style_of_headers() {
    for lro in [LroStyle::AsyncOperation, LroStyle::Location, LroStyle::Both] {
        let (seen, stops) = drive(lro).await;
        assert_eq!(seen["workspaces"], serde_json::json!(["vision-madrid", "nlp-newyork"]));
        assert_eq!(seen["pages"], serde_json::json!([4, 4, 4, 3]));
        assert_eq!(seen["names"].as_array().unwrap().len(), 15);
        assert_eq!(seen["types"], serde_json::json!(["AmlCompute", "ComputeInstance"]));
        assert_eq!(seen["before"], "Running");
        assert!(seen["vm_size"].as_str().unwrap().starts_with("STANDARD_"));
        assert!(seen["owner"].as_str().unwrap().ends_with("@contoso.example"));
        assert_eq!(seen["stopped"], serde_json::json!(["Stopped", "Stopped", "Stopped"]), "{lro:?}");
        assert_eq!(stops, 3);
    }
}
