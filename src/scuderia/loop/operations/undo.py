"""Putting the world back: a person's own decision, in the safe direction."""

from datetime import timedelta

from django.db import IntegrityError, transaction

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import NotFound, Refused
from scuderia.loop.engine.digest import plan_digest
from scuderia.loop.engine.json_codec import spell_rehearsal
from scuderia.loop.models.actions import OPEN, Action
from scuderia.loop.models.proposals import Proposal, ProposalScope
from scuderia.loop.nouns import (
    ActionId,
    ActionState,
    EffectState,
    Phase,
    Plan,
    Power,
    ProposalState,
    Rehearsal,
)
from scuderia.loop.operations import access
from scuderia.loop.operations.decisions import Objected, commit_yes
from scuderia.loop.operations.preflight import ResolvedPlan, check_plan, plan_of
from scuderia.loop.operations.proposals import resolved_columns
from scuderia.loop.ports import executor_of
from scuderia.loop.queries.actions import is_decider, lineage_for
from scuderia.loop.queries.lineage import common_lineage, told_lineage

UNDOABLE = (ActionState.DONE, ActionState.FAILED, ActionState.HALTED)


class CannotUndo(Refused):
    """There is nothing to put back, or no declared way to do it."""

    code = "LOOP-022"
    remedy = "File a proposal that brings about the state you want."


def undo_action(
    *, actor: Actor, action_id: ActionId, reason: str = "", now: AwareDatetime
) -> ActionId:
    """Queue the action that undoes this one, by this person's decision; return its id.

    Brakes and blast bounds do not stop it; gates and preconditions are asked.

    raises   CannotUndo; Objected: a gate or a precondition says no; Unable: the world is silent
    """
    action = Action.objects.select_related("proposal", "decision").filter(pk=action_id).first()
    if action is None:
        raise NotFound("no such action is visible to you")
    access.require(actor, Power.UNDO, lineage_for(actor, action))
    plan = _undo_plan(action)
    if not is_decider(actor, action):
        access.require(actor, Power.UNDO, common_lineage(plan.targets))
    lineage = common_lineage(plan.targets) | told_lineage(action.proposal)
    report = check_plan(plan, by=actor, phase=Phase.DECIDE, safe_direction=True, now=now)
    if report.resolved is None or report.refusals:
        raise Objected("; ".join(report.refusals))
    try:
        with transaction.atomic():
            _hold(action)
            proposal = _file(action, report.resolved, actor, now)
            ProposalScope.objects.bulk_create(
                ProposalScope(proposal=proposal, scope=scope) for scope in sorted(map(str, lineage))
            )
            return commit_yes(proposal, report, actor=actor, reason=reason, grant_id=None, now=now)
    except IntegrityError:  # one open undo an action: another person's was first
        raise CannotUndo("its undo is under way") from None


def _hold(action: Action) -> None:
    """Keep the action from going on; whoever moved it since it was read is first."""
    same = Action.objects.filter(pk=action.pk, state=action.state, attempt=action.attempt)
    if not same.update(resumable=False):
        raise CannotUndo("the action was moved by someone else at this moment")


def _undo_plan(action: Action) -> Plan:
    if action.state not in UNDOABLE:
        raise CannotUndo(f"the action is {action.state}")
    if action.safe_direction:
        raise CannotUndo("this is the safe direction already; its opposite needs a proposal")
    effects = list(action.effects.values_list("state", flat=True))
    if EffectState.DONE not in effects:
        raise CannotUndo("nothing was done")
    if EffectState.UNKNOWN in effects:
        raise CannotUndo(
            "one effect is not settled yet", remedy="Wait until the worker has looked, then undo."
        )
    if action.undo_actions.filter(OPEN).exists():
        raise CannotUndo("its undo is under way")
    plan = executor_of(action.kind).undo_plan(plan_of(action), action.snapshot)
    if plan is None:
        raise CannotUndo(f"{action.kind} declares no undo for this")
    return plan


def _file(action: Action, resolved: ResolvedPlan, actor: Actor, now: AwareDatetime) -> Proposal:
    """File the undo as a proposal of its own, so that it is decided, digested and audited alike."""
    title = executor_of(action.kind).kind.undo or "Put it back"
    return Proposal.objects.create(
        kind=resolved.plan.kind,
        filed_by=str(actor),
        title=f"Undo: {action.proposal.title} ({title})"[:200],
        **resolved_columns(resolved),
        rehearsed_for=plan_digest(resolved.plan),
        dedup_key=f"undo:{action.pk}",
        state=ProposalState.PENDING,
        rehearsal=spell_rehearsal(_restored(action)),
        filed_at=now,
        expires_at=now + timedelta(days=1),
        undo_of=action,
    )


def _restored(action: Action) -> Rehearsal:
    return Rehearsal(
        metric="state_restored",
        unit="",
        horizon_days=0,
        do_nothing=0,
        expected=1,
        low=1,
        high=1,
        better="higher",
        method=f"the undo that {action.kind} declares, from the state before it ran",
        limits="what others changed since then is not put back",
    )
