//! Computes and workspaces as ARM writes them: explicit nulls, seven digits, capital sizes.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::world::{
    Machine, NativeAction, NativeSchedule, OtherCompute, Owner, ScheduleStyle, Workspace, mix, uuid_of,
};
use super::asked;

const COMPUTE_TYPE: &str = "Microsoft.MachineLearningServices/workspaces/computes";

/// `2021-09-17T08:45:00.1841498+00:00`.
pub(super) fn seven_digits(at: Timestamp) -> String {
    let ticks = at.subsec_nanosecond().unsigned_abs().checked_div(100).unwrap_or(0);
    format!("{}.{ticks:07}+00:00", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// `2021-09-17T08:45:06.526+00:00`, as operation times come.
pub(super) fn three_digits(at: Timestamp) -> String {
    let millis = at.subsec_millisecond().unsigned_abs();
    format!("{}.{millis:03}+00:00", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// One compute instance.
pub(super) fn instance(machine: &Machine, workspace: &Workspace, tenant: &str) -> Value {
    let spec = &machine.spec;
    let mut written = json!({
        "id": machine.id,
        "name": spec.name,
        "type": COMPUTE_TYPE,
        "location": workspace.spec.location,
        "tags": tags(&spec.tags),
        "properties": {
            "createdOn": seven_digits(spec.created_on),
            "modifiedOn": seven_digits(machine.modified_on),
            "disableLocalAuth": true,
            "description": null,
            "resourceId": null,
            "computeType": "ComputeInstance",
            "computeLocation": workspace.spec.region,
            "provisioningState": asked::provisioning(machine),
            "provisioningErrors": null,
            "isAttachedCompute": false,
            "properties": inner(machine, &workspace.spec.region, tenant),
        },
    });
    if let (true, Value::Object(members)) = (spec.identity, &mut written) {
        let principal = uuid_of(mix(0, &[&machine.id, "identity"]), 11);
        members.insert(
            "identity".into(),
            json!({ "type": "SystemAssigned", "principalId": principal, "tenantId": tenant }),
        );
    }
    asked::dress_outer(&mut written, machine, tenant);
    written
}

fn inner(machine: &Machine, region: &str, tenant: &str) -> Value {
    let spec = &machine.spec;
    let assigned = spec.owner.as_ref().and_then(|owner| owner.assigned_to.as_ref());
    let mut properties = json!({
        "vmSize": spec.vm_size.to_uppercase(),
        "subnet": null,
        "applicationSharingPolicy": if assigned.is_some() { "Personal" } else { "Shared" },
        "sshSettings": { "sshPublicAccess": "Disabled", "adminUserName": "azureuser", "sshPort": 4001, "adminPublicKey": null },
        "errors": asked::errors(machine),
        "connectivityEndpoints": addresses(machine),
        "applications": applications(&spec.name, region),
        "state": machine.state.word(),
        "lastOperation": {
            "operationName": machine.last.name.word(),
            "operationTime": three_digits(machine.last.time),
            "operationStatus": machine.last.status_word(),
            "operationTrigger": machine.last.trigger.word(),
        },
        "createdBy": spec.owner.as_ref().map(|owner| created_by(owner, tenant)),
        "computeInstanceAuthorizationType": assigned.map(|_| "personal"),
        "personalComputeInstanceSettings": assigned.map(|user| json!({ "assignedUser": { "objectId": user, "tenantId": tenant } })),
        "setupScripts": null,
        "schedules": { "computeStartStop": schedules(machine) },
        "dataMounts": null,
        "dataDisks": null,
        "containers": null,
        "updateStatus": null,
        "versions": { "runtime": "3.0.01915.0001" },
    });
    if let (Some(minutes), Value::Object(members)) = (spec.idle_minutes, &mut properties) {
        members.insert("idleTimeBeforeShutdown".into(), json!(format!("PT{minutes}M")));
    }
    if let (false, Value::Object(members)) = (spec.custom_services.is_empty(), &mut properties) {
        members.insert("customServices".into(), spec.custom_services.iter().map(|name| custom_service(name)).collect());
    }
    if let Value::Object(members) = &mut properties {
        asked::dress_inner(members, machine);
    }
    properties
}

fn custom_service(name: &str) -> Value {
    json!({
        "name": name, "image": { "type": "docker", "reference": format!("registry.example/{name}:1") },
        "environmentVariables": {}, "docker": { "privileged": false }, "volumes": [],
        "endpoints": [{ "protocol": "http", "name": name, "target": 8080, "published": 8080, "hostIp": null }],
    })
}

/// Addresses of a machine that is up; from the documentation ranges.
fn addresses(machine: &Machine) -> Value {
    if !machine.is_up() {
        return json!({ "publicIpAddress": null, "privateIpAddress": null });
    }
    let host = mix(0, &[&machine.id]);
    let public = Some(format!("203.0.113.{}", host % 254));
    let public = public.filter(|_| !asked::without_address(machine.spec.asked.as_ref()));
    json!({ "publicIpAddress": public, "privateIpAddress": format!("10.0.{}.{}", host % 200, (host >> 9) % 254) })
}

fn applications(name: &str, region: &str) -> Value {
    json!([
        { "displayName": "Jupyter", "endpointUri": format!("https://{name}.{region}.instances.azureml.ms/tree/") },
        { "displayName": "Jupyter Lab", "endpointUri": format!("https://{name}.{region}.instances.azureml.ms/lab") },
        { "displayName": "RStudio", "endpointUri": format!("https://{name}-8787.{region}.instances.azureml.ms") },
    ])
}

fn created_by(owner: &Owner, tenant: &str) -> Value {
    let mut by = Map::new();
    if let Some(name) = &owner.user_name {
        by.insert("userName".into(), json!(name));
    }
    by.insert("userOrgId".into(), json!(tenant));
    by.insert("userId".into(), json!(owner.object_id));
    Value::Object(by)
}

fn schedules(machine: &Machine) -> Vec<Value> {
    machine
        .spec
        .schedules
        .iter()
        .enumerate()
        .map(|(position, schedule)| native_schedule(&machine.spec.name, position, schedule))
        .collect()
}

fn native_schedule(name: &str, position: usize, schedule: &NativeSchedule) -> Value {
    let action = match schedule.action {
        NativeAction::Start => "Start",
        NativeAction::Stop => "Stop",
    };
    let id = format!("{name}-{position}-{}", action.to_lowercase());
    let mut written = json!({
        "id": id, "provisioningStatus": "Completed", "status": if schedule.enabled { "Enabled" } else { "Disabled" }, "action": action,
        "triggerType": null, "recurrence": null, "cron": null, "schedule": null,
    });
    let (kind, member, body) = match schedule.style {
        ScheduleStyle::Cron => {
            let days: Vec<String> = schedule.weekdays.iter().map(|day| (day % 7).to_string()).collect();
            let expression = format!("{} {} * * {}", schedule.minute, schedule.hour, days.join(","));
            (
                "Cron",
                "cron",
                json!({ "startTime": "2021-04-23T01:30:00", "timeZone": schedule.windows_zone, "expression": expression }),
            )
        }
        ScheduleStyle::Recurrence => {
            let days: Vec<&str> = schedule.weekdays.iter().filter_map(|day| weekday(*day)).collect();
            let times =
                json!({ "hours": [schedule.hour], "minutes": [schedule.minute], "weekDays": days, "monthDays": null });
            let body = json!({ "frequency": "Week", "interval": 1, "startTime": "2021-04-23T01:30:00", "timeZone": schedule.windows_zone, "schedule": times });
            ("Recurrence", "recurrence", body)
        }
    };
    if let Value::Object(members) = &mut written {
        members.insert("triggerType".into(), json!(kind));
        members.insert(member.into(), body);
    }
    written
}

fn weekday(day: i8) -> Option<&'static str> {
    let names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    names.get(usize::try_from(day).ok()?.checked_sub(1)?).copied()
}

/// A compute of another type: the members that those have.
pub(super) fn other(other: &OtherCompute, workspace: &Workspace) -> Value {
    let properties = if other.compute_type == "AmlCompute" {
        json!({
            "vmSize": "STANDARD_D1_V2", "vmPriority": "LowPriority", "subnet": null, "currentNodeCount": 0, "targetNodeCount": 0,
            "scaleSettings": { "maxNodeCount": 2, "minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": "PT2M" },
            "allocationState": "Steady", "allocationStateTransitionTime": "2026-01-31T08:19:43.44+00:00", "errors": null,
            "remoteLoginPortPublicAccess": "Enabled", "osType": "Linux", "virtualMachineImage": null, "isolatedNetwork": false,
            "enableNodePublicIp": true, "idleTimeBeforeShutdown": "PT120M",
        })
    } else {
        json!({ "defaultInstanceType": "defaultinstancetype", "namespace": "default", "relayConnectionString": null, "extensionPrincipalId": null })
    };
    json!({
        "id": format!("{}/computes/{}", workspace.id, other.name), "name": other.name, "type": COMPUTE_TYPE,
        "location": workspace.spec.location, "tags": {},
        "properties": {
            "createdOn": "2026-01-31T08:19:39.0074366+00:00", "modifiedOn": "2026-01-31T08:19:45.7161131+00:00", "disableLocalAuth": false,
            "description": null, "resourceId": null, "computeType": other.compute_type, "computeLocation": workspace.spec.region,
            "provisioningState": "Succeeded", "provisioningErrors": null, "isAttachedCompute": other.compute_type != "AmlCompute",
            "properties": properties,
        },
    })
}

/// One workspace.
pub(super) fn workspace(workspace: &Workspace, tenant: &str) -> Value {
    let spec = &workspace.spec;
    let scope = format!("/subscriptions/{}/resourceGroups/{}/providers", spec.subscription, spec.resource_group);
    json!({
        "id": workspace.id, "name": spec.name, "type": "Microsoft.MachineLearningServices/workspaces", "location": spec.region,
        "tags": tags(&spec.tags), "etag": null, "kind": "Default",
        "properties": {
            "friendlyName": spec.name, "description": "",
            "storageAccount": format!("{scope}/Microsoft.Storage/storageAccounts/st0001"),
            "keyVault": format!("{scope}/Microsoft.Keyvault/vaults/kv0001"),
            "applicationInsights": format!("{scope}/Microsoft.insights/components/appi0001"),
            "hbiWorkspace": false, "tenantId": tenant, "imageBuildCompute": null, "provisioningState": "Succeeded", "containerRegistry": null,
            "creationTime": "2025-08-31T08:12:07.9603954+00:00", "storageHnsEnabled": false, "linkedModelInventoryArmId": null,
            "privateLinkCount": 0, "allowPublicAccessWhenBehindVnet": true, "publicNetworkAccess": "Enabled",
            "discoveryUrl": format!("https://{}.api.azureml.ms/discovery", spec.region),
            "mlFlowTrackingUri": format!("azureml://{}.api.azureml.ms/mlflow/v1.0{}", spec.region, workspace.id),
        },
        "identity": { "type": "SystemAssigned", "principalId": "00000000-0000-4000-8000-000000000011", "tenantId": tenant },
        "sku": { "name": "Basic", "tier": "Basic" },
        "systemData": {
            "createdAt": "2025-08-31T08:12:07.0857487Z", "createdBy": "user@contoso.example", "createdByType": "User",
            "lastModifiedAt": "2025-08-31T08:12:07.0857487Z", "lastModifiedBy": "user@contoso.example", "lastModifiedByType": "User",
        },
    })
}

fn tags(tags: &[(String, String)]) -> Value {
    Value::Object(tags.iter().map(|(name, value)| (name.clone(), json!(value))).collect())
}
