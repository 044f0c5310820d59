"""What is stopped now, and what stops one plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound, Refused
from scuderia.basics.subjects import EVERYTHING, SubjectRef, covers
from scuderia.loop.models.brakes import Brake
from scuderia.loop.nouns import (
    BrakeScope,
    Power,
)
from scuderia.loop.queries.access import scopes_with
from scuderia.loop.queries.lineage import known_lineage, union_lineage


@dataclass(frozen=True, slots=True)
class BrakeRow:
    """One brake; lifted_at None while it holds."""

    stops: BrakeScope
    value: str
    reason: str
    set_by: str
    set_at: AwareDatetime
    lifted_by: str
    lifted_at: AwareDatetime | None


def list_brakes(actor: Actor, *, on_only: bool = True) -> tuple[BrakeRow, ...]:
    """Return the brakes that concern the actor, newest first.

    On all, an agent or a kind: everyone. On a scope: who may read it, or a scope that hangs under
    it, for it stops what is theirs.
    raises   NotFound: the actor may read nothing at all
    """
    scopes = scopes_with(actor, Power.READ)
    if not scopes:
        raise NotFound("nothing by that name is visible to you")
    found = Brake.objects.filter(lifted_at__isnull=True) if on_only else Brake.objects.all()
    return tuple(
        BrakeRow(
            stops=BrakeScope(brake.stops),
            value=brake.value,
            reason=brake.reason,
            set_by=brake.set_by,
            set_at=brake.set_at,
            lifted_by=brake.lifted_by,
            lifted_at=brake.lifted_at,
        )
        for brake in found.order_by("-set_at", "-pk")
        if brake.stops != BrakeScope.SCOPE or _is_told(brake.value, scopes)
    )


def _is_told(stopped: str, scopes: frozenset[str]) -> bool:
    subject = SubjectRef.parse(stopped)
    above = known_lineage(subject)
    return any(
        covers(scope, above) or covers(subject, known_lineage(scope))
        for scope in map(SubjectRef.parse, scopes)
    )


def brakes_on(*, agent: str, kind: str, targets: Sequence[SubjectRef]) -> list[Brake]:
    """Return every brake that stops this agent, this kind, or anything these targets hang under."""
    try:
        scopes = [str(scope) for scope in union_lineage(tuple(targets))]
    except Refused:  # a target that is gone hangs nowhere; its own name still stops it
        scopes = [*map(str, targets), str(EVERYTHING)]
    stopped = (
        Q(stops=BrakeScope.ALL)
        | Q(stops=BrakeScope.KIND, value=kind)
        | Q(stops=BrakeScope.SCOPE, value__in=scopes)
    )
    if agent:
        stopped |= Q(stops=BrakeScope.AGENT, value=agent)
    return list(Brake.objects.filter(stopped, lifted_at__isnull=True))


def brake_words(brakes: Sequence[Brake]) -> str:
    """Return who stopped what and why, in one line."""
    return "; ".join(
        f"brake on {brake.stops} {brake.value}".strip() + f" by {brake.set_by}: {brake.reason}"
        for brake in brakes
    )
