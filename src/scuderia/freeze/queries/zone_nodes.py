"""Which of a zone's nodes an actor may be told by name; of the others only their number."""

from collections.abc import Collection

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.queries.access import readable_scopes, sees_everything, within_reach
from scuderia.fleet.queries.nodes import node_statuses


def nodes_within_reach(actor: Actor, names: Collection[str], now: AwareDatetime) -> frozenset[str]:
    """Return those of these nodes that the actor may read, where each stands and who holds it.

    A node that is on no books any more is told to whoever reads everything.
    """
    if sees_everything(actor):
        return frozenset(names)
    scopes = readable_scopes(actor)
    return frozenset(
        name
        for name, status in node_statuses(names, now).items()
        if within_reach(status.place, str(status.customer or ""), scopes)
    )
