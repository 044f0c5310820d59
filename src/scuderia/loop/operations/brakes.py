"""Stopping and letting go; the safe direction is never stopped."""

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound, Refused
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.brakes import Brake
from scuderia.loop.nouns import BrakeScope, Power
from scuderia.loop.operations import access, audit
from scuderia.loop.queries.lineage import lineage_of


class BadBrake(BadInput):
    """The brake does not say what it stops, or why."""

    code = "LOOP-007"
    remedy = "Name the agent, the kind or the scope to stop, and give a reason."


class PulledAgain(Refused):
    """The brake was pulled again after the person looked, for a reason they have not seen."""

    code = "LOOP-025"
    remedy = "Read why it was pulled, then let go of it if that is past too."


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
    with transaction.atomic():
        try:
            with transaction.atomic():
                Brake.objects.create(
                    stops=scope.value,
                    value=value,
                    reason=audit.bounded(reason),
                    set_by=str(actor),
                    set_at=now,
                    pulled_at=now,
                )
        except IntegrityError:
            _pull_again(scope, value, f"{actor}: {reason}", now)
        audit.record(
            actor,
            "brake.set",
            subject=_named(scope, value),
            reason=reason,
            at=now,
            lineage=lineage,
        )


@transaction.atomic
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
    brake = _on(scope, value).first()
    if brake is None:
        raise NotFound(f"no brake is on {_named(scope, value)}")
    if as_of is not None and brake.pulled_at is not None and brake.pulled_at > as_of:
        raise PulledAgain(f"it was pulled at {brake.pulled_at.isoformat()}: {brake.reason}")
    _on(scope, value).update(lifted_by=str(actor), lifted_at=now, lift_reason=audit.bounded(reason))
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


def _pull_again(scope: BrakeScope, value: str, said: str, now: AwareDatetime) -> None:
    """Add the new reason to the brake that is on: whoever lets go must see them all."""
    for brake in _on(scope, value):
        words = f"{brake.reason}; and {said}"
        if said in brake.reason or len(words) > audit.REASON_CHARACTERS_MAX:
            words = brake.reason
        _on(scope, value).update(reason=words, pulled_at=now)


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
