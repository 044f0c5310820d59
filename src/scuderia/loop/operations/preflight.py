"""One walk before any effect: the plan as it binds now, and everything that may object."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.digest import canonical_params, digest_of, refuse_bad_targets
from scuderia.loop.engine.json_codec import plain, read_plan
from scuderia.loop.models.actions import Action, DecisionUse
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.grants import Grant
from scuderia.loop.nouns import (
    ActionKind,
    Answer,
    Autonomy,
    BlastRadius,
    Digest,
    GrantId,
    GrantState,
    Plan,
)
from scuderia.loop.operations.grants import refuse_over_budget
from scuderia.loop.ports import executor_of, policy_of
from scuderia.loop.queries.brakes import brake_words, brakes_on
from scuderia.loop.queries.grants import level_for
from scuderia.loop.queries.guards import ask_gates, judge

SKEW = timedelta(minutes=5)
"""Clocks of two machines differ; a decision from further in the future is not believed."""


class StopKind(StrEnum):
    """What becomes of an action that may not go on."""

    HALT = "halt"  # it waits for a person to resume it
    RETURN = "return"  # the decision is void: back to the person as a proposal


class NothingToDo(Refused):
    """The plan has no effect, so there is nothing to decide."""

    code = "LOOP-015"
    remedy = "Propose a plan that changes something."


@dataclass(frozen=True, slots=True)
class ResolvedPlan:
    """A plan as a decision would be bound to it at this moment."""

    plan: Plan
    declaration: ActionKind
    snapshot: JsonObject
    radius: BlastRadius
    policy: str
    digest: Digest

    @property
    def kind_version(self) -> int:
        """Return the version of the kind's declaration."""
        return self.declaration.version


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why an action may not go on. `resolved` is the plan as it binds now, where that was seen."""

    way: StopKind
    said: str
    resolved: ResolvedPlan | None = None


def resolve(kind: str, targets: Sequence[SubjectRef], params: JsonObject) -> ResolvedPlan:
    """Look at the world and return what a digest names now.

    raises   UnknownKind, BadParams, NothingToDo; Unable when the world is silent
    """
    executor = executor_of(kind)
    refuse_bad_targets(targets)
    plan = Plan(kind, tuple(targets), canonical_params(executor.kind, params))
    if not executor.steps(plan):
        raise NothingToDo(f"{kind} has no steps for this plan")
    snapshot, policy = plain(executor.snapshot(plan)), policy_of(executor.kind)
    return ResolvedPlan(
        plan=plan,
        declaration=executor.kind,
        snapshot=snapshot,
        radius=executor.blast_radius(plan),
        policy=policy,
        digest=digest_of(
            plan, kind_version=executor.kind.version, snapshot=snapshot, policy=policy
        ),
    )


def plan_of(action: Action) -> Plan:
    """Return what the action carries out."""
    return read_plan(action.kind, action.targets, action.params)


def decider_of(action: Action) -> Actor:
    """Return who said yes."""
    kind, _, name = action.decision.decided_by.partition(":")
    return Actor(ActorKind(kind), name, via=action.decision.via)


def stop_before_first_effect(action: Action, *, now: AwareDatetime) -> StopReason | None:
    """Ask everything again before anything is done; None means go.

    raises   Unable: the world is silent, so nothing can be said; try again later
    """
    return (
        stop_by_decision(action, now=now)
        or stop_by_people(action, now=now)
        or _stop_by_drift(action)
        or _stop_by_judgement(action, now=now)
    )


def stop_between_effects(action: Action, *, now: AwareDatetime) -> StopReason | None:
    """Ask what may change in mid-run: brakes, grants and gates; None means go.

    The targets have moved by our own hand by now, so neither digest nor preconditions can hold.
    """
    stop = stop_by_people(action, now=now)
    if stop is not None:
        return stop
    verdicts = ask_gates(
        plan_of(action),
        actor=decider_of(action),
        at=now,
        phase="execute",
        safe_direction=action.safe_direction,
    )
    said = [
        f"gate {verdict.gate}: {'; '.join(verdict.reasons) or 'no'}"
        for verdict in verdicts
        if verdict.answer is not Answer.YES
    ]
    return StopReason(StopKind.HALT, "; ".join(said)) if said else None


def stop_by_decision(action: Action, *, now: AwareDatetime) -> StopReason | None:
    """Check that a person's unused, unexpired yes names exactly this action."""
    decision = action.decision
    if _is_foreign(decision, action):
        return StopReason(StopKind.RETURN, "no decision names exactly this")
    if DecisionUse.objects.filter(decision=decision).exclude(action=action).exists():
        return StopReason(StopKind.RETURN, "the decision was used already")
    if DecisionUse.objects.filter(decision=decision).exists():
        return None
    if now >= decision.expires_at:
        return StopReason(
            StopKind.RETURN, f"the decision expired at {decision.expires_at.isoformat()}"
        )
    if now < decision.decided_at - SKEW:
        return StopReason(
            StopKind.RETURN, "the decision lies in the future: the clock was turned back"
        )
    return None


def stop_by_people(action: Action, *, now: AwareDatetime) -> StopReason | None:
    """Check brakes, the grant and its budget; a brake never stops the safe direction."""
    if action.safe_direction:
        return None
    targets = plan_of(action).targets
    brakes = brakes_on(agent=action.agent, kind=action.kind, targets=targets)
    if brakes:
        return StopReason(StopKind.HALT, brake_words(brakes))
    if not action.agent:
        return None
    grant = Grant.objects.filter(pk=action.grant_id).first() if action.grant_id else None
    if grant is not None and (grant.state != GrantState.ACTIVE or now >= grant.expires_at):
        ended = grant.state if grant.state != GrantState.ACTIVE else GrantState.EXPIRED.value
        return StopReason(StopKind.HALT, f"the grant it was decided under is {ended}")
    return _stop_by_level(action, targets, now)


def _stop_by_level(
    action: Action, targets: tuple[SubjectRef, ...], now: AwareDatetime
) -> StopReason | None:
    try:
        level, _ = level_for(action.agent, action.kind, targets, at=now)
        if level < Autonomy.ACT_ONCE_APPROVED:
            return StopReason(
                StopKind.HALT, f"{action.agent} was brought down to level {level.value} here"
            )
        refuse_over_budget(
            GrantId(action.grant_id) if action.grant_id else None,
            targets=action.targets_count,
            cents=action.cost_cents,
            now=now,
            but=action.pk,
        )
    except Refused as refusal:
        return StopReason(StopKind.HALT, refusal.message)
    return None


def _stop_by_drift(action: Action) -> StopReason | None:
    try:
        resolved = resolve(action.kind, plan_of(action).targets, action.params)
    except Refused as refusal:
        return StopReason(StopKind.RETURN, f"the plan can no longer be resolved: {refusal.message}")
    if resolved.digest != action.digest:
        return StopReason(
            StopKind.RETURN, "what would be done is no longer what was decided", resolved
        )
    return None


def _stop_by_judgement(action: Action, *, now: AwareDatetime) -> StopReason | None:
    judgement = judge(
        plan_of(action),
        actor=decider_of(action),
        at=now,
        phase="execute",
        safe_direction=action.safe_direction,
    )
    return StopReason(StopKind.HALT, "; ".join(judgement.refusals)) if judgement.refusals else None


def _is_foreign(decision: Decision, action: Action) -> bool:
    return (
        decision.answer != Answer.YES
        or decision.digest != action.digest
        or decision.proposal_id != action.proposal_id
        or not decision.decided_by.startswith("person:")
    )
