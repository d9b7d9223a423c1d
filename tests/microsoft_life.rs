//! Microsoft's own clients make, show, stop, start, restart and delete instances in the sandbox; what they send is kept in files.
//!
//! `tests/fixtures/microsoft/create_*.json` are the bodies that `azure-ai-ml` and, for inline scripts, which its entities
//! cannot write, `azure-mgmt-machinelearningservices` send for a PUT. `LIGHTSOUT_BLESS=1` writes them anew.
#![expect(clippy::unwrap_used, reason = "helpers of a test; `allow-unwrap-in-tests` covers only the test itself")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use jiff::Timestamp;
use lightsout::sandbox::{DEMO_SUBSCRIPTIONS, LroStyle, RunningClock, Sandbox, SandboxOptions, State, demo};
use serde_json::{Value, json};

#[path = "support/tools.rs"]
mod tools;

const GROUP: &str = "rg-vision";
const WORKSPACE: &str = "vision-madrid";

/// A command for the interpreter that has both clients.
fn python(module: &str) -> Option<Command> {
    let mut looks = tools::tool("python")?;
    let found = looks.args(["-c", &format!("import {module}")]).output().is_ok_and(|ran| ran.status.success());
    // without the environment of the project, any other interpreter is no tool
    if found { tools::tool("python") } else { tools::tool(&format!("python with {module}")) }
}

/// A sandbox in which nobody lives and a minute passes in a tenth of a second.
async fn sandbox(tls: &Path) -> Sandbox {
    let morning: Timestamp = "2026-11-02T10:30:00Z".parse().unwrap();
    let mut world = demo(1, morning);
    for instance in world.workspaces.iter_mut().flat_map(|workspace| &mut workspace.instances) {
        instance.habits = None;
        instance.schedules.clear();
        instance.idle_minutes = None;
        instance.state = State::Stopped;
    }
    let mut options = SandboxOptions::new(world, Arc::new(RunningClock::new(morning, 600)));
    options.static_token = Some("x".into());
    options.poll_after = 0;
    options.lro = LroStyle::Both;
    options.tls_dir = Some(tls.to_owned());
    Sandbox::start(options).await.unwrap()
}

/// Runs a script, and returns what it printed.
async fn run(mut command: Command) -> Value {
    command.env("NO_PROXY", "*").env("PYTHONWARNINGS", "ignore");
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/microsoft").join(name)
}

/// The bodies of the creations so far, by the name of the instance.
fn created(sandbox: &Sandbox) -> BTreeMap<String, Value> {
    let records = sandbox.recorder().recent().into_iter().filter(|record| record.operation == "create");
    let body = |record: &lightsout::sandbox::RequestRecord| serde_json::from_slice(&record.body).unwrap();
    records.map(|record| (record.path.rsplit('/').next().unwrap().to_owned(), body(&record))).collect()
}

