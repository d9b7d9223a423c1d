//! Bodies of a PUT: what Azure takes, and what it refuses before anything is made.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;

fn minimal() -> Value {
    json!({ "location": "West Europe", "properties": { "computeType": "ComputeInstance", "properties": { "vmSize": "STANDARD_DS3_V2" } } })
}

/// The minimal body with a member more, by its JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = minimal();
    let (around, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(around).unwrap()[name] = value;
    body
}

fn reading(body: &Value) -> Result<Creation, Refused> {
    let place = Place { workspace: "/w", region: "westeurope", name: "ci-new", caller: "me" };
    read(body.to_string().as_bytes(), place)
}

fn refusal(pointer: &str, value: Value) -> (&'static str, String) {
    let refused = reading(&with(pointer, value)).unwrap_err();
    (refused.code, refused.message)
}

#[test]
fn a_minimal_body_is_enough() {
    let creation = reading(&minimal()).unwrap();
    assert_eq!((creation.vm_size.as_str(), creation.asked.location.as_str()), ("Standard_DS3_v2", "West Europe"));
    assert_eq!((creation.assigned_to, creation.idle_minutes, creation.identity), (None, None, false));
    assert_eq!(creation.scripts, Scripts::default());
    assert!(creation.asked.properties.is_empty());
}

#[test]
fn every_required_member_is_required() {
    for (pointer, words) in [
        ("/properties", "field properties."),
        ("/properties/computeType", "properties.computeType"),
        ("/properties/properties", "properties.properties."),
        ("/properties/properties/vmSize", "properties.properties.vmSize"),
    ] {
        let (code, message) = refusal(pointer, Value::Null);
        assert!(code == "UserError" && message.contains(words), "{pointer}: {message}");
    }
    assert_eq!(refusal("/location", Value::Null).0, "LocationRequired");
    let nothing = read(b"nothing", Place { workspace: "/w", region: "r", name: "n", caller: "c" }).unwrap_err();
    assert_eq!((nothing.code, nothing.inner), ("InvalidRequestContent", None));
}

#[test]
fn members_outside_their_bounds_are_refused() {
    let inner = "/properties/properties";
    for (pointer, value, words) in [
        ("/location", json!("eastus"), "not that of the workspace"),
        ("/properties/computeType", json!("AmlCompute"), "instances only"),
        ("/tags", json!({ "a": 1 }), "tags must be texts"),
        ("/identity", json!({}), "identity.type"),
        ("/identity", json!({ "type": "Anyone" }), "identity.type is 'Anyone'"),
        ("/identity", json!({ "type": "UserAssigned" }), "userAssignedIdentities"),
        ("idleTimeBeforeShutdown", json!("PT14M"), "15 minutes to 3 days"),
        ("idleTimeBeforeShutdown", json!("P3DT1M"), "15 minutes to 3 days"),
        ("idleTimeBeforeShutdown", json!(30), "must be a text"),
        ("applicationSharingPolicy", json!("Everybody"), "Personal or Shared"),
        ("sshSettings", json!({ "sshPublicAccess": "Maybe" }), "Enabled or Disabled"),
        ("schedules", json!({ "computeStartStop": [{ "action": "Nap" }] }), "neither Start nor Stop"),
        ("personalComputeInstanceSettings", json!({ "assignedUser": { "objectId": "a" } }), "assignedUser.tenantId"),
        ("personalComputeInstanceSettings", json!({ "assignedUser": { "tenantId": "a" } }), "assignedUser.objectId"),
        ("setupScripts", json!({ "scripts": { "creationScript": { "scriptSource": "inline" } } }), "scriptData"),
        ("setupScripts", json!({ "scripts": { "startupScript": { "scriptData": "eA==" } } }), "scriptSource is ''"),
    ] {
        let pointer = if pointer.starts_with('/') { pointer.to_owned() } else { format!("{inner}/{pointer}") };
        let (_, message) = refusal(&pointer, value);
        assert!(message.contains(words), "{pointer}: {message}");
    }
}

#[test]
fn scripts_are_read_from_the_request_and_from_the_share() {
    let scripts = |script: Value| {
        let setup = json!({ "scripts": { "creationScript": script, "startupScript": null } });
        reading(&with("/properties/properties/setupScripts", setup)).unwrap().scripts
    };
    let inline =
        scripts(json!({ "scriptSource": "inline", "scriptData": STANDARD.encode("echo hi"), "timeout": "20m" }));
    let expected = Script { text: ScriptText::Inline("echo hi".into()), timeout: SignedDuration::from_mins(20) };
    assert_eq!((inline.creation, inline.startup), (Some(expected), None));
    for source in ["workspace", "workspaceStorage"] {
        let share = scripts(json!({ "scriptSource": source, "scriptData": "Users/ana/setup.sh", "timeout": "Nonem" }));
        let expected = Script { text: ScriptText::Share("Users/ana/setup.sh".into()), timeout: SCRIPT_TIMEOUT };
        assert_eq!(share.creation, Some(expected), "{source}");
    }
    let spoilt = scripts(json!({ "scriptSource": "inline", "scriptData": "%%%" }));
    assert_eq!(spoilt.creation.unwrap().text, ScriptText::Unreadable);
}
