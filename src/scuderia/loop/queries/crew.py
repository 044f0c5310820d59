"""The crew: who looks, what they brought back, how they have fared."""

from scuderia.basics.actors import Actor
from scuderia.loop.queries.rows import AgentCard, RoundRow, TrackRecord


def list_agents(actor: Actor) -> tuple[AgentCard, ...]:
    """Return every plugged agent with its last look and its record."""
    raise NotImplementedError


def list_rounds(actor: Actor, *, agent: str = "", limit: int = 50) -> tuple[RoundRow, ...]:
    """Return what was brought back, newest first."""
    raise NotImplementedError


def track_record(agent: str, kind: str = "*") -> TrackRecord:
    """Return how the agent has fared with this kind ("*" for all)."""
    raise NotImplementedError
