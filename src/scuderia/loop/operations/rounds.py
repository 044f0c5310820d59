"""One look of the crew: findings and proposals filed, refreshed, cleared and withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime


@dataclass(frozen=True, slots=True)
class RoundReport:
    """What one agent's look changed; `error` is "" when it went well."""

    agent: str
    error: str
    findings_open: int
    proposals_open: int
    filed: int
    superseded: int
    withdrawn: int
    refused: tuple[str, ...]


def make_rounds(
    names: Sequence[str] | None = None, *, actor: Actor, now: AwareDatetime
) -> tuple[RoundReport, ...]:
    """Have the named agents look (all by default) and file what they bring back.

    An agent that raises is recorded as a failed round; the others still look.
    """
    raise NotImplementedError
