"""What of the fleet an actor may read: by node, by subject; a stranger is told there is nothing."""

from scuderia.basics.actors import Actor
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.queries.lineage import lineage
from scuderia.fleet.queries.nodes import NodeStatus
from scuderia.loop.nouns import Power
from scuderia.loop.queries.access import may, scopes_with


def readable_scopes(actor: Actor) -> frozenset[str]:
    """Return the scopes the actor may read."""
    return scopes_with(actor, Power.READ)


def within_reach(node: NodeStatus, scopes: frozenset[str]) -> bool:
    """Say whether the node hangs under one of these scopes; no query is made."""
    place = node.place
    hangs = {
        str(EVERYTHING),
        f"site:{place.site}",
        f"cluster:{place.cluster}",
        f"rack:{place.rack}",
        f"node:{place.node}",
    }
    if node.customer:
        hangs.add(f"customer:{node.customer}")
    return not scopes.isdisjoint(hangs)


def require_reach(actor: Actor, subject: SubjectRef) -> None:
    """Return if the actor may read the subject.

    raises   NotFound: there is none, or none that this actor may know of
    """
    if not may(actor, Power.READ, lineage(subject)):
        raise NotFound(f"no {subject.kind} is named {subject.name!r}")


def scopes_above(site: str, cluster: str, rack: str = "") -> set[str]:
    """Return the scopes that hold a place whole, whoever its customers are."""
    above = {str(EVERYTHING), f"site:{site}", f"cluster:{cluster}"}
    return above | ({f"rack:{rack}"} if rack else set())
