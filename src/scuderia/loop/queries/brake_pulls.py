"""Pulls of the brake that the tables hold and the books do not tell of yet."""

from scuderia.basics.actors import actor_named
from scuderia.loop.models.brake_pulls import BrakePull
from scuderia.loop.nouns import BrakeScope, PulledBrake


def list_unbooked() -> tuple[PulledBrake, ...]:
    """Return the pulls whose rows are not booked, oldest first."""
    waiting = BrakePull.objects.filter(booked_at__isnull=True).order_by("pulled_at", "pk")
    return tuple(
        PulledBrake(
            id=one.id,
            stops=BrakeScope(one.stops),
            value=one.value,
            reason=one.reason,
            by=actor_named(one.pulled_by, via=one.via),
            at=one.pulled_at,
        )
        for one in waiting
    )
