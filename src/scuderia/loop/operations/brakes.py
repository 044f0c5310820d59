"""Stopping and letting go; the safe direction is never stopped."""

from django.db import IntegrityError, transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.models.brakes import Brake
from scuderia.loop.nouns import BrakeScope, Power
from scuderia.loop.operations import access, audit
from scuderia.loop.queries.lineage import lineage_of


class BadBrake(BadInput):
    """The brake does not say what it stops, or why."""

    code = "LOOP-007"
    remedy = "Name the agent, the kind or the scope to stop, and give a reason."


def set_brake(
    *, actor: Actor, scope: BrakeScope, value: str = "", reason: str, now: AwareDatetime
) -> None:
    """Stop everything, an agent, a kind or a scope; the safe direction stays open.

    A brake that is already on stays on; that it was pulled again is recorded.
    """
    brake, lineage = _named(scope, value), lineage_of(_subject(scope, value))
    access.require(actor, Power.BRAKE, lineage)
    if not reason.strip():
        raise BadBrake("no reason")
    with transaction.atomic():
        try:
            with transaction.atomic():
                Brake.objects.create(
                    stops=scope.value,
                    value=value,
                    reason=audit.bounded(reason),
                    set_by=str(actor),
                    set_at=now,
                )
        except IntegrityError:
            pass
        audit.record(actor, "brake.set", subject=brake, reason=reason, at=now, lineage=lineage)


@transaction.atomic
def lift_brake(
    *, actor: Actor, scope: BrakeScope, value: str = "", reason: str = "", now: AwareDatetime
) -> None:
    """Let go of a brake; what it halted waits for a person to resume it."""
    brake, lineage = _named(scope, value), lineage_of(_subject(scope, value))
    access.require(actor, Power.RELEASE_BRAKE, lineage)
    lifted = Brake.objects.filter(stops=scope.value, value=value, lifted_at__isnull=True).update(
        lifted_by=str(actor), lifted_at=now, lift_reason=audit.bounded(reason)
    )
    if not lifted:
        raise NotFound(f"no brake is on {brake}")
    audit.record(actor, "brake.lifted", subject=brake, reason=reason, at=now, lineage=lineage)


def _subject(scope: BrakeScope, value: str) -> SubjectRef:
    """Return where the power must be held: on the scope itself, else on everything."""
    if scope is BrakeScope.SCOPE:
        return SubjectRef.parse(value)
    if bool(value) is (scope is BrakeScope.ALL) or len(value) > 64:  # noqa: PLR2004 - a column
        raise BadBrake(f"{scope.value} does not go with {value[:80]!r}")
    return EVERYTHING


def _named(scope: BrakeScope, value: str) -> str:
    return f"brake:{scope.value}:{value}" if value else f"brake:{scope.value}"
