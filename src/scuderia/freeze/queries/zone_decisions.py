"""What the gate decided about a zone's machines, as a reader of the zone may know of it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.models.gate_decisions import GateDecision, GateDecisionNode
from scuderia.freeze.nouns import Interval
from scuderia.freeze.queries.zone_nodes import nodes_within_reach
from scuderia.freeze.queries.zones import parts_held, stretches_of, visible_zone

_PAGE = 500


@dataclass(frozen=True, slots=True)
class ZoneDecisionRow:
    """One answer of the gate that touched machines of a zone while it was in force.

    nodes        those of its nodes and shared parts that the zone holds and the reader may read
    starts_at, ends_at   the update's whole interval
    break_glass  what let it through the zone; "" where nothing did
    """

    id: UUID
    at: AwareDatetime
    asked_by: str
    update_class: str
    nodes: tuple[str, ...]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    allowed: bool
    ground: str
    break_glass: str


def list_zone_decisions(
    actor: Actor, zone_id: UUID, now: AwareDatetime, *, limit: int = 50
) -> tuple[ZoneDecisionRow, ...]:
    """Return the last answers about what the zone holds within the actor's reach, newest first.

    raises   NotFound: none of that id within the actor's reach
    """
    zone = visible_zone(actor, zone_id)
    held = {*zone.pins.values_list("node", flat=True), *parts_held(zone)}
    nodes = nodes_within_reach(actor, held, now)
    return decisions_on(nodes, stretches_of(zone, now), limit=limit)


def decisions_on(
    nodes: Collection[str], stretches: Sequence[Interval], *, limit: int
) -> tuple[ZoneDecisionRow, ...]:
    """Return the last answers about updates of these nodes inside these stretches, newest first."""
    if not nodes or not stretches:
        return ()
    touched = GateDecisionNode.objects.filter(
        node__among=set(nodes),
        ends_at__gt=stretches[0].start,
        starts_at__lt=max(one.end for one in stretches),
    )
    newest = GateDecision.objects.filter(pk__in=touched.values("decision_id")).order_by(
        "-at", "-pk"
    )
    found: list[ZoneDecisionRow] = []
    decisions = newest.iterator(chunk_size=_PAGE)
    while len(found) < limit and (page := list(islice(decisions, _PAGE))):
        found += (
            row
            for row in _rows(page, nodes)
            if any(one.overlaps(Interval(row.starts_at, row.ends_at)) for one in stretches)
        )
    return tuple(found[:limit])


def _rows(decisions: Sequence[GateDecision], nodes: Collection[str]) -> Iterator[ZoneDecisionRow]:
    touched: dict[UUID, list[GateDecisionNode]] = {one.pk: [] for one in decisions}
    found = GateDecisionNode.objects.filter(decision__in=decisions, node__among=set(nodes))
    for node in found.order_by("node"):
        touched[node.decision_id].append(node)
    for one in decisions:
        first = touched[one.pk][0]
        yield ZoneDecisionRow(
            id=one.pk,
            at=one.at,
            asked_by=one.asked_by,
            update_class=one.update["update_class"],
            nodes=tuple(touch.node for touch in touched[one.pk]),
            starts_at=first.starts_at,
            ends_at=first.ends_at,
            allowed=one.allowed,
            ground=one.ground,
            break_glass=one.opened_by,
        )
