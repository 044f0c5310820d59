"""Which workers are alive, and taking over what the dead ones left."""

from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.ids import new_id
from scuderia.loop.models.actions import Action
from scuderia.loop.models.workers import Heartbeat
from scuderia.loop.nouns import ActionId, ActionState
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
    Heartbeat.objects.update_or_create(
        executor_id=executor_id,
        defaults={"incarnation": _INCARNATION, "beat_at": wall, "host": host[:120], "pid": pid},
    )


def is_alive(claimant: str, *, wall: AwareDatetime) -> bool:
    """Say whether the process behind an identity still beats; one that never beat does not."""
    executor_id, _, incarnation = claimant.partition("/")
    return Heartbeat.objects.filter(
        executor_id=executor_id, incarnation=incarnation, beat_at__gt=wall - STALE_AFTER
    ).exists()


def list_dead(*, wall: AwareDatetime) -> list[str]:
    """Return the executors whose heartbeat stopped."""
    stopped = Heartbeat.objects.filter(beat_at__lte=wall - STALE_AFTER)
    return list(stopped.order_by("executor_id").values_list("executor_id", flat=True))


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
    Heartbeat.objects.filter(executor_id__in=dead, beat_at__lte=wall - STALE_AFTER).delete()
    return len(left)
