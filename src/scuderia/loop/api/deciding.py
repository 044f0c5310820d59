"""What waits, what was claimed and seen, and the answers a person has."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.api import shapes
from scuderia.loop.api.door import Limit, Offset, PageOut, Wanted, answers, page_of, up_to, who
from scuderia.loop.nouns import ActionId, ProposalId, ProposalState
from scuderia.loop.operations import decisions, proposals
from scuderia.loop.ports import registry
from scuderia.loop.queries import findings, signals
from scuderia.loop.queries import proposals as proposal_queries
from scuderia.loop.queries.proposals import ProposalCard

router = Router(tags=["proposals"])


@router.get("/queue", response=answers(PageOut[shapes.ProposalLine]))
def list_queue(request: HttpRequest, limit: Limit = 50, offset: Offset = 0) -> Mapping[str, object]:
    """Return what waits for a person, dearest first."""
    rows = proposal_queries.list_queue(
        who(request), registry.clock.now(), limit=up_to(limit, offset)
    )
    return page_of(rows, limit, offset)


@router.get("/proposals", response=answers(PageOut[shapes.ProposalLine]))
def list_proposals(
    request: HttpRequest,
    state: ProposalState | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Mapping[str, object]:
    """Return proposals, newest first."""
    states = (state,) if state else ()
    rows = proposal_queries.list_proposals(who(request), states=states, limit=up_to(limit, offset))
    return page_of(rows, limit, offset)


@router.get("/proposals/{proposal_id}", response=answers(shapes.ProposalOut))
def get_proposal(request: HttpRequest, proposal_id: UUID) -> ProposalCard:
    """Return one proposal in full."""
    return proposal_queries.get_proposal(
        who(request), ProposalId(proposal_id), now=registry.clock.now()
    )


@router.post("/proposals/{proposal_id}/approve", response=answers(shapes.ActionIdOut, status=202))
def approve(
    request: HttpRequest, proposal_id: UUID, said: shapes.DecideIn
) -> Status[dict[str, ActionId]]:
    """Approve exactly what the digest names; its run is queued."""
    action_id = decisions.approve_proposal(
        actor=who(request),
        proposal_id=ProposalId(proposal_id),
        digest=said.digest,
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(202, {"action_id": action_id})


@router.post("/proposals/{proposal_id}/reject", response=answers(None, status=204))
def reject(request: HttpRequest, proposal_id: UUID, said: shapes.ReasonIn) -> Status[None]:
    """Say no."""
    decisions.reject_proposal(
        actor=who(request),
        proposal_id=ProposalId(proposal_id),
        reason=said.reason,
        now=registry.clock.now(),
    )
    return Status(204, None)


@router.post("/proposals/{proposal_id}/edit", response=answers(shapes.DigestOut))
def edit(request: HttpRequest, proposal_id: UUID, said: shapes.EditIn) -> dict[str, str]:
    """Change targets or parameters; nothing is approved by it."""
    targets = None if said.targets is None else [SubjectRef.parse(text) for text in said.targets]
    digest = proposals.edit_proposal(
        actor=who(request),
        proposal_id=ProposalId(proposal_id),
        digest=said.digest,
        targets=targets,
        params=said.params,
        reason=said.reason,
        now=registry.clock.now(),
    )
    return {"digest": digest}


@router.get("/findings", response=answers(PageOut[shapes.FindingOut]))
def list_findings(
    request: HttpRequest,
    subject: Wanted = "",
    *,
    open_only: bool = True,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Mapping[str, object]:
    """Return claims about the subject and what hangs under it, gravest first."""
    rows = findings.list_findings(
        who(request), subject=_about(subject), open_only=open_only, limit=up_to(limit, offset)
    )
    return page_of(rows, limit, offset)


@router.get("/signals", response=answers(PageOut[shapes.SignalOut]))
def list_signals(
    request: HttpRequest, subject: Wanted = "", limit: Limit = 50, offset: Offset = 0
) -> Mapping[str, object]:
    """Return facts seen from outside, newest first; a scoped reader names the subject."""
    rows = signals.list_signals(who(request), subject=_about(subject), limit=up_to(limit, offset))
    return page_of(rows, limit, offset)


def _about(text: str) -> SubjectRef | None:
    return SubjectRef.parse(text) if text else None
