"""One walk before any effect: the world asked once, every gate, and everything of our own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from django.db.models import Max

from scuderia.basics.actors import Actor, actor_named
from scuderia.basics.canonical import JsonObject, JsonValue, canonical_json
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused, Unable
from scuderia.basics.subjects import SubjectRef
from scuderia.loop.engine.blast_radius import blast_objections
from scuderia.loop.engine.digest import canonical_params, digest_of, refuse_bad_targets
from scuderia.loop.engine.json_codec import plain, read_plan
from scuderia.loop.models.actions import Action, DecisionUse
from scuderia.loop.models.decisions import Decision
from scuderia.loop.models.grants import Grant
from scuderia.loop.nouns import (
    ActionKind,
    Answer,
    Autonomy,
    Digest,
    Examination,
    GateRequest,
    GateVerdict,
    GrantId,
    GrantState,
    Phase,
    Plan,
    Step,
)
from scuderia.loop.operations.grants import refuse_over_budget
from scuderia.loop.ports import Gate, executor_of, policy_of, registry
from scuderia.loop.queries.brakes import brake_words, brakes_on
from scuderia.loop.queries.grants import level_for
from scuderia.loop.queries.lineage import union_lineage

SKEW = timedelta(minutes=5)
"""Clocks of two machines differ; a decision from further in the future is not believed."""
LAPSED_REMEDY = "Undo what was done, or cancel the run; then have it proposed and decided anew."


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
    """A plan as a decision would be bound to it at this moment.

    seen     the world's answer; its snapshot is in plain JSON, as it is hashed
    policy   the version of the rules: the kind's declaration and the gates that are registered
    digest   over plan, kind version, snapshot and policy: what a person says yes to
    """

    plan: Plan
    declaration: ActionKind
    seen: Examination
    policy: str
    digest: Digest

    @property
    def kind_version(self) -> int:
        """Return the version of the kind's declaration."""
        return self.declaration.version


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """Everything that was asked about one plan at one moment.

    resolved    the plan as it binds now; None where the world could not be examined
    objections  preconditions that do not hold and bounds that are passed, in words
    """

    gates: tuple[GateVerdict, ...]
    objections: tuple[str, ...]
    resolved: ResolvedPlan | None

    @property
    def refusals(self) -> tuple[str, ...]:
        """Return every reason against, gates first."""
        return (*self.gate_refusals, *self.objections)

    @property
    def gate_refusals(self) -> tuple[str, ...]:
        """Return the word of every gate that does not say yes."""
        return tuple(
            f"gate {verdict.gate}: {'; '.join(verdict.reasons) or 'no'}"
            for verdict in self.gates
            if verdict.answer is not Answer.YES
        )


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why an action may not go on. `resolved` is the plan as it binds now, where that was seen."""

    way: StopKind
    said: str
    resolved: ResolvedPlan | None = None
    remedy: str = ""


class Stopped(Exception):  # noqa: N818 - what became of the action, not a fault
    """The action may not go on; whoever catches it halts it or sends it back."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.said)
        self.reason = reason


def resolve(
    kind: str,
    targets: Sequence[SubjectRef],
    params: JsonObject,
    *,
    now: AwareDatetime,
    done: int = 0,
) -> ResolvedPlan:
    """Look at the world once and return what a digest names now.

    raises   UnknownKind, BadParams, NothingToDo; Unable when the world is silent
    """
    executor = executor_of(kind)
    refuse_bad_targets(targets)
    plan = Plan(kind, tuple(targets), canonical_params(executor.kind, params))
    seen = executor.examine(plan, now=now, done=done)
    if not seen.steps:
        raise NothingToDo(f"{kind} has no steps for this plan")
    seen, policy = replace(seen, snapshot=plain(seen.snapshot)), policy_of(executor.kind)
    return ResolvedPlan(
        plan=plan,
        declaration=executor.kind,
        seen=seen,
        policy=policy,
        digest=digest_of(
            plan, kind_version=executor.kind.version, snapshot=seen.snapshot, policy=policy
        ),
    )


def check_plan(
    plan: Plan, *, by: Actor, phase: Phase, safe_direction: bool, now: AwareDatetime, done: int = 0
) -> PreflightReport:
    """Ask the world once, then every gate, outside any transaction; `done` steps took hold before.

    A gate that errs says no, and so does an executor that errs: what cannot be examined must not
    be done. The safe direction is not held to a blast bound: putting ten back must stay possible.

    raises   Refused: the plan names what is not there
             Unable: the world is silent, so nothing can be said
    """
    gates = _ask_gates(plan, by=by, phase=phase, safe_direction=safe_direction, now=now)
    try:
        resolved = resolve(plan.kind, plan.targets, plan.params, now=now, done=done)
    except (Refused, Unable):
        raise
    except Exception as error:  # noqa: BLE001 - recorded as a no, whatever it is
        return PreflightReport(gates, (f"the plan could not be examined: {_words(error)}",), None)
    objections = list(resolved.seen.objections)
    if not safe_direction and not done:  # what was done needs no bound any more
        bound = resolved.declaration
        objections += blast_objections(bound, resolved.seen.blast, targets=len(plan.targets))
    return PreflightReport(gates, tuple(objections), resolved)


def plan_of(action: Action) -> Plan:
    """Return what the action carries out."""
    return read_plan(action.kind, action.targets, action.params)


def decider_of(action: Action) -> Actor:
    """Return who said yes."""
    return actor_named(action.decision.decided_by, via=action.decision.via)


