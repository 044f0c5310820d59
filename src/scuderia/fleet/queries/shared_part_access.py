"""Which shared parts an actor may know of: those on which a node hangs that they may read."""

from collections.abc import Collection
from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.queries.access import readable_scopes, sees_everything, within_reach
from scuderia.fleet.queries.nodes import node_statuses
from scuderia.fleet.queries.shared_parts import nodes_by_part


@dataclass(frozen=True, slots=True)
class SharedPartRow:
    """A shared part, and how many nodes hang on it, of those within the reader's reach."""

    part: str
    nodes: int


def list_shared_parts(actor: Actor, now: AwareDatetime) -> tuple[SharedPartRow, ...]:
    """Return the shared parts on which nodes within the actor's reach hang, by name."""
    hanging = nodes_by_part(None)
    known = None if sees_everything(actor) else _within(actor, hanging, now)
    counts = (
        (part, sum(known is None or node in known for node in nodes))
        for part, nodes in sorted(hanging.items())
    )
    return tuple(SharedPartRow(part, nodes) for part, nodes in counts if nodes)


def parts_within_reach(actor: Actor, parts: Collection[str], now: AwareDatetime) -> frozenset[str]:
    """Return those of the parts on which a node within the actor's reach hangs."""
    hanging = nodes_by_part(parts)
    known = _within(actor, hanging, now)
    return frozenset(part for part, nodes in hanging.items() if not known.isdisjoint(nodes))


def _within(
    actor: Actor, hanging: dict[str, tuple[str, ...]], now: AwareDatetime
) -> frozenset[str]:
    scopes = readable_scopes(actor)
    names = {node for nodes in hanging.values() for node in nodes}
    return frozenset(
        node
        for node, status in node_statuses(names, now).items()
        if within_reach(status.place, str(status.customer or ""), scopes)
    )
