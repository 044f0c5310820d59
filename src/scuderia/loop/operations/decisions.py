"""A person says yes or no to one digest."""

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import ActionId, ProposalId


def approve_proposal(
    *, actor: Actor, proposal_id: ProposalId, digest: str, reason: str = "", now: AwareDatetime
) -> ActionId:
    """Approve exactly what the digest names, and queue its run in the same transaction.

    raises   StaleDigest: it is no longer what was shown; the error names the current digest
    """
    raise NotImplementedError


def reject_proposal(
    *, actor: Actor, proposal_id: ProposalId, reason: str = "", now: AwareDatetime
) -> None:
    """Say no; a reason is welcome, never required."""
    raise NotImplementedError
