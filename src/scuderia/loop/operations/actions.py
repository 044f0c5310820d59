"""The three calls of a durable run; each may be made again after any crash, by any worker."""

from datetime import timedelta
from typing import Protocol

from django.db import transaction

from scuderia.basics.actors import WORKER, Actor
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound, Refused, Unable
from scuderia.loop.engine.json_codec import read_rehearsal
from scuderia.loop.engine.transitions import IllegalMove
from scuderia.loop.models.actions import UNANSWERED, Action, DecisionUse, RunRequest
from scuderia.loop.models.effects import Effect
from scuderia.loop.models.outcomes import Outcome
from scuderia.loop.nouns import (
    ActionId,
    ActionState,
    EffectState,
    OutcomeVerdict,
    Power,
    Reversibility,
    Step,
    StepWord,
)
from scuderia.loop.operations import access, audit, workers
from scuderia.loop.operations.effects import (
    Settled,
    claim,
    in_flight,
    is_run_elsewhere,
    observe,
    perform,
)
from scuderia.loop.operations.halting import end_halted, record, stop_action
from scuderia.loop.operations.preflight import (
    StopKind,
    Stopped,
    StopReason,
    check_action,
    lapses_at,
    plan_of,
    refuse_stopped,
)
from scuderia.loop.operations.transitions import move
from scuderia.loop.ports import executor_of
from scuderia.loop.queries.actions import lineage_for
from scuderia.loop.queries.grants import level_for


class StillStopped(Refused):
    """What halted the action is still there."""

    code = "LOOP-021"
    remedy = "Have the brake lifted or the grant given again, then resume."


class NothingSaid(BadInput):
    """Nothing was said of what was done about the failure, so nobody took note of it."""

    code = "LOOP-038"
    remedy = "Say in a few words what came of it, or what was done about it."


TRIES_MAX = 5
"""Times an effect is tried that the world, each time, says did not happen."""


class ActionChange(Protocol):
    """A change of one run by who asks for it."""

    def __call__(
        self, *, actor: Actor, action_id: ActionId, reason: str, now: AwareDatetime
    ) -> None:
        """Make it."""
        ...


def begin_action(action_id: ActionId, *, now: AwareDatetime) -> int:
    """Check everything again and start; return how many steps follow, 0 when none may.

    raises   Unable: the world is silent; nothing was done, call again
    """
    action = _read(action_id)
    if action.state == ActionState.RUNNING:
        return action.steps_total
    if action.state != ActionState.QUEUED:
        return 0
    try:
        return _start(action, len(check_action(action, done=None, now=now)), now)
    except Stopped as stopped:
        stop_action(action, stopped.reason, now=now)
        return 0
    except IllegalMove:  # another worker began it, or a person halted it, at this very moment
        action.refresh_from_db()
        return action.steps_total if action.state == ActionState.RUNNING else 0


def run_step(action_id: ActionId, index: int, *, now: AwareDatetime) -> StepWord:
    """Carry out one step: check, claim, observe, perform, observe, record.

    UNKNOWN   the world did not say, or another worker has it in hand; call again later
    """
    action = _read(action_id)
    effect = action.effects.filter(step=index).first()
    if effect is not None and effect.state == EffectState.DONE:
        return StepWord.DONE
    if effect is not None and effect.state == EffectState.UNKNOWN:
        if is_run_elsewhere(effect):
            return StepWord.UNKNOWN
        settled = observe(action, effect, now=now)
        if settled is not Settled.NOT_DONE:
            return StepWord.DONE if settled is Settled.DONE else StepWord.UNKNOWN
        effect.refresh_from_db()
    if action.state != ActionState.RUNNING or not _is_next(action, index):
        return StepWord.STOP
    return _try(action, index, effect, now)


def finish_action(action_id: ActionId, *, now: AwareDatetime) -> ActionState:
    """Probe the world and close the run; return the state it stands in.

    raises   Unable: the world is silent; the run stays open, call again
    """
    action = _read(action_id)
    done = action.effects.filter(state=EffectState.DONE).count()
    if action.state != ActionState.RUNNING or not 0 < action.steps_total == done:
        return ActionState(action.state)
    report = executor_of(action.kind).probe(plan_of(action))
    to = ActionState.DONE if report.passed else ActionState.FAILED
    try:
        with transaction.atomic():
            move(action, "action", to, finished_at=now, said=report.seen[:2000])
            if report.passed:
                _after(action, now)
            record(WORKER, f"action.{to.value}", action, at=now, reason=report.seen[:2000])
    except IllegalMove:
        action.refresh_from_db()
    return ActionState(action.state)


