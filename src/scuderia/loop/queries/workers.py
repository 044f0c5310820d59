"""Which workers are at work, by their heartbeats."""

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.models.workers import Heartbeat
from scuderia.loop.nouns import WorkerHeartbeat
from scuderia.loop.ports import registry


def list_alive(*, since: AwareDatetime) -> frozenset[str]:
    """Return the executors whose heart has beaten since that instant of wall time."""
    return frozenset(one.executor_id for one in registry.heartbeats.list_all() if one.at > since)


def list_heartbeats() -> tuple[WorkerHeartbeat, ...]:
    """Return the heartbeats that the tables tell of; for the store that keeps them there."""
    rows = Heartbeat.objects.order_by("executor_id")
    return tuple(
        WorkerHeartbeat(one.executor_id, one.incarnation, one.beat_at, one.host, one.pid)
        for one in rows
    )
