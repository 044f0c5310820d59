"""One effect in the world: claimed under its key, performed once, settled by looking."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from django.db import IntegrityError, transaction

from scuderia.basics.actors import WORKER
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused, Unable
from scuderia.loop.engine.json_codec import plain
from scuderia.loop.engine.transitions import IllegalMove
from scuderia.loop.models.actions import Action
from scuderia.loop.models.effects import Effect
from scuderia.loop.nouns import ActionState, EffectReport, EffectState, Step, StepWord
from scuderia.loop.operations import workers
from scuderia.loop.operations.halting import record, stop_action
from scuderia.loop.operations.preflight import Stopped, refuse_stopped
from scuderia.loop.operations.transitions import move
from scuderia.loop.ports import executor_of, registry

LOOKS_AT_ONCE = 3
_flying: set[str] = set()
_flying_lock = threading.Lock()


class Settled(StrEnum):
    """What one attempt left us knowing."""

    DONE = "done"
    NOT_DONE = "not_done"
    UNKNOWN = "unknown"
    REFUSED = "refused"


def key_of(action: Action, index: int) -> str:
    """Return the idempotency key: the action and the step, and nothing that changes on a retry."""
    return f"{action.pk}:{index}"


@contextmanager
def in_flight(key: str) -> Iterator[bool]:
    """Hold the key within this process; yields False when another thread holds it."""
    with _flying_lock:
        mine = key not in _flying
        _flying.add(key)
    try:
        yield mine
    finally:
        if mine:
            with _flying_lock:
                _flying.discard(key)


def is_run_elsewhere(effect: Effect) -> bool:
    """Say whether a living worker, this process included, is performing the effect right now."""
    if effect.claimed_by == workers.identity():
        return effect.key in _flying
    return workers.is_alive(effect.claimed_by, wall=registry.wall.now())


def claim(
    action: Action, step: Step, effect: Effect | None, *, now: AwareDatetime
) -> Effect | StepWord:
    """Write down that we are about to act, unless a brake fell or another worker was first.

    The brake is asked in the transaction of the claim, and no pull comes into being until it is
    committed: an effect claimed after a pull cannot exist.
    """
    try:
        with registry.pulls.hold() as hold, transaction.atomic():
            hold.take()
            refuse_stopped(action, now=now)
            if _still_runs(action):
                return _write_claim(action, step, effect, now)
    except (IntegrityError, IllegalMove, Unable):
        return StepWord.UNKNOWN
    except Stopped as stopped:
        stop_action(action, stopped.reason, now=now)
    return StepWord.STOP


def perform(action: Action, effect: Effect, step: Step, *, now: AwareDatetime) -> Settled:
    """Act once under the key; whatever goes wrong is settled by looking, never by guessing."""
    executor = executor_of(action.kind)
    try:
        report = executor.perform(step, key=effect.key)
    except Refused as refusal:
        report = EffectReport(EffectState.NOT_DONE, {"refused": refusal.message})
        settled = _record_report(action, effect, report, now)
        return Settled.REFUSED if settled is Settled.NOT_DONE else settled
    except Exception as error:  # noqa: BLE001 - an error says nothing of the world
        report = _silence(error)
    if report.state is EffectState.UNKNOWN:
        return observe(action, effect, now=now)
    return _record_report(action, effect, report, now)


def observe(action: Action, effect: Effect, *, now: AwareDatetime) -> Settled:
    """Observe a few times whether the effect happened, and record what is known."""
    executor, step = executor_of(action.kind), Step(effect.step, effect.name, effect.arguments)
    for _ in range(LOOKS_AT_ONCE):
        effect.looks += 1
        try:
            report = executor.observe(step, key=effect.key)
        except Exception as error:  # noqa: BLE001 - silence is not an answer
            report = _silence(error)
        if report.state is not EffectState.UNKNOWN:
            return _record_report(action, effect, report, now)
    Effect.objects.filter(pk=effect.pk, state=EffectState.UNKNOWN).update(looks=effect.looks)
    return Settled.UNKNOWN


def _record_report(
    action: Action, effect: Effect, report: EffectReport, now: AwareDatetime
) -> Settled:
    try:
        _settle(action, effect, report.state, report.detail, now)
    except IllegalMove:  # another worker settled or claimed it meanwhile
        return Settled.UNKNOWN
    return Settled(report.state.value)


def _silence(error: Exception) -> EffectReport:
    return EffectReport(EffectState.UNKNOWN, {"error": f"{type(error).__name__}: {error}"[:300]})


@transaction.atomic
def _settle(
    action: Action, effect: Effect, to: EffectState, detail: object, now: AwareDatetime
) -> None:
    move(
        effect,
        "effect",
        to,
        only_if={"claimed_by": effect.claimed_by, "tries": effect.tries},
        settled_at=now,
        detail=plain(detail),
        looks=effect.looks,
    )
    record(
        WORKER,
        f"effect.{to.value}",
        action,
        at=now,
        detail={"key": effect.key, "name": effect.name, "tries": effect.tries},
    )


def _still_runs(action: Action) -> bool:
    return Action.objects.filter(pk=action.pk, state=ActionState.RUNNING).exists()


def _write_claim(action: Action, step: Step, effect: Effect | None, now: AwareDatetime) -> Effect:
    me = workers.identity()
    if effect is not None:
        again = {"claimed_by": me, "claimed_at": now, "tries": effect.tries + 1}
        return move(effect, "effect", EffectState.UNKNOWN, only_if={"tries": effect.tries}, **again)
    return Effect.objects.create(
        action=action,
        step=step.index,
        key=key_of(action, step.index),
        name=step.name,
        arguments=plain(step.arguments),
        claimed_by=me,
        claimed_at=now,
    )