def check_action(action: Action, *, done: int | None, now: AwareDatetime) -> tuple[Step, ...]:
    """Ask our tables, the world and every gate whether an effect may follow; return the steps.

    done   how many steps took hold already; None before anything was tried

    Before the first effect any drift voids the decision. From the second on our own hand has
    moved the targets, so that they must stand as the steps that are done leave them: what else
    changed is somebody else's doing and halts the run, for a person to resume, undo or cancel.

    raises   Stopped: it may not go on
             Unable: the world is silent, so nothing can be said; try again later
    """
    refuse_stopped(action, now=now)
    begins = done is None
    try:
        report = check_plan(
            plan_of(action),
            by=decider_of(action),
            phase=Phase.BEGIN if begins else Phase.STEP,
            safe_direction=action.safe_direction,
            now=now,
            done=done or 0,
        )
    except Refused as refusal:
        way = StopKind.RETURN if begins else StopKind.HALT
        said = f"the plan can no longer be resolved: {refusal.message}"
        raise Stopped(StopReason(way, said)) from refusal
    if report.resolved is None:
        raise Stopped(StopReason(StopKind.HALT, "; ".join(report.refusals)))
    if begins and report.resolved.digest != action.digest:
        said = "what would be done is no longer what was decided"
        raise Stopped(StopReason(StopKind.RETURN, said, report.resolved))
    refusals = report.refusals + _moved_by_others(action, report.resolved.seen, done or 0)
    if refusals:
        raise Stopped(StopReason(StopKind.HALT, "; ".join(refusals)))
    return report.resolved.seen.steps


def _moved_by_others(action: Action, seen: Examination, done: int) -> tuple[str, ...]:
    """Return what of the snapshot stands otherwise than the steps that are done left it."""
    left = dict(action.snapshot)
    for step in seen.steps[:done]:
        left |= plain(step.leaves)
    return tuple(
        f"somebody else changed {name}: it was {_spelled(left.get(name))} after step {done} "
        f"and is {_spelled(seen.snapshot.get(name))}"
        for name in sorted({*left, *seen.snapshot})
        if left.get(name) != seen.snapshot.get(name)
    )


def _spelled(value: JsonValue) -> str:
    return canonical_json(value)[:80]


def refuse_stopped(action: Action, *, now: AwareDatetime) -> None:
    """Ask our tables for decision, brake, grant and budget; in the transaction that acts.

    raises   Stopped: one of them says no
    """
    stop = _stop_by_decision(action, now=now) or _stop_by_people(action, now=now)
    if stop is not None:
        raise Stopped(stop)


def _ask_gates(
    plan: Plan, *, by: Actor, phase: Phase, safe_direction: bool, now: AwareDatetime
) -> tuple[GateVerdict, ...]:
    """Return every gate's word; an erroring gate says no."""
    request = GateRequest(
        plan=plan,
        lineage=union_lineage(plan.targets),
        actor=by,
        at=now,
        phase=phase,
        safe_direction=safe_direction,
    )
    return tuple(_ask(gate, request) for gate in registry.gates)


def _ask(gate: Gate, request: GateRequest) -> GateVerdict:
    try:
        verdict = gate.decide(request)
        return replace(verdict, gate=gate.name, reasons=tuple(verdict.reasons))
    except Exception as error:  # noqa: BLE001 - an erroring gate is a no, recorded as one
        return GateVerdict(gate.name, Answer.NO, (f"the gate failed: {_words(error)}",))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _stop_by_decision(action: Action, *, now: AwareDatetime) -> StopReason | None:
    """Check that a person's unused, unexpired yes names exactly this action."""
    decision = action.decision
    if _is_foreign(decision, action):
        return StopReason(StopKind.RETURN, "no decision names exactly this")
    if DecisionUse.objects.filter(decision=decision).exclude(action=action).exists():
        return StopReason(StopKind.RETURN, "the decision was used already")
    if DecisionUse.objects.filter(decision=decision).exists():
        return _stop_by_age(action, now)
    if now >= decision.expires_at:
        return StopReason(
            StopKind.RETURN, f"the decision expired at {decision.expires_at.isoformat()}"
        )
    if now < decision.decided_at - SKEW:
        return StopReason(
            StopKind.RETURN, "the decision lies in the future: the clock was turned back"
        )
    return None


def lapses_at(action: Action) -> AwareDatetime:
    """Return when the yes to a begun run ends: so long after the last step as it may wait at all.

    A run that goes on keeps its decision; one that lay, halted or without a worker, loses it.
    """
    decision = action.decision
    signs = action.effects.aggregate(claimed=Max("claimed_at"), settled=Max("settled_at"))
    last = max(filter(None, (action.started_at, *signs.values())), default=decision.decided_at)
    return last + (decision.expires_at - decision.decided_at)


def _stop_by_age(action: Action, now: AwareDatetime) -> StopReason | None:
    lapsed = lapses_at(action)
    if now < lapsed:
        return None
    said = f"nothing was done for so long that the decision lapsed at {lapsed.isoformat()}"
    return StopReason(StopKind.HALT, said, remedy=LAPSED_REMEDY)


def _stop_by_people(action: Action, *, now: AwareDatetime) -> StopReason | None:
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


def _is_foreign(decision: Decision, action: Action) -> bool:
    return (
        decision.answer != Answer.YES
        or decision.digest != action.digest
        or decision.proposal_id != action.proposal_id
        or not decision.decided_by.startswith("person:")
    )
