//! The body of a new instance beside what azure-ai-ml 1.35.2 writes for the same wish, and Azure's own examples.

use serde_json::{Value, json};

use super::*;
use crate::facts::NewOwner;
use crate::units::{InstanceId, Region, WorkspaceId};

fn plain() -> NewInstance {
    let id = InstanceId::new(WorkspaceId::new("s", "g", "w").unwrap(), "ci-a").unwrap();
    NewInstance::plain(id, Region::new("westeurope"), "Standard_DS3_v2")
}

fn script(path: &str, arguments: Option<&str>, minutes: Option<u32>) -> Option<NewScript> {
    let place = ScriptPlace::Share(path.to_owned());
    Some(NewScript { place, arguments: arguments.map(str::to_owned), timeout: minutes.map(Span::minutes) })
}

/// As recorded from azure-ai-ml: `ComputeInstance(...)._to_rest_object()`.
fn microsoft(more: Value, outer: &Value, local: bool) -> Value {
    let mut inner = json!({"vmSize": "Standard_DS3_v2", "enableNodePublicIp": true, "enableSSO": true, "enableRootAccess": true,
        "releaseQuotaOnStop": false, "enableOSPatching": false, "applicationSharingPolicy": "Shared",
        "computeInstanceAuthorizationType": "personal"});
    inner.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut whole = json!({"location": "westeurope",
        "properties": {"computeType": "ComputeInstance", "properties": inner, "disableLocalAuth": !local}});
    whole.as_object_mut().unwrap().extend(outer.as_object().unwrap().clone());
    whole
}

#[test]
fn the_least_is_what_microsofts_client_sends_for_the_least() {
    assert_eq!(body(&plain()), microsoft(json!({}), &json!({}), false));
}

#[test]
fn everything_is_what_microsofts_client_sends_for_everything() {
    let mut new = plain();
    new.ssh = NewSsh::On("ssh-rsa AAA".to_owned());
    new.owner = Some(NewOwner { object_id: "o".to_owned(), tenant_id: "t".to_owned() });
    new.idle_shutdown = Some(Span::minutes(60));
    new.public_ip = false;
    new.subnet = Some("/subscriptions/x/subnets/s".to_owned());
    new.tags = vec![("a".to_owned(), "b".to_owned())];
    new.identity = NewIdentity::Assigned(vec!["/subs/id1".to_owned()]);
    new.startup = script("Users/a/s.sh", Some("a b"), Some(10));
    new.creation = script("c.sh", None, Some(20));
    let days = vec!["Monday".to_owned(), "Friday".to_owned()];
    let weekly = NewTimes::Weekly { days, hour: 19, minute: 0 };
    new.schedules = vec![
        NewSchedule { starts: false, times: weekly, zone: "Romance Standard Time".to_owned() },
        NewSchedule { starts: true, times: NewTimes::Cron("0 19 * * 1-5".to_owned()), zone: "UTC".to_owned() },
    ];
    let inner = json!({
        "subnet": {"id": "/subscriptions/x/subnets/s"},
        "sshSettings": {"sshPublicAccess": "Enabled", "adminPublicKey": "ssh-rsa AAA"},
        "personalComputeInstanceSettings": {"assignedUser": {"objectId": "o", "tenantId": "t"}},
        "idleTimeBeforeShutdown": "PT60M", "enableNodePublicIp": false,
        "schedules": {"computeStartStop": [
            {"action": "Stop", "status": "Enabled", "triggerType": "Recurrence", "recurrence": {"frequency": "Week", "interval": 1,
                "schedule": {"hours": [19], "minutes": [0], "weekDays": ["Monday", "Friday"]},
                "timeZone": "Romance Standard Time", "triggerType": "Recurrence"}},
            {"action": "Start", "status": "Enabled", "triggerType": "Cron",
                "cron": {"expression": "0 19 * * 1-5", "timeZone": "UTC", "triggerType": "Cron"}}]},
        "setupScripts": {"scripts": {
            "startupScript": {"scriptSource": "workspaceStorage", "scriptData": "Users/a/s.sh", "scriptArguments": "a b", "timeout": "10m"},
            "creationScript": {"scriptSource": "workspaceStorage", "scriptData": "c.sh", "timeout": "20m"}}}
    });
    let outer =
        json!({"tags": {"a": "b"}, "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subs/id1": {}}}});
    assert_eq!(body(&new), microsoft(inner, &outer, true));
}

