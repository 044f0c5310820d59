"""A person says yes or no to one digest."""

from datetime import timedelta

from django.db import IntegrityError, transaction

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import sha256_of
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.json_codec import (
    plain,
    read_plan,
    read_rehearsal,
    spell_verdicts,
)
from scuderia.loop.engine.transitions import IllegalMove
from scuderia.loop.models.actions import Action, RunRequest
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.proposals import Proposal
from scuderia.loop.nouns import (
    ActionId,
    Answer,
    Autonomy,
    GrantId,
    Phase,
    Power,
    ProposalId,
    ProposalState,
    Reversibility,
)
from scuderia.loop.operations import access, audit
from scuderia.loop.operations.grants import refuse_over_budget
from scuderia.loop.operations.preflight import PreflightReport, check_plan
from scuderia.loop.operations.proposals import access_proposal, rebind, refuse_stale
from scuderia.loop.operations.transitions import move
from scuderia.loop.ports import executor_of
from scuderia.loop.queries.approval_rules import two_people
from scuderia.loop.queries.brakes import brake_words, brakes_on
from scuderia.loop.queries.grants import level_for
from scuderia.loop.queries.lineage import live_lineage

_SHOWN = (
    "title", "kind", "kind_version", "targets", "params", "snapshot", "rehearsal", "rehearsed_for",
    "plan_digest", "blast", "cost_of_delay_amount", "cost_of_delay_unit", "returned_reason",
)  # fmt: skip
_CLAIMED = (
    "kind", "subject", "claim", "confidence", "severity_amount", "severity_unit", "evidence",
    "raised_by", "opened_at", "refreshed_at",
)  # fmt: skip
DECISION_VALID = timedelta(hours=4)
"""How long a yes may wait for its run, in domain time."""


class AdviceOnly(Refused):
    """The agent may only advise here; a person acts by other means."""

    code = "LOOP-016"
    remedy = "Act yourself, or ask a lead to grant the agent level 2 here."


class NoSelfApproval(Refused):
    """Four eyes are asked for, and these are the same two."""

    code = "LOOP-017"
    remedy = "Ask another person who may decide here."


class Objected(Refused):
    """A gate, a precondition or the blast bound says no."""

    code = "LOOP-018"
    remedy = "Clear what is named, or reject the proposal."


class Braked(Refused):
    """A brake is on."""

    code = "LOOP-019"
    remedy = "Ask a lead to lift the brake that is named."


class TooLate(Refused):
    """The proposal's time has passed."""

    code = "LOOP-020"
    remedy = "Wait for the crew to propose again, or file it anew."


def approve_proposal(
    *, actor: Actor, proposal_id: ProposalId, digest: str, reason: str = "", now: AwareDatetime
) -> ActionId:
    """Approve exactly what the digest names, and queue its run in the same transaction.

    raises   StaleDigest: it is no longer what was shown; the error names the current digest
             Objected, Braked, AdviceOnly, NoSelfApproval, BudgetSpent, TooLate
    """
    access.refuse_machines(actor, Power.DECIDE)
    proposal = access_proposal(actor, Power.DECIDE, proposal_id)
    _require_for_kind(actor, proposal)
    _refuse_closed(proposal, now)
    grant_id = _refuse_level(proposal, actor, now)
    refuse_stale(proposal, digest)
    plan, safe = read_plan(proposal.kind, proposal.targets, proposal.params), is_safe(proposal)
    report = check_plan(plan, by=actor, phase=Phase.DECIDE, safe_direction=safe, now=now)
    _refuse_drift(proposal, report)
    _refuse_objected(proposal, report, actor, now)
    return commit_yes(proposal, report, actor=actor, reason=reason, grant_id=grant_id, now=now)


def reject_proposal(
    *, actor: Actor, proposal_id: ProposalId, reason: str = "", now: AwareDatetime
) -> None:
    """Say no; a reason is welcome, never required. A brake or a gate never stops a no."""
    access.refuse_machines(actor, Power.DECIDE)
    proposal = access_proposal(actor, Power.DECIDE, proposal_id)
    with transaction.atomic():
        move(
            proposal,
            "proposal",
            ProposalState.REJECTED,
            only_if={"serial": proposal.serial},
            closed_at=now,
        )
        decision = _decide(proposal, Answer.NO, actor=actor, reason=reason, now=now)
        audit.record(
            actor,
            "proposal.rejected",
            subject=f"proposal:{proposal.pk}",
            reason=reason,
            at=now,
            detail={"digest": proposal.digest, "shown": sha256_of(decision.shown)},
            lineage=live_lineage(proposal),
        )


