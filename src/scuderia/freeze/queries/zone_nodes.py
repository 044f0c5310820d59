"""Which of a zone's nodes and shared parts an actor may be told by name; of others a number."""

from collections.abc import Collection

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.queries.access import readable_scopes, sees_everything, within_reach
from scuderia.fleet.queries.nodes import node_statuses
from scuderia.fleet.queries.shared_part_access import parts_within_reach
from scuderia.fleet.queries.shared_parts import is_shared_part


def nodes_within_reach(actor: Actor, names: Collection[str], now: AwareDatetime) -> frozenset[str]:
    """Return those of these nodes that the actor may read, where each stands and who holds it.

    A shared part counts as a node: it is told where a node hangs on it that may be read. What is
    on no books any more is told to whoever reads everything.
    """
    if sees_everything(actor):
        return frozenset(names)
    scopes = readable_scopes(actor)
    parts = frozenset(filter(is_shared_part, names))
    found = parts_within_reach(actor, parts, now) if parts else frozenset()
    return found.union(
        name
        for name, status in node_statuses(frozenset(names) - parts, now).items()
        if within_reach(status.place, str(status.customer or ""), scopes)
    )
