"""The loop over JSON: what the pages show, and the same few acts through the same operations."""

from collections.abc import Sequence
from typing import Annotated, cast
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from scuderia.basics.actors import Actor
from scuderia.basics.errors import NotAuthorised
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.loop.api import shapes
from scuderia.loop.nouns import ActionId, ActionState, Power, ProposalId, ProposalState
from scuderia.loop.operations import audit as chain
from scuderia.loop.operations import (
    authority,
    brakes,
    decisions,
    execution,
    proposals,
    rounds,
    undo,
)
from scuderia.loop.ports import sockets
from scuderia.loop.queries import actions, audit, crew, findings, queue
from scuderia.loop.queries import authority as standing_brakes
from scuderia.loop.queries.rows import (
    ActionRow,
    AgentCard,
    BrakeRow,
    FindingRow,
    ProposalCard,
    QueueRow,
    RoundRow,
)
from scuderia.loop.queries.standing import scopes_with

router = Router(tags=["loop"])
Limit = Annotated[int, Query(ge=1, le=200)]


def who(request: HttpRequest) -> Actor:
    """Return who came through the API's door."""
    return cast("Actor", request.auth)  # type: ignore[attr-defined]


@router.get("/queue", response=list[shapes.ProposalLine])
def list_queue(request: HttpRequest, limit: Limit = 50) -> Sequence[QueueRow]:
    """Return what waits for a person, dearest first."""
    return queue.list_queue(who(request), sockets.clock.now(), limit=limit)


@router.get("/proposals", response=list[shapes.ProposalLine])
def list_proposals(
    request: HttpRequest, state: ProposalState | None = None, limit: Limit = 50
) -> Sequence[QueueRow]:
    """Return proposals, newest first."""
    states = (state,) if state else ()
    return queue.list_proposals(who(request), states=states, limit=limit)


@router.get("/proposals/{proposal_id}", response=shapes.ProposalOut)
def get_proposal(request: HttpRequest, proposal_id: UUID) -> ProposalCard:
    """Return one proposal in full."""
    return queue.get_proposal(who(request), ProposalId(proposal_id), now=sockets.clock.now())


@router.post("/proposals/{proposal_id}/approve", response={202: shapes.ActionIdOut})
def approve(
    request: HttpRequest, proposal_id: UUID, said: shapes.DecideIn
) -> Status[dict[str, ActionId]]:
    """Approve exactly what the digest names; its run is queued."""
    action_id = decisions.approve_proposal(
        actor=who(request),
        proposal_id=ProposalId(proposal_id),
        digest=said.digest,
        reason=said.reason,
        now=sockets.clock.now(),
    )
    return Status(202, {"action_id": action_id})


@router.post("/proposals/{proposal_id}/reject", response={204: None})
def reject(request: HttpRequest, proposal_id: UUID, said: shapes.ReasonIn) -> Status[None]:
    """Say no."""
    decisions.reject_proposal(
        actor=who(request),
        proposal_id=ProposalId(proposal_id),
        reason=said.reason,
        now=sockets.clock.now(),
    )
    return Status(204, None)


@router.post("/proposals/{proposal_id}/edit", response=shapes.DigestOut)
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
        now=sockets.clock.now(),
    )
    return {"digest": digest}


@router.get("/findings", response=list[shapes.FindingOut])
def list_findings(
    request: HttpRequest, subject: str = "", *, open_only: bool = True, limit: Limit = 50
) -> Sequence[FindingRow]:
    """Return claims, gravest first."""
    about = SubjectRef.parse(subject) if subject else None
    return findings.list_findings(who(request), subject=about, open_only=open_only, limit=limit)


@router.get("/actions", response=list[shapes.ActionOut])
def list_actions(
    request: HttpRequest, state: ActionState | None = None, limit: Limit = 50
) -> Sequence[ActionRow]:
    """Return runs, newest first, without their effects."""
    states = (state,) if state else ()
    return actions.list_actions(who(request), states=states, limit=limit)


