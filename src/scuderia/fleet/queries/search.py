"""What the search finds in the fleet: nodes, racks, clusters, sites and customers within reach."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.urls import reverse

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.inventory import Cluster, Node, Rack, Site
from scuderia.fleet.queries.access import readable_scopes
from scuderia.fleet.queries.customers import list_customers
from scuderia.loop.ports import registry
from scuderia.web.search import SearchHit, holds

PLACES: tuple[tuple[str, Any, str], ...] = (
    ("rack", Rack, "rack__pk"),
    ("cluster", Cluster, "rack__cluster__pk"),
    ("site", Site, "rack__cluster__site__pk"),
)
"""Each kind of place: its table, and the way there from a node."""
_COLUMNS = {
    "node": "name__in",
    "rack": "rack__name__in",
    "cluster": "rack__cluster__name__in",
    "site": "rack__cluster__site__name__in",
}


def search_fleet(actor: Actor, text: str, limit: int) -> tuple[SearchHit, ...]:
    """Return what the actor may read of the fleet: customers, places, then nodes, by name."""
    nodes = readable_nodes(actor, registry.clock.now())
    found = [*_customers(actor, text), *_places(nodes, text, limit)]
    rows = _named(nodes, text).values_list("name", "rack__name", "rack__cluster__name")[:limit]
    found += [
        SearchHit(name, "node", reverse("node", args=[name]), f"rack {rack}, cluster {cluster}")
        for name, rack, cluster in rows
    ]
    return tuple(found[:limit])


def readable_nodes(actor: Actor, at: AwareDatetime) -> QuerySet[Node]:
    """Return the nodes on the books at `at` that hang, then, under a scope the actor may read."""
    nodes, scopes = Node.objects.filter(active_from__lte=at), readable_scopes(actor)
    if str(EVERYTHING) in scopes:
        return nodes
    named: dict[str, list[str]] = {}
    for scope in map(SubjectRef.parse, sorted(scopes)):
        named.setdefault(scope.kind, []).append(scope.name)
    reach = [Q(**{_COLUMNS[kind]: names}) for kind, names in named.items() if kind in _COLUMNS]
    if "customer" in named:
        held = Allocation.objects.filter(
            Q(end__isnull=True) | Q(end__gt=at), node=OuterRef("pk"), start__lte=at,
            customer__name__in=named["customer"],
        )  # fmt: skip
        reach.append(Q(Exists(held)))
    return nodes.filter(reduce(or_, reach)) if reach else nodes.none()


def _named(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Return the rows whose name holds every word, the very name first."""
    for word in text.split():
        rows = rows.filter(name__icontains=word)
    nearest = Case(
        When(name__iexact=text, then=Value(0)),
        When(name__istartswith=text, then=Value(1)),
        default=Value(2),
    )
    return rows.order_by(nearest, "name")


def _places(nodes: QuerySet[Node], text: str, limit: int) -> Iterator[SearchHit]:
    for kind, table, way in PLACES:
        for name in _named(table.objects.filter(pk__in=nodes.values(way)), text)[:limit]:
            address = f"{reverse('fleet')}?{urlencode({'q': str(name)})}"
            yield SearchHit(str(name), kind, address)


def _customers(actor: Actor, text: str) -> Iterator[SearchHit]:
    for row in list_customers(actor, registry.clock.now()):
        if holds(text, row.name):
            held = f"{row.nodes_held} node{'' if row.nodes_held == 1 else 's'}"
            yield SearchHit(row.name, "customer", reverse("customer", args=[row.name]), held)
