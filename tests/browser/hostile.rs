//! Text of strangers stays text: markup in every field that Azure lets people or faults write runs nowhere.

use lightsout::notify::SmtpTls;
use lightsout::sandbox::{Effect, FaultOperation, FaultRule, SandboxOptions, State};
use serde_json::{Value, json};

use super::estate::Estate;
use super::letters::{by_mail, parts};
use super::postmaster::Postmaster;
use super::program::off_now;
use super::robot::Robot;
use super::service::until;
use super::stage::{Stage, client};

/// What would run as markup, within an attribute in either quote, within a script and within a template.
const MARKUP: &str = "\"'></script></template></style><img src=x onerror=globalThis.ran=1><script>globalThis.ran=1</script>${ran=1}{{7*7}}";
/// The same as far as a name in an ARM id goes: it has no slash and no question mark.
const NAME: &str = "ci-\"'><img src=x onerror=globalThis.ran=1>";

/// Where ARM's answer about a compute holds text.
const FIELDS: [&str; 13] = [
    "/tags",
    "/location",
    "/properties/computeLocation",
    "/properties/description",
    "/properties/provisioningState",
    "/properties/provisioningErrors",
    "/properties/properties/vmSize",
    "/properties/properties/errors",
    "/properties/properties/createdBy/userName",
    "/properties/properties/lastOperation/operationName",
    "/properties/properties/lastOperation/operationStatus",
    "/properties/properties/lastOperation/operationTrigger",
    "/properties/properties/schedules",
];

fn hostile_value(field: &str) -> Value {
    match field {
        "/tags" => json!({ MARKUP: MARKUP, "team": MARKUP }),
        "/properties/provisioningErrors" | "/properties/properties/errors" => {
            json!([{ "code": MARKUP, "message": MARKUP, "error": { "code": MARKUP, "message": MARKUP } }])
        }
        "/properties/properties/schedules" => json!({ "computeStartStop": [{
            "id": MARKUP, "provisioningStatus": MARKUP, "status": "Enabled", "action": "Stop", "triggerType": "Cron",
            "cron": { "startTime": MARKUP, "timeZone": MARKUP, "expression": MARKUP },
        }] }),
        _ => json!(MARKUP),
    }
}

/// Three workspaces: hostile fields on a machine that runs, hostile state words and names, and a fault in hostile words.
fn hostile(options: &mut SandboxOptions) {
    for place in &mut options.world.workspaces {
        place.tags = vec![(MARKUP.to_owned(), MARKUP.to_owned()), ("team".to_owned(), MARKUP.to_owned())];
    }
    options.world.workspaces[1].instances[0].name = NAME.to_owned();
    options.world.workspaces[1].instances[0].state = State::Running;
    for operation in [FaultOperation::ListComputes, FaultOperation::Get] {
        for field in FIELDS {
            let set = Effect::Set(field.to_owned(), hostile_value(field));
            options.faults.push(FaultRule::new(operation, set).at_path("ws-00000"));
        }
        let state = Effect::Set("/properties/properties/state".to_owned(), json!(MARKUP));
        options.faults.push(FaultRule::new(operation, state).at_path("ws-00003"));
    }
    let fault = Effect::Error(403, MARKUP.to_owned());
    options.faults.push(FaultRule::new(FaultOperation::ListComputes, fault).at_path("ws-00002"));
}

/// No tag of ours is opened by a stranger's text, whatever the answer is made of.
fn nothing_of_it_is_markup(what: &str, text: &str) {
    for markup in ["<img src=x", "<script>", "</template></style>"] {
        assert!(!text.contains(markup), "{what}: {markup} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn markup_in_every_field_of_azure_runs_nowhere() {
    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &[]) else { return };
    let policy = off_now("enforce", "20m", "").replace("[guard]\n", "[guard]\ninclude_unknown_owner = true\n");
    let stage = Stage::of(Estate::start(4, 1, hostile).await, &policy, &by_mail(&server));
    let frozen = json!({ "reason": MARKUP });
    let frozen = client().post(format!("{}/api/v1/freeze", stage.base)).header("Origin", &stage.base).json(&frozen);
    assert_eq!(frozen.send().await.unwrap().status().as_u16(), 200);
    stage.sweep();

    let told: Value = stage.get("/api/v1/instances").await.json().await.unwrap();
    let all = told["instances"].as_array().unwrap_or_else(|| panic!("{told}"));
    let names: Vec<&str> = all.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 3, "the unreadable workspace is told apart: {names:?}");
    assert!(names.iter().any(|name| name.contains("onerror")), "ARM's id is the name's only rule: {names:?}");
    let pages: Vec<String> = all.iter().map(|one| one["page"].as_str().unwrap().to_owned()).collect();
    let groupings =
        ["/", "/?group=owner", "/?group=policy", "/savings?by=owner", "/savings?by=size", "/week", "/operations"];
    let paths: Vec<String> = groupings.iter().map(|path| (*path).to_owned()).chain(pages).collect();
    for path in &paths {
        let answer = stage.get(path).await;
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        // what the page's own scripts are is known
        let text =
            answer.text().await.unwrap().replace("<script src=\"/assets", "").replace("<script type=\"module\"", "");
        nothing_of_it_is_markup(path, &text);
        assert!(!text.contains(">49<"), "{path}: no text is a template");
    }
    let raw = stage.get("/api/v1/instances").await;
    assert_eq!(raw.headers()["content-type"], "application/json");
    assert_eq!(raw.headers()["x-content-type-options"], "nosniff");

    let Some(mut robot) = Robot::start("hostile", &stage.base, &json!({ "paths": paths })) else { return };
    robot.at("seen");
    robot.go_on(&Value::Null);
    robot.ends();

    let lifted = client().delete(format!("{}/api/v1/freeze", stage.base)).header("Origin", &stage.base);
    assert_eq!(lifted.send().await.unwrap().status().as_u16(), 204);
    let about = until("a letter about a hostile machine", || {
        let shown = parts(&server.letter());
        shown["text/html"].as_str().filter(|html| html.contains("onerror")).map(str::to_owned)
    });
    nothing_of_it_is_markup("the letter", &about);
}
