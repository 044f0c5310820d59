"""Who held which node, and when."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.columns import touching
from scuderia.fleet.nouns import AllocationRecord, CustomerName, NodeName
from scuderia.fleet.queries.access import readable_scopes

_COLUMNS = {
    "customer": "customer__name",
    "node": "node__name",
    "rack": "node__rack__name",
    "cluster": "node__rack__cluster__name",
    "site": "node__rack__cluster__site__name",
}


def allocations_between(
    start: AwareDatetime,
    end: AwareDatetime,
    *,
    customer: str | None = None,
    nodes: Collection[str] | None = None,
) -> tuple[AllocationRecord, ...]:
    """Return who held what in [start, end), by start; `nodes`: of these alone."""
    rows = Allocation.objects.filter(touching(start, end))
    if customer is not None:
        rows = rows.filter(customer__name=customer)
    if nodes is not None:
        rows = rows.filter(node__name__among=set(nodes))
    return as_allocations(rows)


def as_allocations(rows: QuerySet[Allocation]) -> tuple[AllocationRecord, ...]:
    """Return the rows as the room's nouns, by start."""
    return tuple(
        AllocationRecord(CustomerName(customer), NodeName(name), begun, ended)
        for customer, name, begun, ended in rows.order_by("start", "id").values_list(
            "customer__name", "node__name", "start", "end"
        )
    )


@dataclass(frozen=True, slots=True)
class NodeHold:
    """A customer holds a node over [start, end); end None: it lasts."""

    node: NodeName
    customer: CustomerName
    start: AwareDatetime
    end: AwareDatetime | None


def list_allocations(
    actor: Actor,
    *,
    customer: str | None = None,
    node: str | None = None,
    limit: int = 1_000,
    offset: int = 0,
) -> tuple[NodeHold, ...]:
    """Return who held what within reach, by node and start: a customer's reader sees its own.

    A name that is out of reach is told as one that is not there: with no row.
    """
    rows = Allocation.objects.filter(_within(readable_scopes(actor)))
    if customer is not None:
        rows = rows.filter(customer__name=customer)
    if node is not None:
        rows = rows.filter(node__name=node)
    found = rows.order_by("node__name", "start").values_list(
        "node__name", "customer__name", "start", "end"
    )
    return tuple(
        NodeHold(NodeName(name), CustomerName(holder), begun, ended)
        for name, holder, begun, ended in found[offset : offset + limit]
    )


def _within(scopes: frozenset[str]) -> Q:
    """Keep what the scopes cover: a customer its own holds, a place the holds of its nodes."""
    if str(EVERYTHING) in scopes:
        return Q()
    within = Q(pk__in=())
    for scope in scopes:
        kind, _, name = scope.partition(":")
        if kind in _COLUMNS:
            within |= Q(**{_COLUMNS[kind]: name})
    return within
