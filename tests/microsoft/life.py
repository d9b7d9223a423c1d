"""Makes, restarts and deletes an instance with the management client, whose models know inline scripts; prints JSON.

Arguments: base URL, subscription, resource group, workspace, region.
"""

import base64
import json
import sys

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import HeadersPolicy
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient, models


class NoCredential:
    """The static token goes into the header; nothing may ask for another."""

    def get_token(self, *scopes, **kwargs):
        raise AssertionError("the client must not ask for a token")

    def get_token_info(self, *scopes, **kwargs):
        raise AssertionError("the client must not ask for a token")


def inline(text, arguments=None, timeout=None):
    data = base64.b64encode(text.encode()).decode()
    return models.ScriptReference(
        script_source="inline", script_data=data, script_arguments=arguments, timeout=timeout
    )


def wanted(location, **properties):
    inner = models.ComputeInstanceProperties(vm_size="STANDARD_DS3_V2", **properties)
    return models.ComputeResource(location=location, properties=models.ComputeInstance(properties=inner))


def scripts(creation, startup=None):
    parts = models.ScriptsToExecute(creation_script=creation, startup_script=startup)
    return models.SetupScripts(scripts=parts)


def main():
    base, subscription, group, workspace, region = sys.argv[1:6]
    client = MachineLearningServicesMgmtClient(
        credential=NoCredential(),
        subscription_id=subscription,
        base_url=base,
        credential_scopes=[base + "/.default"],
        authentication_policy=HeadersPolicy({"Authorization": "Bearer x"}),
    )
    compute = client.compute

    def make(name, body):
        return compute.begin_create_or_update(group, workspace, name, body, polling_interval=0).result()

    def read(name):
        return compute.get(group, workspace, name).properties.properties

    def cores():
        found = client.usages.list(region)
        return {item.name.value: item.current_value for item in found if item.type.endswith("/vmFamily/usages")}

    before = cores()
    good = scripts(inline("#!/bin/bash\necho hello $1\n", "world", "20m"), inline("echo up\n"))
    made = make("ci-inline", wanted(region, setup_scripts=good)).properties
    during = cores()
    seen = {"made": [made.provisioning_state, made.properties.state, made.properties.created_by.user_id]}
    for name, script in (("ci-exits", "set -e\nexit 1\n"), ("ci-sleeps", "sleep 3600\n")):
        try:
            make(name, wanted(region, setup_scripts=scripts(inline(script))))
            seen[name] = None
        except HttpResponseError as error:
            found = read(name)
            seen[name] = [error.error.code, found.state, found.errors[0].error.code]
    compute.begin_restart(group, workspace, "ci-inline", polling_interval=0).result()
    seen["restarted"] = [read("ci-inline").state, read("ci-inline").last_operation.operation_name]
    refused = []
    for name, body in (("ci-1", wanted(region)), ("ci-elsewhere", wanted("moon"))):
        try:
            make(name, body)
        except HttpResponseError as error:
            words = json.loads(error.response.text())["error"]
            refused.append([error.status_code, words["code"], words["message"]])
    seen["refused"] = refused
    for name in ("ci-inline", "ci-exits", "ci-sleeps", "ci-never"):
        compute.begin_delete(group, workspace, name, "Delete", polling_interval=0).result()
    try:
        read("ci-inline")
    except ResourceNotFoundError as error:
        seen["gone"] = error.error.code
    family = "Standard DSv2 Family Cluster Dedicated vCPUs"
    seen["cores"] = [during[family] - before[family], cores()[family] - before[family]]
    seen["quota"] = {item.name.value: item.limit for item in client.quotas.list(region)}[family]
    print(json.dumps(seen))


main()
