//! PUT of a compute: what is made, how it comes up, and how it is shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::site::{Site, body, compute};

#[tokio::test]
async fn a_new_instance_is_answered_201_and_comes_up_in_the_worlds_time() {
    let site = Site::new().await;
    let made = site.put("ci-ana", body(json!({}))).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let follow = made.header("azure-asyncoperation").unwrap().to_owned();
    assert!(made.header("location").is_none() && made.header("retry-after") == Some("10"));
    assert_eq!(made.body["properties"]["provisioningState"], "Creating");
    assert_eq!(made.body["properties"]["properties"]["state"], "Creating");
    assert_eq!(made.body["name"], "ci-ana");
    assert_eq!(site.get(&follow).await.body["status"], "InProgress");
    let conflict = site.put("ci-ana", body(json!({}))).await;
    assert_eq!((conflict.status, conflict.codes().0), (409, "Conflict"));
    site.forward(10);
    assert_eq!(site.get(&follow).await.body["status"], "Succeeded");
    let shown = site.get(&compute("ci-ana")).await.body;
    let inner = &shown["properties"]["properties"];
    assert_eq!(shown["properties"]["provisioningState"], "Succeeded");
    assert_eq!((&inner["state"], &inner["vmSize"]), (&json!("Running"), &json!("STANDARD_DS3_V2")));
    assert_eq!(inner["lastOperation"]["operationName"], "Create");
    assert_eq!(inner["sshSettings"]["adminUserName"], "azureuser");
    assert_eq!(inner["enableNodePublicIp"], true);
    assert_eq!(inner["createdBy"]["userId"].as_str().unwrap().len(), 36);
    let listed = site.get(&compute("").replace("computes/?", "computes?")).await.body;
    assert!(listed["value"].as_array().unwrap().iter().any(|item| item["name"] == "ci-ana"));
}

#[tokio::test]
async fn everything_that_was_asked_for_is_shown_again() {
    let site = Site::new().await;
    let script = STANDARD.encode("#!/bin/bash\necho hello\n");
    let subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n";
    let asked = json!({
        "subnet": { "id": subnet },
        "applicationSharingPolicy": "Personal",
        "sshSettings": { "sshPublicAccess": "Enabled", "adminPublicKey": "ssh-rsa AAAA", "sshPort": 1 },
        "enableNodePublicIp": false,
        "idleTimeBeforeShutdown": "PT2H",
        "computeInstanceAuthorizationType": "personal",
        "personalComputeInstanceSettings": { "assignedUser": { "objectId": "person", "tenantId": "tenant" } },
        "setupScripts": { "scripts": {
            "creationScript": { "scriptSource": "inline", "scriptData": script, "scriptArguments": "a b", "timeout": "20m" },
            "startupScript": { "scriptSource": "workspaceStorage", "scriptData": "Users/ana/up.sh" },
        } },
        "schedules": { "computeStartStop": [
            { "action": "Stop", "triggerType": "Cron", "cron": { "expression": "0 18 * * *", "timeZone": "Pacific Standard Time" } },
        ] },
        "customServices": [{ "name": "rstudio", "image": { "type": "docker", "reference": "r" } }],
        "enableSSO": true,
        "releaseQuotaOnStop": false,
    });
    let mut request = body(asked.clone());
    request["location"] = json!("West Europe");
    request["tags"] = json!({ "team": "vision" });
    request["properties"]["description"] = json!("of ana");
    request["identity"] = json!({ "type": "SystemAssigned,UserAssigned", "userAssignedIdentities": { "/id/one": {} } });
    assert_eq!(site.put("ci-ana", request).await.status, 201);
    site.forward(15);
    let shown = site.get(&compute("ci-ana")).await.body;
    let inner = &shown["properties"]["properties"];
    for name in ["subnet", "applicationSharingPolicy", "enableNodePublicIp", "idleTimeBeforeShutdown", "setupScripts"] {
        assert_eq!(inner[name], asked[name], "{name}");
    }
    for name in ["personalComputeInstanceSettings", "customServices", "enableSSO", "releaseQuotaOnStop"] {
        assert_eq!(inner[name], asked[name], "{name}");
    }
    assert_eq!(
        inner["sshSettings"],
        json!({ "sshPublicAccess": "Enabled", "adminPublicKey": "ssh-rsa AAAA", "sshPort": 4001, "adminUserName": "azureuser" })
    );
    let schedule = &inner["schedules"]["computeStartStop"][0];
    assert_eq!((&schedule["id"], &schedule["provisioningStatus"]), (&json!("ci-ana-0-stop"), &json!("Completed")));
    assert_eq!((&schedule["status"], &schedule["cron"]["expression"]), (&json!("Enabled"), &json!("0 18 * * *")));
    assert_eq!((&shown["location"], &shown["tags"]), (&json!("West Europe"), &json!({ "team": "vision" })));
    assert_eq!(shown["properties"]["description"], "of ana");
    assert_ne!(inner["createdBy"]["userId"], "person", "createdBy stays the caller");
    assert_eq!(inner["connectivityEndpoints"]["publicIpAddress"], Value::Null);
    assert!(inner["connectivityEndpoints"]["privateIpAddress"].is_string());
    assert!(shown["identity"]["principalId"].is_string());
    assert!(shown["identity"]["userAssignedIdentities"]["/id/one"]["clientId"].is_string());
    // set anew, the idle time is shown in minutes
    let path = compute("ci-ana").replace("?api", "/updateIdleShutdownSetting?api");
    assert_eq!(site.post(&path, json!({ "idleTimeBeforeShutdown": "PT45M" })).await.status, 200);
    let shown = site.get(&compute("ci-ana")).await.body;
    assert_eq!(shown["properties"]["properties"]["idleTimeBeforeShutdown"], "PT45M");
}

