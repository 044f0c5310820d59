"""Turning rows of tables into the frozen rows that reads return."""

from collections.abc import Mapping
from uuid import UUID

from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.json_codec import (
    read_blast,
    read_evidence,
    read_rehearsal,
    read_targets,
    read_verdicts,
)
from scuderia.loop.models.actions import Action
from scuderia.loop.models.agents import AgentRound
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.effects import Effect
from scuderia.loop.models.findings import Finding
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.models.proposals import Edit, Proposal
from scuderia.loop.nouns import (
    ActionId,
    ActionState,
    Answer,
    EffectState,
    FindingId,
    FindingState,
    OutcomeVerdict,
    ProposalId,
    ProposalState,
)
from scuderia.loop.queries.rows import (
    ActionRow,
    DecisionRow,
    EditRow,
    EffectRow,
    FindingRow,
    OutcomeRow,
    QueueRow,
    RoundRow,
)


def finding_row(finding: Finding) -> FindingRow:
    """Return the claim as doors see it."""
    return FindingRow(
        id=FindingId(finding.id),
        kind=finding.kind,
        subject=SubjectRef.parse(finding.subject),
        claim=finding.claim,
        confidence=finding.confidence,
        severity_gpu_hours=finding.severity_gpu_hours,
        evidence=read_evidence(finding.evidence),
        raised_by=finding.raised_by,
        state=FindingState(finding.state),
        opened_at=finding.opened_at,
        refreshed_at=finding.refreshed_at,
        cleared_at=finding.cleared_at,
    )


def queue_row(proposal: Proposal, *, findings: int) -> QueueRow:
    """Return one line of the queue."""
    return QueueRow(
        id=ProposalId(proposal.id),
        title=proposal.title,
        kind=proposal.kind,
        agent=proposal.agent,
        filed_by=proposal.filed_by,
        targets=read_targets(proposal.targets),
        digest=proposal.digest,
        regret_gpu_hours_per_day=proposal.regret_gpu_hours_per_day,
        rehearsal=read_rehearsal(proposal.rehearsal),
        blast=read_blast(proposal.blast),
        filed_at=proposal.filed_at,
        expires_at=proposal.expires_at,
        advice=proposal.advice,
        returned_reason=proposal.returned_reason,
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


def decision_row(decision: Decision) -> DecisionRow:
    """Return one word said, and when it was used."""
    use = getattr(decision, "use", None)
    return DecisionRow(
        by=decision.decided_by,
        via=decision.via,
        answer=Answer(decision.answer),
        reason=decision.reason,
        digest=decision.digest,
        at=decision.decided_at,
        expires_at=decision.expires_at,
        used_at=use.used_at if use else None,
        gates=read_verdicts(decision.gate_verdicts),
    )


def outcome_row(outcome: Outcome) -> OutcomeRow:
    """Return the measured effect beside the expected one."""
    return OutcomeRow(
        action_id=ActionId(outcome.action_id),
        metric=outcome.metric,
        unit=outcome.unit,
        better=outcome.better,
        do_nothing=outcome.do_nothing,
        expected=outcome.expected,
        low=outcome.low,
        high=outcome.high,
        due_at=outcome.due_at,
        value=outcome.value,
        measured_at=outcome.measured_at,
        verdict=OutcomeVerdict(outcome.verdict) if outcome.verdict else None,
        note=outcome.note,
    )


def effect_row(effect: Effect) -> EffectRow:
    """Return one keyed change of the world."""
    return EffectRow(
        step=effect.step,
        name=effect.name,
        key=effect.key,
        arguments=effect.arguments,
        state=EffectState(effect.state),
        tries=effect.tries,
        looks=effect.looks,
        claimed_at=effect.claimed_at,
        settled_at=effect.settled_at,
        detail=effect.detail,
    )


def action_row(
    action: Action,
    *,
    effects_done: Mapping[UUID, int],
    being_undone: frozenset[UUID],
    effects: tuple[EffectRow, ...] = (),
) -> ActionRow:
    """Return one run; `effects_done` and `being_undone` answer whether undo may be offered."""
    outcome = getattr(action, "outcome", None)
    undoable = {ActionState.DONE, ActionState.FAILED, ActionState.HALTED}
    return ActionRow(
        id=ActionId(action.id),
        proposal_id=ProposalId(action.proposal_id),
        title=action.proposal.title,
        kind=action.kind,
        agent=action.agent,
        targets=read_targets(action.targets),
        params=action.params,
        state=ActionState(action.state),
        resumable=action.resumable,
        safe_direction=action.safe_direction,
        said=action.said,
        decided_by=action.decision.decided_by,
        steps_total=action.steps_total,
        queued_at=action.queued_at,
        started_at=action.started_at,
        finished_at=action.finished_at,
        undo_of=ActionId(action.undo_of_id) if action.undo_of_id else None,
        can_undo=(
            ActionState(action.state) in undoable
            and not action.safe_direction
            and effects_done.get(action.id, 0) > 0
            and action.id not in being_undone
        ),
        outcome=outcome_row(outcome) if outcome else None,
        effects=effects,
    )


def round_row(made: AgentRound) -> RoundRow:
    """Return what one look brought back."""
    return RoundRow(
        agent=made.agent,
        at=made.at,
        duration_ms=made.duration_ms,
        error=made.error,
        considered=tuple(made.considered),
        findings=made.findings,
        proposals=made.proposals,
        filed=made.filed,
    )
