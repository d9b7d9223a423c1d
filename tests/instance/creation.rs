//! What a new instance is made with arrives: owner, scripts, schedules, identity, the agent woven in.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::azure::{Scene, json};

const ADA: &str = "0a0a0a0a-0000-4000-8000-00000000ada0";
const TENANT: &str = "0a0a0a0a-0000-4000-8000-00000000abcd";

fn sent(scene: &Scene) -> Value {
    let all = scene.sandbox.recorder().recent();
    let put = all.iter().find(|asked| asked.method == "PUT").unwrap();
    serde_json::from_slice(&put.body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_for_somebody_is_theirs_and_has_its_scripts_and_schedules() {
    let scene = Scene::new(1, 1).await;
    scene.place.write("mine.sh", "#!/bin/sh\necho secret-of-ada\n");
    let said = scene.well(&[
        "create",
        "ci-ada",
        "-w",
        "ws-00000",
        "-s",
        "Standard_DS3_v2",
        "--yes",
        "--on-behalf-of",
        ADA,
        "--tenant",
        TENANT,
        "--setup-script",
        "creation=inline:mine.sh",
        "--setup-args",
        "creation=--token x",
        "--setup-timeout",
        "creation=15m",
        "--setup-script",
        "startup=Users/ada/start.sh",
        "--cron",
        "stop 0 19 * * 1-5",
        "--zone",
        "Europe/Madrid",
        "--application-sharing",
        "personal",
        "--identity",
        "system",
        "--no-public-ip",
    ]);
    assert!(said.err.contains("only they reach Jupyter"), "{}", said.err);
    let body = sent(&scene);
    let inner = &body["properties"]["properties"];
    let user = &inner["personalComputeInstanceSettings"]["assignedUser"];
    assert_eq!((&user["objectId"], &user["tenantId"]), (&ADA.into(), &TENANT.into()));
    let creation = &inner["setupScripts"]["scripts"]["creationScript"];
    let text = STANDARD.decode(creation["scriptData"].as_str().unwrap()).unwrap();
    assert!(String::from_utf8(text).unwrap().contains("secret-of-ada"));
    assert_eq!((&creation["scriptSource"], &creation["timeout"]), (&"inline".into(), &"15m".into()));
    assert_eq!(inner["applicationSharingPolicy"], "Personal");
    assert_eq!((&body["identity"]["type"], &inner["enableNodePublicIp"]), (&"SystemAssigned".into(), &false.into()));
    let page = scene.well(&["show", "ci-ada"]);
    for words in [ADA, "Setup scripts", "inline", "Users/ada/start.sh", "cron 0 19 * * 1-5", "Romance Standard Time"] {
        assert!(page.out.contains(words), "{words} in\n{}", page.out);
    }
    let told = scene.well(&["show", "ci-ada", "--json"]);
    assert!(!told.out.contains("--token x") && !page.out.contains("--token x"), "arguments are nobody's business");
    assert!(json(&told)["details"]["creation"]["text"].is_null());
    let whole = scene.well(&["show", "ci-ada", "--scripts"]);
    assert!(whole.out.contains("--token x") && whole.out.contains("in base64"), "{}", whole.out);
    let theirs = json(&scene.well(&["list", "--owner", ADA, "--json"]));
    assert_eq!(theirs["instances"].as_array().map(Vec::len), Some(1), "{theirs:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agent_is_woven_in_before_the_persons_own_script() {
    let scene = Scene::new(1, 1).await;
    scene.place.write("mine.sh", "#!/bin/sh\necho mine\n");
    let sum = "ab".repeat(32);
    let new = ["create", "ci-new", "-w", "ws-00000", "-s", "Standard_DS3_v2", "--dry-run", "--json", "--with-agent"];
    let agent =
        ["--agent-url", "https://lightsout.example", "--agent-binary", "/share/lightsout", "--agent-sha256", &sum];
    let nobody = scene.run(&[&new[..], &agent[..]].concat());
    assert!(nobody.code == 2 && nobody.err.contains("agent_token_file: the agent needs it"), "{}", nobody.err);
    let agent = [&agent[..], &["--agent-token-file", "/share/tokens/{name}"]].concat();
    let said = scene.well(&[&new[..], &agent[..], &["--setup-script", "creation=inline:mine.sh"]].concat());
    let scripts =
        &json(&said)["operations"][0]["request"]["body"]["properties"]["properties"]["setupScripts"]["scripts"];
    let text = |name: &str| {
        let data = scripts[name]["scriptData"].as_str().unwrap_or_default().to_owned();
        String::from_utf8(STANDARD.decode(data).unwrap()).unwrap()
    };
    let (creation, startup) = (text("creationScript"), text("startupScript"));
    assert!(creation.contains("install 'LIGHTSOUT_URL=https://lightsout.example'") && creation.contains("OWN"));
    assert!(startup.contains(" check 'LIGHTSOUT_URL=") && !startup.contains("OWN"), "{startup}");
    let short = scene.run(&[&new[..], &["--agent-url", "https://x"]].concat());
    assert!(short.code == 2 && short.err.contains("--agent-binary"), "{}", short.err);
}
