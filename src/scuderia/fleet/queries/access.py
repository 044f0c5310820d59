"""What of the fleet an actor may read: by node, by subject; a stranger is told there is nothing."""

from scuderia.basics.actors import Actor
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.nouns import NodePlace
from scuderia.fleet.queries.lineage import lineage
from scuderia.loop.nouns import Power
from scuderia.loop.queries.access import may, scopes_with
from scuderia.loop.queries.naming import is_named_to


def readable_scopes(actor: Actor) -> frozenset[str]:
    """Return the scopes the actor may read."""
    return scopes_with(actor, Power.READ)


def sees_everything(actor: Actor) -> bool:
    """Say whether the actor may read the whole fleet."""
    return str(EVERYTHING) in readable_scopes(actor)


def within_reach(place: NodePlace, customer: str | None, scopes: frozenset[str]) -> bool:
    """Say whether a node, held by that customer, hangs under one of these scopes; no query."""
    hangs = {
        str(EVERYTHING),
        f"site:{place.site}",
        f"cluster:{place.cluster}",
        f"rack:{place.rack}",
        f"node:{place.node}",
    }
    if customer:
        hangs.add(f"customer:{customer}")
    return not scopes.isdisjoint(hangs)


def require_reach(actor: Actor, subject: SubjectRef) -> None:
    """Return if the actor may read the subject.

    A node that nobody else holds may also be read by whom it was offered to, and by whoever
    decided on it: the spare of a proposal, and the node that a swap took out of their reach.

    raises   NotFound: there is none, or none that this actor may know of
    """
    hangs = lineage(subject)
    if may(actor, Power.READ, hangs):
        return
    held = any(above.kind == "customer" for above in hangs)
    if subject.kind != "node" or held or not is_named_to(actor, subject):
        raise NotFound(f"no {subject.kind} is named {subject.name!r}")


def scopes_above(site: str, cluster: str, rack: str = "") -> set[str]:
    """Return the scopes that hold a place whole, whoever its customers are."""
    above = {str(EVERYTHING), f"site:{site}", f"cluster:{cluster}"}
    return above | ({f"rack:{rack}"} if rack else set())
