"""Drafts of the update calendar around a zone, for who reads everything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING
from scuderia.freeze.models.replans import Replan
from scuderia.freeze.queries.zones import visible_zone
from scuderia.loop.nouns import Power
from scuderia.loop.queries.access import may

DRAFTS_MAX = 50


class NoSuchReplan(NotFound):
    """No draft of that id is visible."""

    code = "FREEZE-044"
    remedy = "Draft one: `scuderia freeze replan ZONE`."


@dataclass(frozen=True, slots=True)
class Move:
    """An update that starts at another time."""

    key: str
    start: AwareDatetime
    was: AwareDatetime


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An update that has no start.

    certainty   proven: no plan has one; here: another plan may
    binding     the rules that bind it: without any one of them it has a start
    relax       the rules of which relaxing one alone suffices
    waits_for   the update of a lower ring that is left out itself, whose rules bind
    """

    key: str
    certainty: str
    binding: tuple[str, ...]
    relax: tuple[str, ...]
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class ReplanView:
    """A draft; `adopted_at` None while nothing was moved.

    objective   what it costs: quarters of an hour late by weight, moves, and what is left out
    greedy      what the first plan cost, before the search
    displaced   updates in whose way the zone stands
    violations  rules that the independent check found broken: a plan with any is not kept
    """

    id: UUID
    zone_id: UUID
    is_landing: bool
    objective: int
    greedy: int
    planned: int
    displaced: int
    violations: int
    moves: tuple[Move, ...]
    left_out: tuple[LeftOut, ...]
    made_by: str
    made_at: AwareDatetime
    adopted_by: str
    adopted_at: AwareDatetime | None


def get_replan(actor: Actor, replan_id: UUID) -> ReplanView:
    """Return one draft, its moves by their new start.

    raises   NoSuchReplan: none of that id, or the actor does not read everything
    """
    found = Replan.objects.filter(pk=replan_id).first() if _reads_everything(actor) else None
    if found is None:
        raise NoSuchReplan(f"no draft has the id {replan_id}")
    return _view(found)


def list_replans(actor: Actor, zone_id: UUID) -> tuple[ReplanView, ...]:
    """Return the drafts around a zone, the last first; none to who does not read everything.

    raises   NotFound: no such zone is visible
    """
    zone = visible_zone(actor, zone_id)
    if not _reads_everything(actor):
        return ()
    return tuple(map(_view, zone.replans.order_by("-made_at", "-pk")[:DRAFTS_MAX]))


def replan_ids(actor: Actor) -> tuple[UUID, ...]:
    """Return the ids of the drafts that the actor may read."""
    if not _reads_everything(actor):
        return ()
    return tuple(Replan.objects.order_by("-made_at").values_list("pk", flat=True)[:ROWS_MAX])


ROWS_MAX = 1_000


def _reads_everything(actor: Actor) -> bool:
    return may(actor, Power.READ, frozenset({EVERYTHING}))


def _view(one: Replan) -> ReplanView:
    facts = one.facts
    return ReplanView(
        id=one.pk,
        zone_id=one.zone_id,
        is_landing=one.is_landing,
        objective=facts["objective"],
        greedy=facts["greedy"],
        planned=facts["planned"],
        displaced=facts["displaced"],
        violations=facts["violations"],
        moves=tuple(sorted(map(_move, one.moves), key=lambda move: (move.start, move.key))),
        left_out=tuple(map(_left_out, one.unplaced)),
        made_by=one.made_by,
        made_at=one.made_at,
        adopted_by=one.adopted_by,
        adopted_at=one.adopted_at,
    )


def _move(said: Mapping[str, str]) -> Move:
    return Move(
        said["key"], datetime.fromisoformat(said["to"]), datetime.fromisoformat(said["from"])
    )


def _left_out(said: Mapping[str, object]) -> LeftOut:
    waits = said["waits_for"]
    return LeftOut(
        key=str(said["key"]),
        certainty=str(said["certainty"]),
        binding=_texts(said["binding"]),
        relax=_texts(said["relax"]),
        waits_for=None if waits is None else str(waits),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
