"""Drives the sandbox with Microsoft's own client; prints one JSON object of what it saw.

Arguments: base URL, subscription, resource group, workspace.
"""

import json
import sys

from azure.core.pipeline.policies import HeadersPolicy
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient


class NoCredential:
    """The static token goes into the header; nothing may ask for another."""

    def get_token(self, *scopes, **kwargs):
        raise AssertionError("the client must not ask for a token")

    def get_token_info(self, *scopes, **kwargs):
        raise AssertionError("the client must not ask for a token")


def main():
    base, subscription, group, workspace = sys.argv[1:5]
    client = MachineLearningServicesMgmtClient(
        credential=NoCredential(),
        subscription_id=subscription,
        base_url=base,
        credential_scopes=[base + "/.default"],
        authentication_policy=HeadersPolicy({"Authorization": "Bearer x"}),
    )
    workspaces = [item.name for item in client.workspaces.list_by_subscription()]
    pages = [list(page) for page in client.compute.list(group, workspace).by_page()]
    computes = [item for page in pages for item in page]
    up = [
        item
        for item in computes
        if item.properties.compute_type == "ComputeInstance"
        and item.properties.properties.state == "Running"
    ]
    target = up[0].name
    before = client.compute.get(group, workspace, target).properties.properties
    # One stop for each style of headers, so that both ways of polling are walked to the end.
    stopped = []
    for item in up[:3]:
        client.compute.begin_stop(group, workspace, item.name, polling_interval=0).result()
        state = client.compute.get(group, workspace, item.name).properties.properties.state
        stopped.append(str(getattr(state, "value", state)))
    print(
        json.dumps(
            {
                "workspaces": workspaces,
                "pages": [len(page) for page in pages],
                "names": [item.name for item in computes],
                "types": sorted({str(item.properties.compute_type) for item in computes}),
                "before": str(getattr(before.state, "value", before.state)),
                "vm_size": before.vm_size,
                "owner": before.created_by.user_name if before.created_by else None,
                "operation": str(before.last_operation.operation_name),
                "stopped": stopped,
            }
        )
    )


main()
