"""Which labels nodes bear."""

from collections.abc import Collection

from django.db.models import QuerySet

from scuderia.fleet.models.labels import NodeLabel


def labels_of(nodes: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the labels of each of these nodes; those that bear none are left out."""
    return _by_node(NodeLabel.objects.filter(node__name__among=nodes))


def labels_with(keys: Collection[str]) -> dict[str, dict[str, str]]:
    """Return, of every node, its labels of these keys; those that bear none are left out."""
    return _by_node(NodeLabel.objects.filter(key__in=keys)) if keys else {}


def _by_node(rows: QuerySet[NodeLabel]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    told = rows.order_by("node__name", "key").values_list("node__name", "key", "value")
    for node, key, value in told.iterator(chunk_size=2_000):
        found.setdefault(node, {})[key] = value
    return found
