"""What of the compiled zones somebody may be told who asks the gate."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.queries.access import readable_scopes, sees_everything, within_reach
from scuderia.fleet.queries.nodes import node_statuses
from scuderia.freeze.engine.zone_index import ZoneIndex
from scuderia.freeze.nouns import Objection
from scuderia.freeze.queries.zones import zone_ids

HIDDEN = "a no-fly zone of somebody else's holds it then"


def index_for(
    actor: Actor, index: ZoneIndex, nodes: Sequence[str], now: AwareDatetime
) -> ZoneIndex:
    """Return the index as this actor may ask it: a node out of their reach is an unknown one."""
    if sees_everything(actor):
        return index
    scopes = readable_scopes(actor)
    known: Mapping[str, int] = {
        name: index.node_number[name]
        for name, status in node_statuses(nodes, now).items()
        if name in index.node_number
        and within_reach(status.place, str(status.customer or ""), scopes)
    }
    return replace(index, node_number=known)


def told_to(actor: Actor, objections: Iterable[Objection]) -> tuple[Objection, ...]:
    """Return the objections in words for this actor: zones out of their reach bear no name."""
    found = tuple(objections)
    if not found or sees_everything(actor):
        return found
    visible = {str(one) for one in zone_ids(actor, among=[UUID(one.zone) for one in found])}
    told = (
        one if one.zone in visible else replace(one, zone="", words=_hidden(one)) for one in found
    )
    return tuple(dict.fromkeys(told))


def _hidden(objection: Objection) -> str:
    return objection.words if objection.ground.value != "zone" else HIDDEN
