"""Filing, editing, withdrawing and expiring proposals."""

from collections.abc import Sequence

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.nouns import (
    Digest,
    ProposalDraft,
    ProposalId,
)


def file_proposal(
    draft: ProposalDraft,
    *,
    agent: str,
    now: AwareDatetime,
    actor: Actor | None = None,
    four_eyes: bool = False,
) -> ProposalId:
    """File a draft as pending; by an agent, or by hand when `actor` is a person."""
    raise NotImplementedError


def edit_proposal(
    *,
    actor: Actor,
    proposal_id: ProposalId,
    digest: str,
    targets: Sequence[SubjectRef] | None,
    params: JsonObject | None,
    reason: str = "",
    now: AwareDatetime,
) -> Digest:
    """Change targets or parameters (None keeps them); return the new digest to decide on."""
    raise NotImplementedError


def withdraw_proposal(
    proposal_id: ProposalId, *, actor: Actor, reason: str = "", now: AwareDatetime
) -> None:
    """Take a pending proposal back: its own agent, or a person who may decide on it."""
    raise NotImplementedError


def expire_due(*, now: AwareDatetime) -> int:
    """Close pending proposals whose time has passed; return how many."""
    raise NotImplementedError
