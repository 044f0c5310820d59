"""The queue: what waits for a person, dearest first, and one proposal in full."""

from collections.abc import Sequence

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import ProposalId, ProposalState
from scuderia.loop.queries.rows import (
    ProposalCard,
    QueueRow,
)


def list_queue(actor: Actor, now: AwareDatetime, *, limit: int = 100) -> tuple[QueueRow, ...]:
    """Return pending, unexpired proposals within the actor's reach, by regret and then age."""
    raise NotImplementedError


def list_proposals(
    actor: Actor, *, states: Sequence[ProposalState] = (), limit: int = 100
) -> tuple[QueueRow, ...]:
    """Return proposals in any of these states (all if empty), newest first."""
    raise NotImplementedError


def get_proposal(actor: Actor, proposal_id: ProposalId, *, now: AwareDatetime) -> ProposalCard:
    """Return everything a person sees before the button.

    raises   NotFound: no such proposal within the actor's reach
    """
    raise NotImplementedError
