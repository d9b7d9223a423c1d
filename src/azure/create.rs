//! The body by which an instance is made, field by field as Microsoft's own client for Azure ML writes it. Pure.

use serde_json::{Map, Value, json};

use crate::facts::{NewIdentity, NewInstance, NewSchedule, NewScript, NewSsh, NewTimes, ScriptPlace, Sharing};
use crate::units::Span;

/// The whole body. The members that only previews document have the values that Microsoft's client always sends.
pub(super) fn body(new: &NewInstance) -> Value {
    let mut inner = Map::new();
    let mut say = |name: &str, value: Value| inner.insert(name.to_owned(), value);
    say("vmSize", json!(new.size));
    say("enableNodePublicIp", json!(new.public_ip));
    say("enableSSO", json!(true));
    say("enableRootAccess", json!(true));
    say("releaseQuotaOnStop", json!(false));
    say("enableOSPatching", json!(false));
    say(
        "applicationSharingPolicy",
        json!(match new.sharing {
            Sharing::Personal => "Personal",
            Sharing::Shared => "Shared",
        }),
    );
    say("computeInstanceAuthorizationType", json!("personal"));
    if let Some(subnet) = &new.subnet {
        say("subnet", json!({ "id": subnet }));
    }
    match &new.ssh {
        NewSsh::Unsaid => None,
        NewSsh::Off => say("sshSettings", json!({ "sshPublicAccess": "Disabled" })),
        NewSsh::On(key) => say("sshSettings", json!({ "sshPublicAccess": "Enabled", "adminPublicKey": key })),
    };
    if let Some(owner) = &new.owner {
        let user = json!({ "objectId": owner.object_id, "tenantId": owner.tenant_id });
        say("personalComputeInstanceSettings", json!({ "assignedUser": user }));
    }
    if let Some(after) = new.idle_shutdown {
        say("idleTimeBeforeShutdown", json!(format!("PT{}M", minutes(after))));
    }
    if !new.schedules.is_empty() {
        let all: Vec<Value> = new.schedules.iter().map(schedule).collect();
        say("schedules", json!({ "computeStartStop": all }));
    }
    if let Some(scripts) = scripts(new) {
        say("setupScripts", json!({ "scripts": scripts }));
    }
    around(new, inner)
}

/// The resource around what is an instance's own.
fn around(new: &NewInstance, inner: Map<String, Value>) -> Value {
    let local = matches!(new.ssh, NewSsh::On(_));
    let mut properties = json!({ "computeType": "ComputeInstance", "disableLocalAuth": !local, "properties": inner });
    let mut whole = Map::new();
    if let (Some(words), Some(object)) = (&new.description, properties.as_object_mut()) {
        object.insert("description".to_owned(), json!(words));
    }
    whole.insert("location".to_owned(), json!(new.region.as_str()));
    whole.insert("properties".to_owned(), properties);
    if let Some(identity) = identity(&new.identity) {
        whole.insert("identity".to_owned(), identity);
    }
    if !new.tags.is_empty() {
        let tags: Map<String, Value> = new.tags.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        whole.insert("tags".to_owned(), Value::Object(tags));
    }
    Value::Object(whole)
}

fn identity(identity: &NewIdentity) -> Option<Value> {
    let named = |ids: &[String]| {
        let all: Map<String, Value> = ids.iter().map(|id| (id.clone(), json!({}))).collect();
        Value::Object(all)
    };
    match identity {
        NewIdentity::None => None,
        NewIdentity::System => Some(json!({ "type": "SystemAssigned" })),
        NewIdentity::Assigned(ids) => Some(json!({ "type": "UserAssigned", "userAssignedIdentities": named(ids) })),
        NewIdentity::Both(ids) => {
            Some(json!({ "type": "SystemAssigned,UserAssigned", "userAssignedIdentities": named(ids) }))
        }
    }
}

fn schedule(one: &NewSchedule) -> Value {
    let (kind, name, mut when) = match &one.times {
        NewTimes::Cron(expression) => ("Cron", "cron", json!({ "expression": expression })),
        NewTimes::Weekly { days, hour, minute } => {
            let mut at = json!({ "hours": [hour], "minutes": [minute] });
            let every = if days.is_empty() { "Day" } else { "Week" };
            if let (false, Some(object)) = (days.is_empty(), at.as_object_mut()) {
                object.insert("weekDays".to_owned(), json!(days));
            }
            ("Recurrence", "recurrence", json!({ "frequency": every, "interval": 1, "schedule": at }))
        }
    };
    if let Some(object) = when.as_object_mut() {
        object.insert("timeZone".to_owned(), json!(one.zone));
        object.insert("triggerType".to_owned(), json!(kind));
    }
    let action = if one.starts { "Start" } else { "Stop" };
    let mut whole = json!({ "status": "Enabled", "action": action, "triggerType": kind });
    if let Some(object) = whole.as_object_mut() {
        object.insert(name.to_owned(), when);
    }
    whole
}

fn scripts(new: &NewInstance) -> Option<Value> {
    let both = [("creationScript", &new.creation), ("startupScript", &new.startup)];
    let said: Map<String, Value> =
        both.into_iter().filter_map(|(name, one)| Some((name.to_owned(), script(one.as_ref()?)))).collect();
    (!said.is_empty()).then_some(Value::Object(said))
}

fn script(one: &NewScript) -> Value {
    let (source, text) = match &one.place {
        ScriptPlace::Share(path) => ("workspaceStorage", path),
        ScriptPlace::Inline(base64) => ("inline", base64),
    };
    let mut whole = json!({ "scriptSource": source, "scriptData": text });
    if let Some(object) = whole.as_object_mut() {
        object.extend(one.arguments.iter().map(|words| ("scriptArguments".to_owned(), json!(words))));
        object.extend(one.timeout.map(|after| ("timeout".to_owned(), json!(format!("{}m", minutes(after))))));
    }
    whole
}

/// Azure counts in minutes; part of one is one.
fn minutes(span: Span) -> u32 {
    span.as_secs().div_ceil(60)
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "create_microsoft_tests.rs"]
mod microsoft_tests;