def halt_action(*, actor: Actor, action_id: ActionId, reason: str = "", now: AwareDatetime) -> None:
    """Stop one run before its next step; a person may resume it."""
    action = _read(action_id)
    access.require(actor, Power.BRAKE, lineage_for(actor, action))
    with transaction.atomic():
        said = f"halted by {actor}: {audit.bounded(reason)}"[:2000]
        move(action, "action", ActionState.HALTED, resumable=True, said=said)
        record(actor, "action.halted", action, at=now, reason=reason)


def resume_action(
    *, actor: Actor, action_id: ActionId, reason: str = "", now: AwareDatetime
) -> None:
    """Let a halted run go on, by a person's word; everything is asked again before it does.

    raises   IllegalMove: it is not halted, or its decision is void
    """
    action = _read(action_id)
    lineage = lineage_for(actor, action)
    access.require(actor, Power.DECIDE, lineage)
    if executor_of(action.kind).kind.reversibility is Reversibility.IRREVERSIBLE:
        access.require(actor, Power.DECIDE_IRREVERSIBLE, lineage)
    if not action.resumable:
        raise IllegalMove(f"the action is {action.state} and cannot be resumed")
    _, action.grant_id = level_for(action.agent, action.kind, plan_of(action).targets, at=now)
    begun = DecisionUse.objects.filter(decision=action.decision).exists()
    try:
        refuse_stopped(action, now=now)
    except Stopped as stopped:
        remedy = stopped.reason.remedy or None
        raise StillStopped(stopped.reason.said, remedy=remedy) from stopped
    with transaction.atomic():
        move(
            action,
            "action",
            ActionState.RUNNING if begun else ActionState.QUEUED,
            only_if={"resumable": True},
            resumable=False,
            attempt=action.attempt + 1,
            grant_id=action.grant_id,
            said="",
        )
        RunRequest.objects.create(action=action, attempt=action.attempt, asked_at=now)
        record(actor, "action.resumed", action, at=now, reason=audit.bounded(reason))


def cancel_action(
    *, actor: Actor, action_id: ActionId, reason: str = "", now: AwareDatetime
) -> None:
    """End a halted run for good: what is done stays done, nothing further is, undo stays open.

    raises   IllegalMove: it is not halted, or ended already
    """
    action = _read(action_id)
    access.require(actor, Power.DECIDE, lineage_for(actor, action))
    said = f"{action.said}; cancelled by {actor}: {audit.bounded(reason)}"
    if not end_halted(action, actor, "action.cancelled", said=said, reason=reason, now=now):
        raise IllegalMove(
            f"the action is {action.state} and cannot be cancelled",
            remedy="Halt it first; what has ended needs no end.",
        )


def acknowledge_failure(
    *, actor: Actor, action_id: ActionId, reason: str = "", now: AwareDatetime
) -> None:
    """Take note that a run failed, so that it waits for nobody; it stays failed, and undo open.

    raises   NothingSaid: no reason; IllegalMove: it did not fail, or somebody has taken note
    """
    action = _read(action_id)
    access.require(actor, Power.DECIDE, lineage_for(actor, action))
    if not reason.strip():
        raise NothingSaid("no reason")
    said = f"{action.said}; acknowledged by {actor}: {audit.bounded(reason)}"
    with transaction.atomic():
        waiting = Action.objects.filter(UNANSWERED, pk=action.pk)
        if not waiting.update(acknowledged_at=now, said=said[:2000]):
            raise IllegalMove(
                f"the action is {action.state} and waits for nobody to take note of a failure"
            )
        record(actor, "action.acknowledged", action, at=now, reason=reason)


def end_lapsed(*, now: AwareDatetime) -> int:
    """End every halted run whose decision has lapsed, so that no run waits for ever.

    An expired decision never resumes; what was done may still be undone.
    """
    ended = 0
    halted = Action.objects.filter(state=ActionState.HALTED, resumable=True)
    for action in halted.select_related("decision", "proposal"):
        begun = DecisionUse.objects.filter(decision=action.decision).exists()
        until = lapses_at(action) if begun else action.decision.expires_at
        if now >= until:
            said = f"{action.said}; its decision lapsed at {until.isoformat()}"
            ended += end_halted(action, WORKER, "action.lapsed", said=said, reason="", now=now)
    return ended


def settle_unknown(*, now: AwareDatetime) -> int:
    """Look again at every effect of unknown result whose worker is gone; return how many settled.

    Looking never does anything, so a brake or a halt does not stop it.
    """
    settled = 0
    for effect in Effect.objects.filter(state=EffectState.UNKNOWN).select_related("action"):
        if not is_run_elsewhere(effect):
            settled += observe(effect.action, effect, now=now) is not Settled.UNKNOWN
    return settled


