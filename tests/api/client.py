"""Uses the API by a client that openapi-python-client made of config/openapi.json."""

import os

from lightsout_client import AuthenticatedClient
from lightsout_client.api.default import (
    get_instance,
    get_offer,
    get_savings,
    hold_instance,
    lift_hold,
    list_holds,
    list_instances,
)
from lightsout_client.models import HoldAsked, HoldShape, ProblemShape

client = AuthenticatedClient(
    base_url=os.environ["LIGHTSOUT_URL"], token=os.environ["LIGHTSOUT_TOKEN"], raise_on_unexpected_status=True
)


def place(instance):
    """How an instance is named in paths."""
    return instance.subscription, instance.resource_group, instance.workspace, instance.name


listed = list_instances.sync(client=client, per_page=2, page=1)
rest = list_instances.sync(client=client, per_page=2, page=2)
found = {one.name: one for one in listed.instances + rest.instances}
assert len(found) == listed.matching == 3, found

mine, other = found["ci-00000-00000"], found["ci-00000-00001"]
one = get_instance.sync(*place(mine), client=client)
assert one.state == "running" and one.owner == "ada@example.org", one

offer = get_offer.sync(*place(mine), client=client)
shortest = min(offer.choices, key=lambda choice: choice.seconds)
assert shortest.seconds == 3600 and shortest.price is not None, offer

body = HoldAsked(seconds=shortest.seconds, reason="a long run")
hold = hold_instance.sync(*place(mine), client=client, body=body)
assert isinstance(hold, HoldShape), hold
assert hold.price.amount == shortest.price.amount, (hold, shortest)
assert [known.id for known in list_holds.sync(client=client)] == [hold.id]

refused = hold_instance.sync_detailed(*place(other), client=client, body=body)
assert refused.status_code == 403 and isinstance(refused.parsed, ProblemShape), refused
assert "not yours" in refused.parsed.detail, refused

lifted = lift_hold.sync_detailed(hold.id, client=client)
assert lifted.status_code == 204, lifted
assert list_holds.sync(client=client) == []

savings = get_savings.sync(client=client, month="2026-03")
assert savings.total.running_seconds > 0 and savings.total.cost and savings.rows, savings

print(f"listed {len(found)}, held and lifted {mine.name}, refused {other.name}")
