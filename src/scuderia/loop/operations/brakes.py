"""Stopping and letting go."""

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import BrakeScope


def set_brake(
    *, actor: Actor, scope: BrakeScope, value: str = "", reason: str, now: AwareDatetime
) -> None:
    """Stop everything, an agent, a kind or a scope; the safe direction stays open."""
    raise NotImplementedError


def lift_brake(
    *, actor: Actor, scope: BrakeScope, value: str = "", reason: str = "", now: AwareDatetime
) -> None:
    """Let go of a brake."""
    raise NotImplementedError
