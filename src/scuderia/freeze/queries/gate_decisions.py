"""What of the compiled zones somebody may be told who asks the gate, and what it answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.fleet.queries.access import readable_scopes, sees_everything
from scuderia.freeze.engine.zone_index import ZoneIndex
from scuderia.freeze.models.gate_decisions import GateDecision, GateReport
from scuderia.freeze.nouns import Ground, Objection, UpdateOutcome
from scuderia.freeze.queries.updates import nodes_within
from scuderia.freeze.queries.zone_nodes import nodes_within_reach
from scuderia.freeze.queries.zones import zone_ids

HIDDEN = "a no-fly zone of somebody else's holds it then"
HIDDEN_NODES = "it touches nodes out of your reach, and a zone is in force during the update"


@dataclass(frozen=True, slots=True)
class GateReportRow:
    """What the deployer that asked says became of the update."""

    outcome: UpdateOutcome
    ended_at: AwareDatetime
    reported_at: AwareDatetime
    reported_by: str


@dataclass(frozen=True, slots=True)
class GateDecisionRow:
    """One answer of the gate, as its reader may know of it.

    key      the update's on the calendar; "" where it was not asked for by one
    nodes    those within the reader's reach, a thousand at most; none of a batch
    report   what became of it; None until the deployer says
    """

    id: UUID
    at: AwareDatetime
    asked_by: str
    via: str
    allowed: bool
    ground: str
    update_class: str
    key: str
    nodes: tuple[str, ...]
    reasons: tuple[Objection, ...]
    not_before: AwareDatetime | None
    opened_by: str
    zones_version: int
    report: GateReportRow | None


def visible_decision(actor: Actor, decision_id: UUID) -> GateDecision:
    """Return what was answered: to who asked, and to whoever may read everything.

    raises   NotFound: none of that id within the actor's reach
    """
    found = GateDecision.objects.filter(pk=decision_id)
    if not sees_everything(actor):
        found = found.filter(asked_by=str(actor)) if readable_scopes(actor) else found.none()
    decision = found.first()
    if decision is None:
        raise NotFound(f"no decision of the id {decision_id} is visible to you")
    return decision


def get_decision(actor: Actor, now: AwareDatetime, decision_id: UUID) -> GateDecisionRow:
    """Return one answer of the gate, and what became of it.

    raises   NotFound
    """
    kept = visible_decision(actor, decision_id)
    report = GateReport.objects.filter(decision=kept).first()
    asked = kept.update
    nodes: tuple[str, ...] = tuple(asked.get("nodes", ()))
    key = str(asked.get("key", ""))
    within = nodes_within(actor, now, "") if key else None
    seen = nodes if within is None else tuple(node for node in nodes if node in within)
    objections = (
        Objection(Ground(one["ground"]), one["zone"], one["words"]) for one in kept.objections
    )
    return GateDecisionRow(
        id=kept.pk,
        at=kept.at,
        asked_by=kept.asked_by,
        via=kept.via,
        allowed=kept.allowed,
        ground=kept.ground,
        update_class=str(asked.get("update_class", "")),
        key=key,
        nodes=seen,
        reasons=told_to(actor, objections, hide_nodes=len(seen) < len(nodes)),
        not_before=kept.not_before,
        opened_by=kept.opened_by,
        zones_version=kept.zones_version,
        report=None if report is None else report_row(report),
    )


def report_row(report: GateReport) -> GateReportRow:
    """Return a report as it is told."""
    return GateReportRow(
        UpdateOutcome(report.outcome), report.ended_at, report.reported_at, report.reported_by
    )


def index_for(
    actor: Actor, index: ZoneIndex, nodes: Sequence[str], now: AwareDatetime
) -> ZoneIndex:
    """Return the index as this actor may ask it: a node out of their reach is an unknown one."""
    if sees_everything(actor):
        return index
    within = nodes_within_reach(actor, nodes, now)
    numbers = index.node_number
    known = {name: numbers[name] for name in within if name in numbers}
    return replace(index, node_number=known)


def told_to(
    actor: Actor, objections: Iterable[Objection], *, hide_nodes: bool = False
) -> tuple[Objection, ...]:
    """Return the objections in words for this actor: zones out of their reach bear no name.

    hide_nodes   the nodes were not named by the actor: no objection names one
    """
    found = tuple(objections)
    if not found or sees_everything(actor):
        return found
    visible = {str(one) for one in zone_ids(actor, among=[UUID(one.zone) for one in found])}
    told = (
        one if one.zone in visible else replace(one, zone="", words=_hidden(one)) for one in found
    )
    if hide_nodes:
        told = (
            replace(one, words=HIDDEN_NODES) if one.ground is Ground.UNKNOWN_NODE else one
            for one in told
        )
    return tuple(dict.fromkeys(told))


def _hidden(objection: Objection) -> str:
    return objection.words if objection.ground.value != "zone" else HIDDEN
