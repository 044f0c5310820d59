"""What was decided, and how people have answered before."""

from dataclasses import dataclass
from uuid import UUID

from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.records import row_from
from scuderia.basics.units import HOUR_S
from scuderia.loop.engine.json_codec import (
    read_verdicts,
)
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import (
    Answer,
    GateVerdict,
    ProposalState,
)


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """What became of the proposals of one kind that were answered or ran out.

    refused          rejected, or expired without an answer; withdrawn ones are in neither
    approved_hours   from filing to the first yes, one per approved proposal, oldest first
    """

    refused: int
    approved_hours: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One word said about a proposal, with every gate's verdict at that moment.

    shown   what stood before the decider, as it then was; empty of a decision older than this
    """

    by: str
    via: str
    answer: Answer
    reason: str
    digest: str
    at: AwareDatetime
    expires_at: AwareDatetime
    used_at: AwareDatetime | None
    gates: tuple[GateVerdict, ...]
    shown: JsonObject


def decision_row(decision: Decision) -> DecisionRow:
    """Return one word said, and when it was used."""
    use = getattr(decision, "use", None)
    return row_from(
        DecisionRow,
        decision,
        by=decision.decided_by,
        answer=Answer(decision.answer),
        at=decision.decided_at,
        used_at=use.used_at if use else None,
        gates=read_verdicts(decision.gate_verdicts),
    )


def answers_to(kind: str, *, until: AwareDatetime) -> AnswerRecord:
    """Return how proposals of this kind were answered up to `until`, whoever filed them."""
    said = Decision.objects.filter(proposal__kind=kind, decided_at__lte=until)
    hours: dict[UUID, float] = {}
    for proposal, filed_at, decided_at in (
        said.filter(answer=Answer.YES)
        .order_by("decided_at", "serial", "pk")
        .values_list("proposal_id", "proposal__filed_at", "decided_at")
    ):
        hours.setdefault(proposal, (decided_at - filed_at).total_seconds() / HOUR_S)
    no = said.filter(answer=Answer.NO).exclude(proposal_id__in=hours)
    expired = Proposal.objects.filter(
        kind=kind, state=ProposalState.EXPIRED, expires_at__lte=until
    ).exclude(pk__in=hours)
    refused = no.values("proposal_id").distinct().count() + expired.count()
    return AnswerRecord(refused, tuple(max(one, 0.0) for one in hours.values()))
