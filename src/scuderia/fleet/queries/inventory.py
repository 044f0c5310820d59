"""What stands where: nodes and their places, sites."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Exists, OuterRef

from scuderia.basics.errors import NotFound
from scuderia.fleet.models.inventory import Node, Site, Sku
from scuderia.fleet.nouns import NodeName, NodePlace

PLACE_COLUMNS = (
    "rack__cluster__site__name",
    "rack__cluster__name",
    "rack__name",
    "sku__name",
)


UNKNOWN_REMEDY = "List what is on the books with `scuderia fleet nodes` or `fleet customers`."


class UnknownSubject(NotFound):
    """Nothing by that name is on the fleet's books."""

    code = "FLEET-001"
    remedy = UNKNOWN_REMEDY


def list_places(*, site: str | None = None) -> tuple[NodePlace, ...]:
    """Return every node's place, by name, in one query."""
    nodes = Node.objects.order_by("name")
    if site is not None:
        nodes = nodes.filter(rack__cluster__site__name=site)
    rows = nodes.values_list(
        "name", "rack__cluster__site__name", "rack__cluster__name", "rack__name", "sku__name"
    )
    return tuple(NodePlace(NodeName(row[0]), *row[1:]) for row in rows)


def gpus_of(nodes: Iterable[str]) -> dict[str, int]:
    """Return how many GPUs each of these nodes has; those not on the books are left out."""
    rows = Node.objects.filter(name__among=nodes)
    return dict(rows.values_list("name", "sku__gpus_per_node"))


def holds_fleet() -> bool:
    """Say whether the books hold a fleet; False while its tables have not been made."""
    if Site._meta.db_table not in connection.introspection.table_names():  # noqa: SLF001 - documented
        return False
    return Node.objects.exists()


def list_sites() -> tuple[str, ...]:
    """Return the sites' names; one whose first import is under way is none yet."""
    here = Node.objects.filter(rack__cluster__site=OuterRef("pk"))
    rows = Site.objects.filter(Exists(here)).order_by("name")
    return tuple(rows.values_list("name", flat=True))


def list_skus() -> tuple[tuple[str, int], ...]:
    """Return each node type by name, with the GPUs of a node."""
    return tuple(Sku.objects.order_by("name").values_list("name", "gpus_per_node"))
