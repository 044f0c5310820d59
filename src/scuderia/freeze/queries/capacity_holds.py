"""The free nodes that zones keep for runs to come, as the fleet asks for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import CapacityHold, CustomerName
from scuderia.freeze.models.zones import ZoneNode
from scuderia.freeze.nouns import ZoneState

_FIRM = (ZoneState.SCHEDULED, ZoneState.ACTIVE)


@dataclass(frozen=True, slots=True)
class ZoneCapacity:
    """Fills fleet.ports.CapacityBook from the zones that hold: from approval to their end."""

    def holds_at(self, at: AwareDatetime) -> Mapping[str, CapacityHold]:
        """Return the nodes that are kept at an instant, by name."""
        rows = kept_nodes(at).values_list("node", "zone_id", "zone__customer", "zone__starts_at")
        return {
            node: CapacityHold(f"zone:{zone}", CustomerName(customer), starts_at)
            for node, zone, customer, starts_at in rows
        }


def kept_nodes(at: datetime) -> "QuerySet[ZoneNode]":
    """Return the pins of the zones that hold at an instant, the oldest zone last."""
    lasting = Q(zone__ends_at__isnull=True) | Q(zone__ends_at__gt=at)
    return ZoneNode.objects.filter(
        lasting,
        until__isnull=True,
        zone__state__in=_FIRM,
        zone__scope__hold=True,
        zone__decided_at__lte=at,
    ).order_by("-zone__decided_at", "node")


@dataclass(frozen=True, slots=True)
class KeptNode:
    """A node that a zone keeps for its customer's run; `nodes` is how many it keeps in all."""

    node: str
    zone: UUID
    customer: str
    starts_at: AwareDatetime
    nodes: int


def kept_node(name: str, at: AwareDatetime) -> KeptNode | None:
    """Return by which zone, and for whom, the node is kept; None: by none."""
    pin = kept_nodes(at).filter(node=name).select_related("zone").first()
    if pin is None:
        return None
    zone = pin.zone
    nodes = zone.pins.filter(until__isnull=True).count()
    return KeptNode(name, zone.pk, zone.customer, zone.starts_at, nodes)
