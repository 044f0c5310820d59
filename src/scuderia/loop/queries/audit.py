"""The audit, read."""

from scuderia.basics.actors import Actor
from scuderia.loop.engine.chain import Head
from scuderia.loop.queries.rows import (
    AuditRow,
)


def list_audit(
    actor: Actor, *, subject: str = "", before: int | None = None, limit: int = 100
) -> tuple[AuditRow, ...]:
    """Return entries within the actor's reach, newest first, below number `before`."""
    raise NotImplementedError


def get_head() -> Head:
    """Return the number and hash of the last entry."""
    raise NotImplementedError