@router.get("/actions/{action_id}", response=shapes.ActionOut)
def get_action(request: HttpRequest, action_id: UUID) -> ActionRow:
    """Return one run with its effects."""
    return actions.get_action(who(request), ActionId(action_id))


@router.post("/actions/{action_id}/undo", response={202: shapes.ActionIdOut})
def undo_action(
    request: HttpRequest, action_id: UUID, said: shapes.ReasonIn
) -> Status[dict[str, ActionId]]:
    """Queue the action that undoes this one."""
    queued = undo.undo_action(
        actor=who(request),
        action_id=ActionId(action_id),
        reason=said.reason,
        now=sockets.clock.now(),
    )
    return Status(202, {"action_id": queued})


@router.post("/actions/{action_id}/resume", response={204: None})
def resume_action(request: HttpRequest, action_id: UUID, said: shapes.ReasonIn) -> Status[None]:
    """Let a halted run go on."""
    execution.resume_action(
        actor=who(request),
        action_id=ActionId(action_id),
        reason=said.reason,
        now=sockets.clock.now(),
    )
    return Status(204, None)


@router.get("/crew", response=list[shapes.AgentOut])
def list_agents(request: HttpRequest) -> Sequence[AgentCard]:
    """Return every agent with its last look and its record."""
    return crew.list_agents(who(request))


@router.get("/crew/{name}/rounds", response=list[shapes.RoundOut])
def list_rounds(request: HttpRequest, name: str, limit: Limit = 20) -> Sequence[RoundRow]:
    """Return one agent's looks, newest first, with what it considered and dropped."""
    return crew.list_rounds(who(request), agent=name, limit=limit)


@router.post("/crew/look", response={200: dict[str, int]})
def look_now(request: HttpRequest) -> dict[str, int]:
    """Have every agent look now; returns how many looked and how many proposals were filed."""
    authority.require(who(request), Power.RUN_CREW, EVERYTHING)
    reports = rounds.make_rounds(actor=who(request), now=sockets.clock.now())
    return {"agents": len(reports), "filed": sum(report.filed for report in reports)}


@router.get("/brakes", response=list[shapes.BrakeOut])
def list_brakes(request: HttpRequest, *, on_only: bool = True) -> Sequence[BrakeRow]:
    """Return the brakes, newest first."""
    return standing_brakes.list_brakes(who(request), on_only=on_only)


@router.post("/brakes", response={204: None})
def set_brake(request: HttpRequest, said: shapes.BrakeIn) -> Status[None]:
    """Stop everything, an agent, a kind or a scope."""
    brakes.set_brake(
        actor=who(request),
        scope=said.stops,
        value=said.value,
        reason=said.reason,
        now=sockets.clock.now(),
    )
    return Status(204, None)


@router.post("/brakes/lift", response={204: None})
def lift_brake(request: HttpRequest, said: shapes.BrakeIn) -> Status[None]:
    """Let go of a brake."""
    brakes.lift_brake(
        actor=who(request),
        scope=said.stops,
        value=said.value,
        reason=said.reason,
        now=sockets.clock.now(),
    )
    return Status(204, None)


@router.get("/audit", response=shapes.AuditPageOut)
def list_audit(
    request: HttpRequest, subject: str = "", before: int | None = None, limit: Limit = 50
) -> dict[str, object]:
    """Return entries, newest first, below number `before`."""
    rows = audit.list_audit(who(request), subject=subject, before=before, limit=limit)
    head = audit.get_head()
    return {
        "items": rows,
        "next_before": rows[-1].seq if len(rows) == limit else None,
        "head_seq": head.seq,
        "head_hash": head.hash,
    }


@router.get("/audit/verify", response=shapes.VerifiedOut)
def verify_audit(request: HttpRequest, head: str = "") -> object:
    """Read the whole chain; with an exported head a cut tail is found too."""
    if not scopes_with(who(request), Power.VERIFY_AUDIT):
        raise NotAuthorised("an operator verifies the audit")
    return chain.verify(chain.read_head(head) if head else None)
