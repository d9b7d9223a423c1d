"""Makes, shows, stops, starts, restarts and deletes instances with the entities of azure-ai-ml; prints what it saw as JSON.

Arguments: subscription, resource group, workspace. The cloud comes from ARM_CLOUD_METADATA_URL.
"""

import json
import logging
import sys
import time

from azure.ai.ml import MLClient
from azure.ai.ml.constants import TimeZone
from azure.ai.ml.entities import (
    AssignedUserConfiguration,
    ComputeInstance,
    ComputeInstanceSshSettings,
    ComputePowerAction,
    ComputeSchedules,
    ComputeStartStopSchedule,
    CronTrigger,
    CustomApplications,
    EndpointsSettings,
    IdentityConfiguration,
    ImageSettings,
    ManagedIdentityConfiguration,
    NetworkSettings,
    RecurrencePattern,
    RecurrenceTrigger,
    ScriptReference,
    SetupScripts,
)
from azure.core.credentials import AccessToken

logging.getLogger("azure").setLevel(logging.ERROR)

SIZE = "Standard_DS3_v2"
KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDsandbox ana@contoso.example"
PERSON = AssignedUserConfiguration(
    user_tenant_id="5a4d0000-0000-4000-8000-00000000d3e0",
    user_object_id="0b1ec700-0000-4000-8000-00000000f00d",
)


class StaticCredential:
    """The sandbox takes this token beside those that it gives out."""

    def get_token(self, *scopes, **kwargs):
        return AccessToken("x", int(time.time()) + 3600)


def identity_of(group):
    """The ARM id of an identity in the resource group."""
    root = f"/subscriptions/5a4d0000-0000-4000-8000-000000000001/resourceGroups/{group}"
    return f"{root}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-notebooks"


def cron(action):
    trigger = CronTrigger(
        start_time="2026-11-02T00:00:00", time_zone=TimeZone.ROMANCE_STANDARD_TIME, expression="0 19 * * 1-5"
    )
    return ComputeStartStopSchedule(trigger=trigger, action=action)


def recurrence(action):
    trigger = RecurrenceTrigger(
        start_time="2026-11-02T00:00:00",
        time_zone=TimeZone.ROMANCE_STANDARD_TIME,
        frequency="week",
        interval=1,
        schedule=RecurrencePattern(week_days=["monday", "friday"], hours=8, minutes=[0, 30]),
    )
    return ComputeStartStopSchedule(trigger=trigger, action=action)


def scripts():
    return SetupScripts(
        creation_script=ScriptReference(path="Users/ana/creation.sh", command="one two", timeout_minutes=20),
        startup_script=ScriptReference(path="Users/ana/startup.sh"),
    )


def cases(group):
    """Every request, by the name of the file that holds its body."""
    stop, start = ComputePowerAction.STOP, ComputePowerAction.START
    user_identity = IdentityConfiguration(
        type="user_assigned",
        user_assigned_identities=[ManagedIdentityConfiguration(resource_id=identity_of(group))],
    )
    return {
        "minimal": {},
        "idle": {"idle_time_before_shutdown_minutes": 45},
        "on_behalf_of": {"create_on_behalf_of": PERSON},
        "setup_scripts_share": {"setup_scripts": scripts()},
        "schedules_cron": {"schedules": ComputeSchedules(compute_start_stop=[cron(stop)])},
        "schedules_recurrence": {"schedules": ComputeSchedules(compute_start_stop=[recurrence(start)])},
        "identity_system": {"identity": IdentityConfiguration(type="system_assigned")},
        "identity_user": {"identity": user_identity},
        "ssh": {
            "ssh_public_access_enabled": True,
            "ssh_settings": ComputeInstanceSshSettings(ssh_key_value=KEY),
        },
        "no_public_ip": {
            "network_settings": NetworkSettings(vnet_name="vnet-ml", subnet="notebooks"),
            "enable_node_public_ip": False,
        },
        "full": {
            "description": "everything that an administrator can choose",
            "tags": {"team": "vision", "cost-center": "4711"},
            "ssh_public_access_enabled": True,
            "ssh_settings": ComputeInstanceSshSettings(ssh_key_value=KEY),
            "create_on_behalf_of": PERSON,
            "network_settings": NetworkSettings(vnet_name="vnet-ml", subnet="notebooks"),
            "enable_node_public_ip": False,
            "setup_scripts": scripts(),
            "idle_time_before_shutdown_minutes": 120,
            "schedules": ComputeSchedules(compute_start_stop=[cron(stop), recurrence(start)]),
            "identity": user_identity,
            "custom_applications": [
                CustomApplications(
                    name="rstudio",
                    image=ImageSettings(reference="ghcr.io/azure/rocker-rstudio-ml-verse:latest"),
                    type="docker",
                    endpoints=[EndpointsSettings(published=8787, target=8787)],
                )
            ],
        },
    }


def word(value):
    """The word on the wire, whether the client made an enumeration of it or not."""
    return getattr(value, "value", value)


def shown(compute):
    """What the client reads of an instance, as far as it is the same in every run."""
    ssh, network, person = compute.ssh_settings, compute.network_settings, compute.create_on_behalf_of
    schedules = compute.schedules.compute_start_stop if compute.schedules else []
    return {
        "state": word(compute.state),
        "provisioning_state": word(compute.provisioning_state),
        "size": compute.size,
        "location": compute.location,
        "description": compute.description,
        "tags": compute.tags,
        "operation": compute.last_operation["operationName"],
        "ssh": [compute.ssh_public_access_enabled, ssh.ssh_key_value, str(ssh.ssh_port), ssh.admin_username],
        "subnet": network.subnet if network else None,
        "public_address": bool(network and network.public_ip_address),
        "person": person.user_object_id if person else None,
        "identity": compute.identity.type if compute.identity else None,
        "idle": compute.idle_time_before_shutdown_minutes,
        "scripts": [compute.setup_scripts.creation_script.path, compute.setup_scripts.startup_script.path]
        if compute.setup_scripts
        else None,
        "schedules": [[word(one.action), word(one.provisioning_state), one.schedule_id] for one in schedules],
        "applications": [one.name for one in compute.custom_applications or []],
    }


def name_of(usage):
    return usage.name["value"] if isinstance(usage.name, dict) else usage.name.value


def state_of(client, name):
    return word(client.compute.get(name).state)


def main():
    subscription, group, workspace = sys.argv[1:4]
    client = MLClient(
        StaticCredential(), subscription, group, workspace, enable_telemetry=False, polling_interval=0
    )
    made = {}
    for case, options in cases(group).items():
        name = "ci-" + case.replace("_", "-")
        client.compute.begin_create_or_update(ComputeInstance(name=name, size=SIZE, **options)).result()
        made[case] = shown(client.compute.get(name))
    life = []
    for verb in (client.compute.begin_stop, client.compute.begin_start, client.compute.begin_restart):
        verb("ci-minimal").result()
        life.append(state_of(client, "ci-minimal"))
    every = [item.name for item in client.compute.list(compute_type="ComputeInstance")]
    listed = [name for name in every if name[3:].replace("-", "_") in made]
    # this client leaves `current_value` empty and keeps what came beside it
    families = [one for one in client.compute.list_usage() if one.type.endswith("/vmFamily/usages")]
    usages = {name_of(one): vars(one).get("currentValue") for one in families}
    for name in listed:
        client.compute.begin_delete(name).result()
    left = [item.name for item in client.compute.list(compute_type="ComputeInstance") if item.name in listed]
    print(json.dumps({"made": made, "life": life, "listed": sorted(listed), "left": left, "usages": usages}))


main()