#[tokio::test]
async fn a_script_that_fails_is_told_in_state_errors_and_operation() {
    let site = Site::new().await;
    for (name, script, state, code) in [
        ("ci-exits", STANDARD.encode("exit 1"), "UserSetupFailed", "SetupScriptFailed"),
        ("ci-garbled", "not base64!".to_owned(), "SetupFailed", "SetupScriptUnreadable"),
    ] {
        let scripts = json!({ "creationScript": { "scriptSource": "inline", "scriptData": script } });
        let made = site.put(name, body(json!({ "setupScripts": { "scripts": scripts } }))).await;
        let follow = made.header("azure-asyncoperation").unwrap().to_owned();
        site.forward(15);
        let ended = site.get(&follow).await.body;
        assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("Failed"), &json!(code)));
        let shown = site.get(&compute(name)).await.body;
        let inner = &shown["properties"]["properties"];
        assert_eq!((&inner["state"], &inner["errors"][0]["error"]["code"]), (&json!(state), &json!(code)));
        assert_eq!(inner["lastOperation"]["operationStatus"], "CreateFailed");
        assert_eq!(shown["properties"]["provisioningState"], "Failed");
    }
}

#[tokio::test]
async fn a_put_on_an_instance_that_is_there_is_200_and_counted() {
    let site = Site::new().await;
    site.put("ci-ana", body(json!({}))).await;
    site.forward(15);
    let before = site.get(&compute("ci-ana")).await.body;
    let again = site.put("ci-ana", body(json!({ "idleTimeBeforeShutdown": "PT60M" }))).await;
    assert_eq!((again.status, again.header("azure-asyncoperation").is_some()), (200, true));
    assert_eq!(again.body["properties"]["provisioningState"], "Creating");
    site.forward(15);
    let after = site.get(&compute("ci-ana")).await.body;
    assert_ne!(before["properties"]["createdOn"], after["properties"]["createdOn"]);
    assert_eq!(site.sandbox.look(|world| world.overwrites()), 1);
}

#[tokio::test]
async fn the_recorder_keeps_what_was_sent() {
    let site = Site::new().await;
    let sent = body(json!({ "idleTimeBeforeShutdown": "PT60M" }));
    site.put("ci-ana", sent.clone()).await;
    site.get(&compute("ci-ana")).await;
    let token = json!({ "client_secret": "hidden" });
    site.post("/5a4d0000-0000-4000-8000-00000000d3e0/oauth2/v2.0/token", token).await;
    let records = site.sandbox.recorder().recent();
    assert_eq!(records[0].body, sent.to_string().as_bytes());
    assert_eq!((records[0].operation, records[0].api_version.as_str()), ("create", "2025-12-01"));
    assert!(records[1..].iter().all(|record| record.body.is_empty()), "reads and tokens leave nothing");
    assert_eq!(site.sandbox.recorder().bodies("create"), [sent.to_string()]);
}
