"""What waits for a person, and everything a person sees before the button."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound
from scuderia.basics.records import row_from
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.basics.units import Quantity
from scuderia.loop.engine.digest import named_by
from scuderia.loop.engine.json_codec import (
    read_blast,
    read_rehearsal,
    read_targets,
)
from scuderia.loop.models.proposals import Edit, Proposal, ProposalScope
from scuderia.loop.nouns import (
    ActionId,
    BlastRadius,
    Power,
    ProposalId,
    ProposalState,
    Rehearsal,
    Reversibility,
)
from scuderia.loop.ports import registry
from scuderia.loop.queries.access import scopes_with
from scuderia.loop.queries.agents import TrackRecord, track_record
from scuderia.loop.queries.decisions import DecisionRow, decision_row
from scuderia.loop.queries.findings import (
    FindingRow,
    finding_row,
    shown_finding,
    with_silence,
)
from scuderia.loop.queries.listing import holding, in_order
from scuderia.loop.queries.silence import silent_since

PROPOSAL_WORDS = ("title", "agent", "filed_by", "kind")
PROPOSAL_ORDERS = {
    "title": "title",
    "state": "state",
    "agent": "agent",
    "cost": "cost_of_delay_rank",
    "filed": "filed_at",
    "expires": "expires_at",
}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue, dearest first.

    agent, filed_by   the agent's name, "" by hand; the actor who filed it, e.g. `person:ada`
    digest            what an approval must name; an edit changes it
    cost_of_delay     what one day of waiting costs
    expires_at        from this instant on it can no longer be approved
    advice            the agent's level is no more than advice: nobody may have it carried out
    returned_reason   why its run came back to be decided anew; "" where none did
    findings          how many claims it rests on
    silent_since      nothing is heard since then of something that it names
    """

    id: ProposalId
    title: str
    kind: str
    agent: str
    filed_by: str
    targets: tuple[SubjectRef, ...]
    digest: str
    cost_of_delay: Quantity
    rehearsal: Rehearsal
    blast: BlastRadius
    filed_at: AwareDatetime
    expires_at: AwareDatetime
    advice: bool
    returned_reason: str
    findings: int
    state: ProposalState
    silent_since: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class EditRow:
    """One recorded change of a proposal: its plan before and after, as kind, targets and params.

    by   the actor's text, e.g. `person:ada`
    """

    by: str
    at: AwareDatetime
    reason: str
    before: JsonObject
    after: JsonObject


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """Everything that our own tables know of one proposal.

    safe_direction       no brake stops it: an undo, or a kind declared as such
    findings             as they stand; of a decided proposal, as they stood before the decider
    shown_at             when the decision froze them; None of an open proposal
    four_eyes            filed so that who filed or edited it may not approve it
    rehearsal_is_stale   the plan was edited after the rehearsal was made
    """

    row: QueueRow
    params: JsonObject
    snapshot: JsonObject
    findings: tuple[FindingRow, ...]
    shown_at: AwareDatetime | None
    kind_title: str
    kind_version: int
    reversibility: Reversibility | None
    safe_direction: bool
    undo: str
    probe: str
    preconditions: tuple[str, ...]
    blast_denominator: str
    blast_targets_max: int
    blast_share_max: float
    rehearsal_is_stale: bool
    four_eyes: bool
    edits: tuple[EditRow, ...]
    decisions: tuple[DecisionRow, ...]
    action_ids: tuple[ActionId, ...]
    track: TrackRecord


def queue_row(proposal: Proposal, *, findings: int) -> QueueRow:
    """Return one line of the queue."""
    return row_from(
        QueueRow,
        proposal,
        id=ProposalId(proposal.id),
        targets=read_targets(proposal.targets),
        cost_of_delay=Quantity(proposal.cost_of_delay_amount, proposal.cost_of_delay_unit),
        rehearsal=read_rehearsal(proposal.rehearsal),
        blast=read_blast(proposal.blast),
        findings=findings,
        state=ProposalState(proposal.state),
    )


def edit_row(edit: Edit) -> EditRow:
    """Return one recorded change."""
    return EditRow(
        by=edit.edited_by,
        at=edit.edited_at,
        reason=edit.reason,
        before=edit.before,
        after=edit.after,
    )


@dataclass(frozen=True, slots=True)
class QueueTotal:
    """How many proposals wait, and what a day of it costs in each unit."""

    count: int
    costs: tuple[Quantity, ...]


def list_queue(
    actor: Actor,
    now: AwareDatetime,
    *,
    words: str = "",
    order: str = "",
    offset: int = 0,
    limit: int = 100,
) -> tuple[QueueRow, ...]:
    """Return pending, unexpired proposals within reach, by cost of delay and then age.

    words, order   as of `list_proposals`; the cost of delay decides unless another order is asked
    """
    waiting = _waiting(actor, now).filter(holding(words, *PROPOSAL_WORDS))
    dearest = ("-cost_of_delay_rank", "filed_at", "pk")
    return _rows(
        in_order(waiting, PROPOSAL_ORDERS, order, unasked=dearest)[offset : offset + limit]
    )


def count_queue(actor: Actor, now: AwareDatetime) -> int:
    """Return how many proposals wait for a person within the actor's reach."""
    return _waiting(actor, now).count()