def commit_yes(
    proposal: Proposal,
    report: PreflightReport,
    *,
    actor: Actor,
    reason: str,
    grant_id: GrantId | None,
    now: AwareDatetime,
) -> ActionId:
    """Write decision, action and run request as one; `report` is a preflight without refusals."""
    cents = _cost_cents(proposal)
    with transaction.atomic():
        _refuse_braked(proposal)
        refuse_over_budget(grant_id, targets=len(proposal.targets), cents=cents, now=now)
        move(
            proposal,
            "proposal",
            ProposalState.APPROVED,
            only_if={"serial": proposal.serial, "digest": proposal.digest},
            closed_at=now,
            returned_reason="",
        )
        decision = _decide(proposal, Answer.YES, actor=actor, reason=reason, now=now, report=report)
        action = Action.objects.create(
            proposal=proposal,
            decision=decision,
            grant_id=grant_id,
            kind=proposal.kind,
            agent=proposal.agent,
            targets=proposal.targets,
            params=proposal.params,
            snapshot=proposal.snapshot,
            digest=proposal.digest,
            safe_direction=is_safe(proposal),
            targets_count=len(proposal.targets),
            cost_cents=cents,
            queued_at=now,
            undo_of=proposal.undo_of,
        )
        RunRequest.objects.create(action=action, asked_at=now)
        audit.record(
            actor,
            "proposal.approved",
            subject=f"proposal:{proposal.pk}",
            reason=reason,
            at=now,
            detail={
                "digest": proposal.digest,
                "action": str(action.pk),
                "shown": sha256_of(decision.shown),
                "gates": spell_verdicts(report.gates),
            },
            lineage=live_lineage(proposal),
        )
    return ActionId(action.pk)


def is_safe(proposal: Proposal) -> bool:
    """Say whether no brake may stop this: an undo, or a kind declared as the safe direction."""
    return proposal.undo_of_id is not None or executor_of(proposal.kind).kind.safe_direction


def _require_for_kind(actor: Actor, proposal: Proposal) -> None:
    if executor_of(proposal.kind).kind.reversibility is Reversibility.IRREVERSIBLE:
        access.require(actor, Power.DECIDE_IRREVERSIBLE, live_lineage(proposal))


def _refuse_closed(proposal: Proposal, now: AwareDatetime) -> None:
    if proposal.state != ProposalState.PENDING:
        raise IllegalMove(f"the proposal is {proposal.state} already", state=proposal.state)
    if now >= proposal.expires_at:
        raise TooLate(f"the proposal expired at {proposal.expires_at.isoformat()}")


def _refuse_level(proposal: Proposal, actor: Actor, now: AwareDatetime) -> GrantId | None:
    _refuse_same_person(proposal, actor)
    if not proposal.agent:
        return None
    targets = tuple(map(SubjectRef.parse, proposal.targets))
    level, grant_id = level_for(proposal.agent, proposal.kind, targets, at=now)
    if level < Autonomy.ACT_ONCE_APPROVED:
        raise AdviceOnly(f"{proposal.agent} is at level {level.value} here", level=level.value)
    return grant_id


def _refuse_same_person(proposal: Proposal, actor: Actor) -> None:
    """Refuse who filed or edited the proposal, where two people are asked for."""
    objection = two_people(proposal, safe_direction=is_safe(proposal)).objection_to(actor)
    if objection:
        raise NoSelfApproval(objection)


def _refuse_drift(proposal: Proposal, report: PreflightReport) -> None:
    """If the world moved since the proposal was shown, rebind it and ask the person anew."""
    if report.resolved is None or report.resolved.digest == proposal.digest:
        return
    shown = proposal.digest
    with transaction.atomic():
        rebind(proposal, report.resolved, returned="the world changed before the decision")
    refuse_stale(proposal, shown)


def _refuse_objected(
    proposal: Proposal, report: PreflightReport, actor: Actor, now: AwareDatetime
) -> None:
    if not report.refusals:
        return
    with transaction.atomic():
        audit.record(
            actor,
            "proposal.approval_refused",
            subject=f"proposal:{proposal.pk}",
            reason="; ".join(report.refusals)[: audit.REASON_CHARACTERS_MAX],
            at=now,
            detail={"gates": spell_verdicts(report.gates)},
            lineage=live_lineage(proposal),
        )
    raise Objected("; ".join(report.refusals))


def _refuse_braked(proposal: Proposal) -> None:
    if is_safe(proposal):
        return
    targets = tuple(map(SubjectRef.parse, proposal.targets))
    brakes = brakes_on(agent=proposal.agent, kind=proposal.kind, targets=targets)
    if brakes:
        raise Braked(brake_words(brakes))


def _decide(
    proposal: Proposal,
    answer: Answer,
    *,
    actor: Actor,
    reason: str,
    now: AwareDatetime,
    report: PreflightReport | None = None,
) -> Decision:
    try:
        with transaction.atomic():
            return Decision.objects.create(
                proposal=proposal,
                serial=proposal.serial,
                digest=proposal.digest,
                answer=answer.value,
                decided_by=str(actor),
                via=actor.via,
                reason=audit.bounded(reason),
                gate_verdicts=spell_verdicts(report.gates) if report else [],
                shown=spell_shown(proposal),
                decided_at=now,
                expires_at=now + DECISION_VALID,
            )
    except IntegrityError:
        raise IllegalMove("this digest was decided already") from None


def spell_shown(proposal: Proposal) -> dict[str, object]:
    """Return what a decider has before them, as JSON: later looks rewrite findings, never this."""
    findings = proposal.findings.order_by("-severity_rank", "pk")
    spelled: dict[str, object] = plain(
        {
            **{name: getattr(proposal, name) for name in _SHOWN},
            "findings": [
                {"id": str(one.pk), **{name: getattr(one, name) for name in _CLAIMED}}
                for one in findings
            ],
        }
    )
    return spelled


def _cost_cents(proposal: Proposal) -> int | None:
    return read_rehearsal(proposal.rehearsal).cost_cents