/// Compares a body with its file, or writes the file.
#[expect(clippy::disallowed_methods, reason = "one word of the environment asks for new files, as in the other tests")]
fn compare(case: &str, body: &Value) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/microsoft");
    let file = folder.join(format!("create_{case}.json"));
    if std::env::var_os("LIGHTSOUT_BLESS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&file, serde_json::to_string_pretty(body).unwrap() + "\n").unwrap();
    }
    let kept: Value = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    (kept != *body).then(|| format!("{}: the client sends now {body:#}", file.display()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn azure_ai_ml_leads_instances_through_their_lives() {
    let Some(mut command) = python("azure.ai.ml") else {
        return;
    };
    let tls = tempfile::tempdir().unwrap();
    let sandbox = sandbox(tls.path()).await;
    let metadata = format!("{}/metadata/endpoints?api-version=2019-05-01", sandbox.https_url().unwrap());
    command.arg(script("entities.py")).args([DEMO_SUBSCRIPTIONS[0], GROUP, WORKSPACE]);
    command.env("ARM_CLOUD_METADATA_URL", metadata).env("REQUESTS_CA_BUNDLE", sandbox.ca_file().unwrap());
    let seen = run(command).await;

    let bodies = created(&sandbox);
    let cases: Vec<&str> = seen["made"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((cases.len(), bodies.len()), (11, 11));
    let wrong: Vec<String> =
        cases.iter().filter_map(|case| compare(case, &bodies[&format!("ci-{}", case.replace('_', "-"))])).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    for (case, made) in seen["made"].as_object().unwrap() {
        assert_eq!(made["state"], "Running", "{case}");
        assert_eq!(
            (&made["provisioning_state"], &made["operation"]),
            (&json!("Succeeded"), &json!("Create")),
            "{case}"
        );
        assert_eq!((&made["size"], &made["location"]), (&json!("STANDARD_DS3_V2"), &json!("spaincentral")), "{case}");
        assert_eq!((&made["ssh"][2], &made["ssh"][3]), (&json!("4001"), &json!("azureuser")), "{case}");
    }
    let full = &seen["made"]["full"];
    assert_eq!(full["description"], "everything that an administrator can choose");
    assert_eq!(full["tags"], json!({ "team": "vision", "cost-center": "4711" }));
    assert_eq!((&full["ssh"][0], &full["idle"], &full["public_address"]), (&json!(true), &json!(120), &json!(false)));
    assert!(full["subnet"].as_str().unwrap().ends_with("/virtualNetworks/vnet-ml/subnets/notebooks"));
    assert_eq!(full["person"], "0b1ec700-0000-4000-8000-00000000f00d");
    assert_eq!(full["identity"], "user_assigned");
    assert_eq!(full["scripts"], json!(["Users/ana/creation.sh", "Users/ana/startup.sh"]));
    assert_eq!(
        full["schedules"],
        json!([["Stop", "Completed", "ci-full-0-stop"], ["Start", "Completed", "ci-full-1-start"]])
    );
    assert_eq!(full["applications"], json!(["rstudio"]));
    assert_eq!(seen["made"]["minimal"]["public_address"], true);
    assert_eq!(seen["life"], json!(["Stopped", "Running", "Running"]));
    assert_eq!(seen["listed"].as_array().unwrap().len(), 11);
    assert_eq!(seen["left"], json!([]));
    // five of the demo and these eleven, of four cores each, running or not
    assert_eq!(seen["usages"]["Standard DSv2 Family Cluster Dedicated vCPUs"], 64);
    let recorder = sandbox.recorder();
    let counts = ["create", "stop", "start", "restart", "delete"].map(|kind| recorder.count(kind));
    assert_eq!(counts, [11, 1, 1, 1, 11]);
    assert_eq!(sandbox.look(|world| world.overwrites()), 0);
    sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_management_client_makes_instances_with_inline_scripts() {
    let Some(mut command) = python("azure.mgmt.machinelearningservices") else {
        return;
    };
    let tls = tempfile::tempdir().unwrap();
    let sandbox = sandbox(tls.path()).await;
    command.arg(script("life.py")).arg(sandbox.base_url());
    command.args([DEMO_SUBSCRIPTIONS[0], GROUP, WORKSPACE, "spaincentral"]);
    let seen = run(command).await;
    assert_eq!(compare("setup_scripts_inline", &created(&sandbox)["ci-inline"]), None);
    assert_eq!((&seen["made"][0], &seen["made"][1]), (&json!("Succeeded"), &json!("Running")));
    assert_eq!(seen["made"][2].as_str().unwrap().len(), 36);
    assert_eq!(seen["ci-exits"], json!(["SetupScriptFailed", "UserSetupFailed", "SetupScriptFailed"]));
    assert_eq!(seen["ci-sleeps"], json!(["SetupScriptTimedOut", "UserSetupFailed", "SetupScriptTimedOut"]));
    assert_eq!(seen["restarted"], json!(["Running", "Restart"]));
    let refused = seen["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 2);
    assert!(refused[0][2].as_str().unwrap().contains("at least one letter behind its last hyphen"), "{refused:?}");
    assert!(refused[1][2].as_str().unwrap().contains("not that of the workspace"), "{refused:?}");
    assert_eq!(seen["gone"], "ResourceNotFound");
    assert_eq!((&seen["cores"], &seen["quota"]), (&json!([4, 0]), &json!(300)));
    sandbox.shutdown().await;
}
