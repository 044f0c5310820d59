"""Stopping and letting go; the safe direction is never stopped."""

from contextlib import suppress
from typing import Protocol
from uuid import uuid4

from django.db import OperationalError, transaction
from django.db.models import QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound, Refused
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.brake_pulls import BrakePull
from scuderia.loop.models.brakes import Brake
from scuderia.loop.nouns import BrakeScope, Power, PulledBrake
from scuderia.loop.operations import access, audit
from scuderia.loop.operations.patience import waiting_at_most
from scuderia.loop.ports import registry
from scuderia.loop.queries.lineage import known_lineage, lineage_of

BOOKED_WITHIN_S = 0.25
"""How long a pull waits for the books, which it does not need to hold."""


class BadBrake(BadInput):
    """The brake does not say what it stops, or why."""

    code = "LOOP-007"
    remedy = "Name the agent, the kind or the scope to stop, and give a reason."


class PulledAgain(Refused):
    """The brake was pulled again after the person looked, for a reason they have not seen."""

    code = "LOOP-025"
    remedy = "Read why it was pulled, then let go of it if that is past too."


class BrakeChange(Protocol):
    """A brake that is set or lifted by who asks for it."""

    def __call__(
        self, *, actor: Actor, scope: BrakeScope, value: str, reason: str, now: AwareDatetime
    ) -> None:
        """Make it."""
        ...


def set_brake(
    *, actor: Actor, scope: BrakeScope, value: str = "", reason: str, now: AwareDatetime
) -> None:
    """Stop everything, an agent, a kind or a scope; the safe direction stays open.

    A brake that is on already stays on, and holds for the new reason too.
    """
    subject = _subject(scope, value)
    lineage = lineage_of(subject)
    access.require(actor, Power.BRAKE, lineage)
    _refuse_silence(reason)
    pulled = PulledBrake(uuid4(), scope, value, audit.bounded(reason), actor, now)
    if not registry.pulls.pull(pulled):
        _book(pulled, now)
        return
    # from here on it holds, whatever becomes of the books
    with suppress(OperationalError), waiting_at_most(BOOKED_WITHIN_S):
        _book(pulled, now)  # its own alone: a backlog is for who has time, `book_pulls`
        registry.pulls.forget(pulled.id)


def book_pulls(*, now: AwareDatetime) -> int:
    """Tell the books of every pull that holds and stands in none; return how many.

    raises   OperationalError: somebody writes; the pulls hold all the same, call again
    """
    pulled = registry.pulls.pending()
    for one in pulled:
        _book(one, now)
        registry.pulls.forget(one.id)
    return len(pulled)


@transaction.atomic
def _book(pulled: PulledBrake, now: AwareDatetime) -> None:
    """Set the brake and write the entry, once for each pull."""
    said = {
        "stops": pulled.stops.value, "value": pulled.value, "reason": pulled.reason,
        "pulled_by": str(pulled.by), "via": pulled.by.via, "pulled_at": pulled.at,
    }  # fmt: skip
    record, _ = BrakePull.objects.get_or_create(pk=pulled.id, defaults=said)
    if record.booked_at is not None:
        return
    BrakePull.objects.filter(pk=record.pk).update(booked_at=now)
    if not _pull_again(pulled):
        Brake.objects.create(
            stops=pulled.stops.value,
            value=pulled.value,
            reason=pulled.reason,
            set_by=str(pulled.by),
            set_at=pulled.at,
            pulled_at=pulled.at,
        )
    audit.record(
        pulled.by,
        "brake.set",
        subject=_named(pulled.stops, pulled.value),
        reason=pulled.reason,
        at=pulled.at,
        lineage=known_lineage(_subject(pulled.stops, pulled.value)),
    )


def lift_brake(
    *,
    actor: Actor,
    scope: BrakeScope,
    value: str = "",
    reason: str,
    as_of: AwareDatetime | None = None,
    now: AwareDatetime,
) -> None:
    """Let go of a brake, with a reason; what it halted waits for a person to resume it.

    as_of    when the person looked; None where nothing was shown

    raises   PulledAgain: somebody pulled it after that
    """
    lineage = lineage_of(_subject(scope, value))
    access.require(actor, Power.RELEASE_BRAKE, lineage)
    _refuse_silence(reason)
    book_pulls(now=now)
    with transaction.atomic():
        brake = _on(scope, value).first()
        if brake is None:
            raise NotFound(f"no brake is on {_named(scope, value)}")
        if as_of is not None and brake.pulled_at is not None and brake.pulled_at > as_of:
            raise PulledAgain(f"it was pulled at {brake.pulled_at.isoformat()}: {brake.reason}")
        _on(scope, value).update(
            lifted_by=str(actor), lifted_at=now, lift_reason=audit.bounded(reason)
        )
        audit.record(
            actor,
            "brake.lifted",
            subject=_named(scope, value),
            reason=reason,
            at=now,
            lineage=lineage,
        )


def _on(scope: BrakeScope, value: str) -> QuerySet[Brake]:
    return Brake.objects.filter(stops=scope.value, value=value, lifted_at__isnull=True)


def _pull_again(pulled: PulledBrake) -> bool:
    """Add the reason to the brake if it is on: whoever lets go must see them all."""
    brake = _on(pulled.stops, pulled.value).first()
    if brake is None:
        return False
    said = f"{pulled.by}: {pulled.reason}"
    words = f"{brake.reason}; and {said}"
    if said in brake.reason or len(words) > audit.REASON_CHARACTERS_MAX:
        words = brake.reason
    _on(pulled.stops, pulled.value).update(reason=words, pulled_at=pulled.at)
    return True


def _refuse_silence(reason: str) -> None:
    if not reason.strip():
        raise BadBrake("no reason")


def _subject(scope: BrakeScope, value: str) -> SubjectRef:
    """Return where the power must be held: on the scope itself, else on everything."""
    if scope is BrakeScope.SCOPE:
        return SubjectRef.parse(value)
    if bool(value) is (scope is BrakeScope.ALL) or len(value) > 64:  # noqa: PLR2004 - a column
        raise BadBrake(f"{scope.value} does not go with {value[:80]!r}")
    return EVERYTHING


def _named(scope: BrakeScope, value: str) -> str:
    return f"brake:{scope.value}:{value}" if value else f"brake:{scope.value}"