def total_queue(actor: Actor, now: AwareDatetime) -> QueueTotal:
    """Return how many wait and what a day of waiting costs, in one query; unlike is not summed."""
    sums = _waiting(actor, now).values("cost_of_delay_unit").order_by("cost_of_delay_unit")
    rows = list(sums.annotate(rows=Count("pk"), amount=Sum("cost_of_delay_amount")))
    return QueueTotal(
        sum(row["rows"] for row in rows),
        tuple(Quantity(row["amount"], row["cost_of_delay_unit"]) for row in rows),
    )


def list_proposals(
    actor: Actor,
    *,
    states: Sequence[ProposalState] = (),
    words: str = "",
    order: str = "",
    offset: int = 0,
    limit: int = 100,
) -> tuple[QueueRow, ...]:
    """Return proposals in any of these states (all if empty), newest first unless ordered.

    words   each of them in the title, the agent or the kind
    order   one of PROPOSAL_ORDERS, "-" before it for descending
    """
    found = reachable_proposals(actor).filter(holding(words, *PROPOSAL_WORDS))
    if states:
        found = found.filter(state__in=[state.value for state in states])
    ordered = in_order(found, PROPOSAL_ORDERS, order, unasked=("-filed_at", "-pk"))
    return _rows(ordered[offset : offset + limit])


def get_proposal(actor: Actor, proposal_id: ProposalId) -> ProposalCard:
    """Return everything that our own tables know of one proposal.

    raises   NotFound: no such proposal within the actor's reach
    """
    proposal = reachable_proposals(actor).filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound("no such proposal is visible to you")
    executor = registry.executors.get(proposal.kind)
    declared = executor.kind if executor else None
    decisions = _decisions(proposal)
    frozen = _frozen(proposal, decisions)
    return ProposalCard(
        row=_with_silence(
            [(queue_row(proposal, findings=proposal.findings.count()), proposal.params)]
        )[0],
        params=proposal.params,
        snapshot=proposal.snapshot,
        findings=_findings(proposal, frozen),
        shown_at=frozen.at if frozen else None,
        kind_title=declared.title if declared else proposal.kind,
        kind_version=proposal.kind_version,
        reversibility=declared.reversibility if declared else None,
        safe_direction=proposal.undo_of_id is not None
        or (declared is not None and declared.safe_direction),
        undo=declared.undo if declared else "",
        probe=declared.probe if declared else "",
        preconditions=declared.preconditions if declared else (),
        blast_denominator=declared.blast.denominator if declared else "",
        blast_targets_max=declared.blast.targets_max if declared else 0,
        blast_share_max=declared.blast.share_max if declared else 0.0,
        four_eyes=proposal.four_eyes,
        rehearsal_is_stale=proposal.rehearsed_for != proposal.plan_digest,
        edits=tuple(edit_row(one) for one in proposal.edits.order_by("edited_at", "pk")),
        decisions=decisions,
        action_ids=tuple(
            ActionId(one)
            for one in proposal.actions.order_by("queued_at", "pk").values_list("pk", flat=True)
        ),
        track=track_record(proposal.agent, proposal.kind),
    )


def _decisions(proposal: Proposal) -> tuple[DecisionRow, ...]:
    said = proposal.decisions.select_related("use").order_by("decided_at", "pk")
    return tuple(map(decision_row, said))


def _frozen(proposal: Proposal, decisions: Sequence[DecisionRow]) -> DecisionRow | None:
    """Return the decision that froze what is shown; none while a person may still decide."""
    if proposal.state == ProposalState.PENDING or not decisions or not decisions[-1].shown:
        return None
    return decisions[-1]


def _findings(proposal: Proposal, frozen: DecisionRow | None) -> tuple[FindingRow, ...]:
    if frozen is not None:
        return tuple(map(shown_finding, cast("list[JsonObject]", frozen.shown["findings"])))
    return with_silence(map(finding_row, proposal.findings.order_by("-severity_rank", "pk")))


def _waiting(actor: Actor, now: AwareDatetime) -> QuerySet[Proposal]:
    return reachable_proposals(actor).filter(state=ProposalState.PENDING, expires_at__gt=now)


def reachable_proposals(actor: Actor) -> QuerySet[Proposal]:
    """Return the proposals of which every target hangs under a scope the actor may read."""
    scopes = scopes_with(actor, Power.READ)
    if str(EVERYTHING) in scopes:
        return Proposal.objects.all()
    within = ProposalScope.objects.filter(proposal=OuterRef("pk"), scope__in=sorted(scopes))
    return Proposal.objects.filter(Exists(within))


def _rows(proposals: QuerySet[Proposal]) -> tuple[QueueRow, ...]:
    counted = list(proposals.annotate(findings_count=Count("findings")))
    rows = [(queue_row(one, findings=one.findings_count), one.params) for one in counted]
    return _with_silence(rows)


def _with_silence(rows: Sequence[tuple[QueueRow, JsonObject]]) -> tuple[QueueRow, ...]:
    """Return the open ones with the longest silence of what their plans name."""
    named = [_named(row, params) for row, params in rows]
    silent = silent_since(subject for one in named for subject in one)
    return tuple(
        replace(row, silent_since=min((silent[s] for s in one if s in silent), default=None))
        for (row, _), one in zip(rows, named, strict=True)
    )


def _named(row: QueueRow, params: JsonObject) -> tuple[SubjectRef, ...]:
    """Return what the plan of an open proposal names; one that is closed waits for nothing."""
    if row.state is not ProposalState.PENDING:
        return ()
    texts = named_by(map(str, row.targets), params)
    return tuple(
        SubjectRef.parse(text) for text in texts if text.partition(":")[0] in registry.silences
    )
