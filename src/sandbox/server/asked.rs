//! What a request for an instance wrote, shown again in the compute, with what Azure fills in.

use serde_json::{Map, Value, json};

use super::super::world::{Asked, Machine, OperationName, OperationStatus, State, mix, uuid_of};

/// Members of a schedule that Azure shows whether or not they were given.
const SCHEDULE_MEMBERS: [&str; 4] = ["triggerType", "recurrence", "cron", "schedule"];

/// `provisioningState`: of the instance's making and unmaking only; it stays as it is when the machine is stopped.
pub(super) fn provisioning(machine: &Machine) -> &'static str {
    match (machine.last.name, machine.last.status) {
        (OperationName::Create, OperationStatus::InProgress) => "Creating",
        (OperationName::Create, OperationStatus::Failed) => "Failed",
        (OperationName::Delete, OperationStatus::InProgress) => "Deleting",
        (
            OperationName::Create
            | OperationName::Delete
            | OperationName::Start
            | OperationName::Stop
            | OperationName::Restart,
            _,
        ) => "Succeeded",
    }
}

/// `errors` of a machine in a failed state, in the shape of the specification; real ones were not seen.
pub(super) fn errors(machine: &Machine) -> Vec<Value> {
    let failed = [State::CreateFailed, State::SetupFailed, State::UserSetupFailed].contains(&machine.state);
    let failure = machine.failure.iter().filter(|_| failed);
    failure.map(|(code, message)| json!({ "error": { "code": code, "message": message } })).collect()
}

/// Puts what was asked for over the outer members.
pub(super) fn dress_outer(written: &mut Value, machine: &Machine, tenant: &str) {
    let Some(asked) = &machine.spec.asked else {
        return;
    };
    set(written, "location", json!(asked.location));
    if let Some(identity) = &asked.identity {
        set(written, "identity", whole_identity(identity, &machine.id, tenant));
    }
    if let Some(properties) = written.get_mut("properties") {
        set(properties, "description", json!(asked.description));
        set(properties, "disableLocalAuth", json!(asked.disable_local_auth.unwrap_or(true)));
    }
}

/// The same for the inner members.
pub(super) fn dress_inner(properties: &mut Map<String, Value>, machine: &Machine) {
    let Some(asked) = &machine.spec.asked else {
        return;
    };
    for (name, value) in &asked.properties {
        let shown = match name.as_str() {
            "sshSettings" => ssh(value),
            "schedules" => schedules(value, &machine.spec.name),
            _ => value.clone(),
        };
        properties.insert(name.clone(), shown);
    }
    if !asked.properties.contains_key("enableNodePublicIp") {
        properties.insert("enableNodePublicIp".into(), json!(true));
    }
}

/// The address that a machine without a public one shows.
pub(super) fn without_address(asked: Option<&Asked>) -> bool {
    asked.is_some_and(Asked::has_no_address)
}

/// Name and port are Azure's own, whatever was written.
fn ssh(written: &Value) -> Value {
    let given = |name: &str| written.get(name).cloned().filter(|value| !value.is_null());
    json!({
        "sshPublicAccess": given("sshPublicAccess").unwrap_or_else(|| json!("Disabled")),
        "adminUserName": "azureuser",
        "sshPort": 4001,
        "adminPublicKey": given("adminPublicKey"),
    })
}

/// Every schedule with its id and how far it is.
fn schedules(written: &Value, name: &str) -> Value {
    let list = written.get("computeStartStop").and_then(Value::as_array).cloned().unwrap_or_default();
    let whole = |(position, mut schedule): (usize, Value)| {
        let action = schedule.get("action").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        set(&mut schedule, "id", json!(format!("{name}-{position}-{action}")));
        set(&mut schedule, "provisioningStatus", json!("Completed"));
        if schedule.get("status").is_none_or(Value::is_null) {
            set(&mut schedule, "status", json!("Enabled"));
        }
        for member in SCHEDULE_MEMBERS {
            if schedule.get(member).is_none() {
                set(&mut schedule, member, Value::Null);
            }
        }
        schedule
    };
    json!({ "computeStartStop": list.into_iter().enumerate().map(whole).collect::<Vec<Value>>() })
}

/// The ids that Entra gives an identity.
fn whole_identity(written: &Value, id: &str, tenant: &str) -> Value {
    let mut identity = written.clone();
    let of = |part: &str, number| json!(uuid_of(mix(0, &[id, part]), number));
    let kind = written.get("type").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    if kind.contains("systemassigned") {
        set(&mut identity, "principalId", of("identity", 11));
        set(&mut identity, "tenantId", json!(tenant));
    }
    if let Some(Value::Object(users)) = identity.get_mut("userAssignedIdentities") {
        for (user, value) in users {
            *value = json!({ "principalId": of(user, 12), "clientId": of(user, 13) });
        }
    }
    identity
}

fn set(around: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = around {
        members.insert(name.to_owned(), value);
    }
}
