"""What waits for a person, and the answers a person has."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from scuderia.basics.capacity import CapacityGain
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.api import common
from scuderia.loop.api.aliases import count_of, in_old_unit
from scuderia.loop.api.findings import FindingOut
from scuderia.loop.api.row_schemas import RowOf, made_from
from scuderia.loop.nouns import (
    ActionId,
    BlastRadius,
    ProposalId,
    ProposalState,
    Rehearsal,
)
from scuderia.loop.operations import decisions, proposals
from scuderia.loop.operations.proposal_review import ProposalReview, review_proposal
from scuderia.loop.ports import registry
from scuderia.loop.queries import proposals as proposal_queries
from scuderia.loop.queries.proposals import QueueRow

router = Router(tags=["proposals"])


@made_from(Rehearsal, leave_out={"label"})
class RehearsalOut(Schema):
    """What is expected of acting, beside doing nothing."""

    gain: float
    bought_back: RowOf[CapacityGain] | None


@made_from(BlastRadius)
class BlastOut(Schema):
    """What would be touched."""

    share: float
    gpus: int = Field(deprecated=True)
    customers: list[str] = Field(deprecated=True)

    @staticmethod
    def resolve_gpus(blast: BlastRadius) -> int:
        """Return what the details name, under its old key."""
        return count_of(blast.details, "GPUs")

    @staticmethod
    def resolve_customers(blast: BlastRadius) -> list[str]:
        """Return whoever is affected, under its old key."""
        return list(blast.affected)


@made_from(QueueRow)
class ProposalLine(Schema):
    """One line of the queue."""

    regret_gpu_hours_per_day: float | None = Field(deprecated=True)

    @staticmethod
    def resolve_regret_gpu_hours_per_day(row: QueueRow) -> float | None:
        """Return the cost of a day of waiting under its old key."""
        return in_old_unit(row.cost_of_delay)


@made_from(ProposalReview, leave_out={"safe_direction"})
class ProposalOut(Schema):
    """Everything a person sees before the button."""

    findings: list[FindingOut]


class DecideIn(Schema):
    """Approve exactly what this digest names."""

    digest: common.DigestText
    reason: common.Words = ""


class EditIn(Schema):
    """What to change; null keeps it as it is."""

    digest: common.DigestText
    targets: list[common.SubjectText] | None = Field(None, max_length=200)
    params: dict[common.Name, common.Scalar] | None = Field(None, max_length=50)
    reason: common.Words = ""


@router.get("/queue", response=common.answers(common.PageOut[QueueRow]))
def list_queue(request: HttpRequest, *, page: common.Page) -> Mapping[str, object]:
    """Return what waits for a person, dearest first."""
    rows = proposal_queries.list_queue(
        common.request_actor(request), registry.clock.now(), limit=page.rows_max
    )
    return page.of(rows)


@router.get("/proposals", response=common.answers(common.PageOut[QueueRow]))
def list_proposals(
    request: HttpRequest,
    state: ProposalState | None = None,
    *,
    page: common.Page,
) -> Mapping[str, object]:
    """Return proposals, newest first."""
    states = (state,) if state else ()
    rows = proposal_queries.list_proposals(
        common.request_actor(request), states=states, limit=page.rows_max
    )
    return page.of(rows)


@router.get("/proposals/{proposal_id}", response=common.answers(ProposalReview))
def get_proposal(request: HttpRequest, proposal_id: UUID) -> ProposalReview:
    """Return one proposal in full."""
    return review_proposal(
        common.request_actor(request), ProposalId(proposal_id), now=registry.clock.now()
    )


@router.post(
    "/proposals/{proposal_id}/approve", response=common.answers(common.ActionIdOut, status=202)
)
def approve(request: HttpRequest, proposal_id: UUID, said: DecideIn) -> Status[dict[str, ActionId]]:
    """Approve exactly what the digest names; its run is queued."""
    action_id = decisions.approve_proposal(
        **common.asked_by(request),
        proposal_id=ProposalId(proposal_id),
        digest=said.digest,
        reason=said.reason,
    )
    return Status(202, {"action_id": action_id})


@router.post("/proposals/{proposal_id}/reject", response=common.answers(None, status=204))
def reject(request: HttpRequest, proposal_id: UUID, said: common.ReasonIn) -> Status[None]:
    """Say no."""
    by = common.asked_by(request)
    decisions.reject_proposal(**by, proposal_id=ProposalId(proposal_id), reason=said.reason)
    return Status(204, None)


@router.post("/proposals/{proposal_id}/edit", response=common.answers(common.DigestOut))
def edit(request: HttpRequest, proposal_id: UUID, said: EditIn) -> dict[str, str]:
    """Change targets or parameters; nothing is approved by it."""
    targets = None if said.targets is None else [SubjectRef.parse(text) for text in said.targets]
    digest = proposals.edit_proposal(
        **common.asked_by(request),
        proposal_id=ProposalId(proposal_id),
        digest=said.digest,
        targets=targets,
        params=said.params,
        reason=said.reason,
    )
    return {"digest": digest}
