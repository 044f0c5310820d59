"""What is stopped now, and what stops one plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.records import row_from
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.models.brakes import Brake
from scuderia.loop.nouns import (
    BrakeScope,
    Power,
    PulledBrake,
)
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import concerning, scopes_with
from scuderia.loop.queries.lineage import reach_of


@dataclass(frozen=True, slots=True)
class BrakeRow:
    """One brake; lifted_at None while it holds.

    value       the agent's or the kind's name, or the scope spelled `kind:name`; "" for ALL
    set_by      the actor who set it, e.g. `person:ada`
    lifted_by   the actor who let it go; "" while it holds
    """

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
    pulled = _pulled()
    found = Brake.objects.filter(lifted_at__isnull=True) if on_only else Brake.objects.all()
    rows = list(found.order_by("-set_at", "-pk"))
    brakes = [*_unbooked(pulled, rows), *rows]
    told = concerning(scopes, (one.value for one in brakes if one.stops == BrakeScope.SCOPE))
    return tuple(
        row_from(BrakeRow, brake, stops=BrakeScope(brake.stops))
        for brake in brakes
        if brake.stops != BrakeScope.SCOPE or brake.value in told
    )


def brakes_on(*, agent: str, kind: str, targets: Sequence[SubjectRef]) -> list[Brake]:
    """Return every brake that stops this agent, this kind, or anything these targets hang under."""
    scopes = [str(scope) for scope in reach_of(targets)]
    stopped = (
        Q(stops=BrakeScope.ALL)
        | Q(stops=BrakeScope.KIND, value=kind)
        | Q(stops=BrakeScope.SCOPE, value__in=scopes)
    )
    if agent:
        stopped |= Q(stops=BrakeScope.AGENT, value=agent)
    pulled = _pulled()
    on = list(Brake.objects.filter(stopped, lifted_at__isnull=True))
    return on + [one for one in _unbooked(pulled, on) if _stops(one, agent, kind, scopes)]


def _stops(brake: Brake, agent: str, kind: str, scopes: Sequence[str]) -> bool:
    match brake.stops:
        case BrakeScope.ALL:
            return True
        case BrakeScope.AGENT:
            return bool(agent) and brake.value == agent
        case BrakeScope.KIND:
            return brake.value == kind
    return brake.value in scopes


def _pulled() -> Sequence[PulledBrake]:
    """Return what was pulled and is not booked; to be read before the tables.

    A pull that is booked between the two reads stands in both; the other way round in neither.
    """
    return registry.pulls.pending()


def _unbooked(pulled: Sequence[PulledBrake], booked: Sequence[Brake]) -> list[Brake]:
    """Return what was pulled and the tables do not tell of: it stops all the same, newest first."""
    known = {(one.stops, one.value) for one in booked if one.lifted_at is None}
    return [
        Brake(
            stops=one.stops.value, value=one.value, reason=one.reason, set_by=str(one.by),
            set_at=one.at, pulled_at=one.at,
        )
        for one in reversed(pulled)
        if (one.stops.value, one.value) not in known
    ]  # fmt: skip


def brake_words(brakes: Sequence[Brake]) -> str:
    """Return who stopped what and why, in one line."""
    return "; ".join(
        f"brake on {brake.stops} {brake.value}".strip() + f" by {brake.set_by}: {brake.reason}"
        for brake in brakes
    )
