"""Which workers are alive, and taking over what the dead ones left."""

from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.ids import new_id
from scuderia.loop.models.actions import Action
from scuderia.loop.nouns import ActionId, ActionState, WorkerHeartbeat
from scuderia.loop.ports import Runner, registry

STALE_AFTER = timedelta(seconds=15)
_INCARNATION = str(new_id())
_self = {"executor_id": "unnamed"}


def identity() -> str:
    """Return this process's name for claims: its executor and its incarnation."""
    return f"{_self['executor_id']}/{_INCARNATION}"


def executor_name() -> str:
    """Return the executor that this process beats for, "unnamed" before its first heartbeat."""
    return _self["executor_id"]


def record_heartbeat(
    executor_id: str, *, wall: AwareDatetime, host: str = "", pid: int = 0
) -> None:
    """Say that this executor is alive, in wall time."""
    _self["executor_id"] = executor_id
    registry.heartbeats.record(WorkerHeartbeat(executor_id, _INCARNATION, wall, host[:120], pid))


def is_alive(claimant: str, *, wall: AwareDatetime) -> bool:
    """Say whether the process behind an identity still beats; one that never beat does not."""
    return any(
        claimant == f"{one.executor_id}/{one.incarnation}"
        for one in registry.heartbeats.list_all()
        if one.at > wall - STALE_AFTER
    )


def list_dead(*, wall: AwareDatetime) -> list[str]:
    """Return the executors whose heartbeat stopped."""
    told = registry.heartbeats.list_all()
    return [one.executor_id for one in told if one.at <= wall - STALE_AFTER]


def recover_dead_workers(*, wall: AwareDatetime, runner: Runner | None = None) -> int:
    """Hand unfinished runs of dead executors to the runner; return how many.

    Taking over a run that lives after all is harmless: every effect is claimed under its key.
    """
    hand = runner or registry.runner
    dead = list_dead(wall=wall)
    if hand is None or not dead:
        return 0
    left = list(
        Action.objects.filter(
            worker__in=dead, state__in=[ActionState.QUEUED, ActionState.RUNNING]
        ).values_list("pk", flat=True)
    )
    for action_id in left:
        hand.resume(ActionId(action_id))
    Action.objects.filter(pk__in=left).update(worker=hand.executor_id)
    for executor_id in dead:
        registry.heartbeats.forget(executor_id, until=wall - STALE_AFTER)
    return len(left)
