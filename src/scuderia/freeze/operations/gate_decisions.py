"""Asks the gate for somebody, and keeps what it answered: no answer is given that is not kept.

It is decided before the writer's turn is taken: compiling zones keeps nobody from writing.
"""

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.freeze.engine.gate import Circumstances, check_update, decide
from scuderia.freeze.models.gate_decisions import GateDecision, GateDecisionNode
from scuderia.freeze.models.zones import NAME_MAX
from scuderia.freeze.nouns import LOCAL_TIMES, AskedUpdate, Objection, Slot, Verdict
from scuderia.freeze.operations.break_glass import glass_for
from scuderia.freeze.operations.updates import NoSuchUpdate
from scuderia.freeze.queries.gate_decisions import index_for, told_to
from scuderia.freeze.queries.updates import PlannedUpdate, planned_update
from scuderia.freeze.queries.zone_index import CompiledZones, compiled_zones
from scuderia.loop.engine.json_codec import keepable
from scuderia.loop.nouns import Power
from scuderia.loop.operations import access

NODES_KEPT = 1_000
"""How many names of an update's nodes its decision keeps; it always keeps their number."""
TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """When the same update would be let through; `latest_start` None: from then on."""

    start: AwareDatetime
    latest_start: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What the gate answers; `not_before` and `slots` where zones alone refuse.

    zones_version   which state of the zones was asked
    local_times     how local times that clocks skip or show twice were read
    opened_by       the break-glass that let it through a zone; "" where none did
    planned_start   when the calendar has it begin, where it was asked for by its key
    """

    allowed: bool
    ground: str
    reasons: tuple[Objection, ...]
    not_before: AwareDatetime | None
    slots: tuple[OpenSlot, ...]
    decision_id: UUID
    zones_version: int
    local_times: str
    opened_by: str = ""
    planned_start: AwareDatetime | None = None


class NoPlannedStart(Refused):
    """The update is done, was cancelled, or a replan found it no start, so nothing may begin."""

    code = "FREEZE-070"
    remedy = "See where it stands: `scuderia freeze updates list --past`."


def ask_gate_for_planned(
    *, actor: Actor, key: str, start: AwareDatetime | None = None, now: AwareDatetime
) -> GateAnswer:
    """Say whether an update of the calendar may be made, then or as planned; keep the decision.

    raises   NoSuchUpdate: none of that key touches a node within reach; NoPlannedStart, BadUpdate
             NotFound: the actor may read nothing at all
    """
    planned = planned_ahead(actor, key, now)
    update = planned.asked
    if start is not None:
        update = replace(update, start=int(start.timestamp()))
    hide_nodes = not planned.is_whole
    return ask_gate(actor=actor, update=update, now=now, planned=planned, hide_nodes=hide_nodes)


def planned_ahead(actor: Actor, key: str, now: AwareDatetime) -> PlannedUpdate:
    """Return an update of the calendar that is still to begin.

    raises   NoSuchUpdate, NoPlannedStart, NotFound
    """
    planned = planned_update(actor, now, key)
    if planned is None:
        raise NoSuchUpdate(f"no update is named {key[:80]!r}")
    if not planned.is_ahead:
        raise NoPlannedStart(f"update {key} is not planned to begin")
    return planned


def ask_gate(
    *,
    actor: Actor,
    update: AskedUpdate,
    now: AwareDatetime,
    planned: PlannedUpdate | None = None,
    hide_nodes: bool = False,
) -> GateAnswer:
    """Say whether the update may be made, and keep the decision.

    planned      where it stands on the calendar
    hide_nodes   the actor did not name its nodes: of those out of reach no name is told
    raises       BadUpdate; NotFound: the actor may read nothing at all
    """
    judged = judge_update(actor=actor, update=update, now=now, hide_nodes=hide_nodes)
    verdict = judged.verdict
    kept = keep(
        actor,
        judged.zones,
        of=update,
        at=now,
        update=_kept_update(update) | ({"key": planned.key} if planned else {}),
        allowed=verdict.allowed,
        ground=verdict.ground.value,
        objections=[asdict(one) | {"words": keepable(one.words)} for one in verdict.objections],
        not_before=judged.not_before,
        opened_by=judged.opened_by,
    )
    return GateAnswer(
        allowed=verdict.allowed,
        ground=verdict.ground.value,
        reasons=judged.reasons,
        not_before=judged.not_before,
        slots=tuple(map(_open_slot, verdict.slots)),
        decision_id=kept.pk,
        zones_version=judged.zones.version,
        local_times=LOCAL_TIMES,
        opened_by=judged.opened_by,
        planned_start=planned.start if planned else None,
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict that nothing was kept of yet: no answer to act on.

    reasons   in words for who asked
    """

    verdict: Verdict
    reasons: tuple[Objection, ...]
    not_before: AwareDatetime | None
    opened_by: str
    zones: CompiledZones


def judge_update(
    *, actor: Actor, update: AskedUpdate, now: AwareDatetime, hide_nodes: bool = False
) -> Judged:
    """Say what the gate would answer, and keep nothing: for a try that nobody acts on.

    raises   BadUpdate; NotFound: the actor may read nothing at all
    """
    access.require_somewhere(actor, Power.READ)
    check_update(update)
    zones = compiled_zones(now, update.nodes)
    index = index_for(actor, zones.index, update.nodes, now)
    at = Circumstances(int(now.timestamp()))
    verdict = decide(index, update, at)
    opened_by = glass_for(update, verdict, now)
    if opened_by:
        verdict = decide(index, update, replace(at, opened_by=opened_by))
    return Judged(
        verdict,
        told_to(actor, verdict.objections, hide_nodes=hide_nodes),
        None if verdict.not_before is None else _instant(verdict.not_before),
        opened_by,
        zones,
    )


@transaction.atomic
def keep(
    actor: Actor, zones: CompiledZones, *, of: AskedUpdate | None = None, **columns: object
) -> GateDecision:
    """Keep what was answered, with who asked and which state of the zones answered.

    of   the one update that was asked about: its nodes are what the decision is found by
    """
    kept = GateDecision.objects.create(
        asked_by=str(actor),
        via=actor.via,
        zones_version=zones.version,
        local_times=LOCAL_TIMES,
        **columns,
    )
    if of is not None:
        starts_at, ends_at = _instant(of.start), _instant(of.end)
        GateDecisionNode.objects.bulk_create(
            GateDecisionNode(decision=kept, node=node, starts_at=starts_at, ends_at=ends_at)
            for node in dict.fromkeys(map(keepable, of.nodes[:NODES_KEPT]))
            if len(node) <= NAME_MAX
        )
    return kept


def _kept_update(update: AskedUpdate) -> dict[str, object]:
    return asdict(update) | {
        "nodes": [keepable(name[:TEXT_MAX]) for name in update.nodes[:NODES_KEPT]],
        "nodes_asked": len(update.nodes),
        "update_class": keepable(update.update_class[:TEXT_MAX]),
    }


def _open_slot(slot: Slot) -> OpenSlot:
    latest = None if slot.latest_start is None else _instant(slot.latest_start)
    return OpenSlot(_instant(slot.start), latest)


def _instant(at: int) -> AwareDatetime:
    return datetime.fromtimestamp(at, UTC)