/// Every member of `asked` is in `sent` with the same value; objects may have more.
fn holds(sent: &Value, asked: &Value, path: &str) {
    match (sent, asked) {
        (Value::Object(sent), Value::Object(asked)) => {
            for (name, value) in asked {
                holds(sent.get(name).unwrap_or(&Value::Null), value, &format!("{path}.{name}"));
            }
        }
        _ => assert_eq!(sent, asked, "{path}"),
    }
}

#[test]
fn azures_examples_are_held_by_what_is_sent_for_them() {
    let minimal = json!({"location": "westeurope", "properties": {"computeType": "ComputeInstance",
        "properties": {"vmSize": "STANDARD_NC6"}}});
    let mut new = plain();
    new.size = "STANDARD_NC6".to_owned();
    holds(&body(&new), &minimal, "$");
    let nobody = "00000000-0000-0000-0000-000000000000";
    let scheduled = json!({"properties": {"computeType": "ComputeInstance", "properties": {
        "vmSize": "STANDARD_NC6", "applicationSharingPolicy": "Personal", "sshSettings": {"sshPublicAccess": "Disabled"},
        "subnet": {"id": "test-subnet-resource-id"}, "computeInstanceAuthorizationType": "personal",
        "personalComputeInstanceSettings": {"assignedUser": {"objectId": nobody, "tenantId": nobody}}}}});
    new.sharing = Sharing::Personal;
    new.ssh = NewSsh::Off;
    new.subnet = Some("test-subnet-resource-id".to_owned());
    new.owner = Some(NewOwner { object_id: nobody.to_owned(), tenant_id: nobody.to_owned() });
    holds(&body(&new), &scheduled, "$");
    let times = NewTimes::Cron("0 18 * * *".to_owned());
    new.schedules = vec![NewSchedule { starts: false, times, zone: "Pacific Standard Time".to_owned() }];
    let sent = body(&new);
    let one = &sent["properties"]["properties"]["schedules"]["computeStartStop"][0];
    let example = json!({"status": "Enabled", "action": "Stop", "triggerType": "Cron",
        "cron": {"expression": "0 18 * * *", "timeZone": "Pacific Standard Time"}});
    holds(one, &example, "$.schedule");
}

#[test]
fn the_rest_has_its_place() {
    let mut new = plain();
    new.description = Some("thesis".to_owned());
    new.identity = NewIdentity::Both(vec!["/i".to_owned()]);
    new.creation =
        Some(NewScript { place: ScriptPlace::Inline("ZWNobw==".to_owned()), arguments: None, timeout: None });
    new.idle_shutdown = Some(Span::seconds(901));
    new.schedules = vec![NewSchedule {
        starts: false,
        times: NewTimes::Weekly { days: Vec::new(), hour: 7, minute: 30 },
        zone: "UTC".to_owned(),
    }];
    let sent = body(&new);
    let inner = &sent["properties"]["properties"];
    assert_eq!(sent["properties"]["description"], "thesis");
    assert_eq!(sent["identity"]["type"], "SystemAssigned,UserAssigned");
    assert_eq!(inner["idleTimeBeforeShutdown"], "PT16M", "never shorter than asked");
    let script = json!({"scriptSource": "inline", "scriptData": "ZWNobw=="});
    assert_eq!(inner["setupScripts"]["scripts"], json!({ "creationScript": script }));
    let daily = &inner["schedules"]["computeStartStop"][0]["recurrence"];
    assert_eq!((&daily["frequency"], &daily["schedule"]), (&json!("Day"), &json!({"hours": [7], "minutes": [30]})));
    new.identity = NewIdentity::System;
    assert_eq!(body(&new)["identity"], json!({"type": "SystemAssigned"}));
}