def _read(action_id: ActionId) -> Action:
    action = Action.objects.select_related("decision", "proposal").filter(pk=action_id).first()
    if action is None:
        raise NotFound("no such action")
    return action


@transaction.atomic
def _start(action: Action, steps: int, now: AwareDatetime) -> int:
    """Use the decision up and start, unless a brake fell while the world was being asked."""
    refuse_stopped(action, now=now)
    move(
        action,
        "action",
        ActionState.RUNNING,
        started_at=action.started_at or now,
        steps_total=steps,
        worker=workers.executor_name(),
    )
    DecisionUse.objects.get_or_create(
        decision=action.decision,
        defaults={"action": action, "digest": action.digest, "used_at": now},
    )
    record(WORKER, "action.begun", action, at=now, detail={"steps": steps})
    return steps


def _is_next(action: Action, index: int) -> bool:
    done = action.effects.filter(state=EffectState.DONE, step__lt=index).count()
    return 0 <= index < action.steps_total and done == index


def _try(action: Action, index: int, effect: Effect | None, now: AwareDatetime) -> StepWord:
    """Claim the step and perform it, if everything still allows it."""
    if effect is not None and effect.tries >= TRIES_MAX:
        return _fail(action, f"step {index} did not happen in {effect.tries} tries", now)
    try:
        step = _checked_step(action, index, now)
    except Stopped as stopped:
        stop_action(action, stopped.reason, now=now)
        return StepWord.STOP
    except Unable:  # nothing is known and nothing was done
        return StepWord.UNKNOWN
    with in_flight(f"{action.pk}:{index}") as mine:
        if not mine:
            return StepWord.UNKNOWN
        claimed = claim(action, step, effect, now=now)
        if not isinstance(claimed, Effect):
            return claimed
        settled = perform(action, claimed, step, now=now)
    if settled is Settled.REFUSED:
        return _fail(action, f"step {index} was refused by the world", now)
    return StepWord.DONE if settled is Settled.DONE else StepWord.UNKNOWN


def _checked_step(action: Action, index: int, now: AwareDatetime) -> Step:
    """Return the step as the world's executor spells it, if everything still allows it."""
    untouched = not action.effects.exclude(state=EffectState.NOT_DONE).exists()
    steps = check_action(action, done=None if untouched else index, now=now)
    if len(steps) != action.steps_total:
        said = f"the plan had {action.steps_total} steps when it began and has {len(steps)} now"
        raise Stopped(StopReason(StopKind.HALT, said))
    return steps[index]


def _fail(action: Action, said: str, now: AwareDatetime) -> StepWord:
    effects = action.effects.filter(state=EffectState.DONE).order_by("step")
    done = list(effects.values_list("name", flat=True))
    try:
        with transaction.atomic():
            move(action, "action", ActionState.FAILED, finished_at=now, said=said)
            detail: JsonObject = {"done": done, "undo_offered": bool(done)}
            record(WORKER, "action.failed", action, at=now, reason=said, detail=detail)
    except IllegalMove:
        pass  # a person halted it first
    return StepWord.STOP


def _after(action: Action, now: AwareDatetime) -> None:
    """Close what this run undid, or open the measurement of what it promised."""
    if action.undo_of is not None:
        undone = Action.objects.get(pk=action.undo_of.pk)
        if undone.state == ActionState.UNDONE:  # by an earlier undo: this one closes all the same
            return
        move(undone, "action", ActionState.UNDONE, resumable=False)
        Outcome.objects.filter(action=undone, verdict__isnull=True).update(
            verdict=OutcomeVerdict.INCONCLUSIVE, measured_at=now, note="undone before it was due"
        )
        record(WORKER, "action.undone", undone, at=now, detail={"by": str(action.pk)})
        return
    promise = read_rehearsal(action.proposal.rehearsal)
    acted_at = action.started_at or now
    Outcome.objects.create(
        action=action,
        metric=promise.metric,
        unit=promise.unit,
        better=promise.better,
        do_nothing=promise.do_nothing,
        expected=promise.expected,
        low=promise.low,
        high=promise.high,
        acted_at=acted_at,
        due_at=acted_at + timedelta(days=promise.horizon_days),
        **_unpromised(action, now),
    )


def _unpromised(action: Action, now: AwareDatetime) -> dict[str, object]:
    """Close the outcome of a plan that was edited after its rehearsal: it promised nothing."""
    if action.proposal.rehearsed_for == action.proposal.plan_digest:
        return {}
    return {
        "verdict": OutcomeVerdict.INCONCLUSIVE,
        "measured_at": now,
        "note": "the plan was edited after its rehearsal, so that nothing was promised of it",
    }
