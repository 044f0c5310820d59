"""The switches, power feeds and storage that nodes hang on, and which nodes hang on each."""

from collections.abc import Collection

from scuderia.fleet.engine.shared_parts import counted, is_shared_part
from scuderia.fleet.models.shared_parts import NodeSharedPart

__all__ = [
    "counted", "is_shared_part", "known_parts", "nodes_by_part", "parts_by_node", "parts_of",
]  # fmt: skip


def nodes_by_part(parts: Collection[str] | None) -> dict[str, tuple[str, ...]]:
    """Return the nodes that hang on each of these parts; None: on every part that is known."""
    rows = NodeSharedPart.objects.order_by("part", "node__name")
    if parts is not None:
        rows = rows.filter(part__among=parts)
    found: dict[str, list[str]] = {}
    for part, node in rows.values_list("part", "node__name").iterator(chunk_size=2_000):
        found.setdefault(part, []).append(node)
    return {part: tuple(nodes) for part, nodes in found.items()}


def known_parts(among: Collection[str] | None = None) -> frozenset[str]:
    """Return every part, or of these every one, on which a node hangs."""
    rows = NodeSharedPart.objects.all()
    if among is not None:
        rows = rows.filter(part__among=among)
    return frozenset(rows.values_list("part", flat=True).distinct())


def parts_of(nodes: Collection[str]) -> frozenset[str]:
    """Return the parts on which any of these nodes hangs."""
    rows = NodeSharedPart.objects.filter(node__name__among=nodes)
    return frozenset(rows.values_list("part", flat=True).distinct())


def parts_by_node(nodes: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the parts on which each of these nodes hangs, ascending; on none: left out."""
    rows = NodeSharedPart.objects.filter(node__name__among=nodes).order_by("node__name", "part")
    found: dict[str, list[str]] = {}
    for node, part in rows.values_list("node__name", "part").iterator(chunk_size=2_000):
        found.setdefault(node, []).append(part)
    return {node: tuple(parts) for node, parts in found.items()}
