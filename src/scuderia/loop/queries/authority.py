"""Brakes and grants as they stand."""

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.queries.rows import (
    BrakeRow,
    GrantRow,
)


def list_brakes(actor: Actor, *, on_only: bool = True) -> tuple[BrakeRow, ...]:
    """Return the brakes, newest first; everyone who may read anything sees them."""
    raise NotImplementedError


def list_grants(actor: Actor, *, now: AwareDatetime) -> tuple[GrantRow, ...]:
    """Return the grants with what is used of their budgets."""
    raise NotImplementedError
