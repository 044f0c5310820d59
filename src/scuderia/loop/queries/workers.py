"""Which workers are at work, by their heartbeats."""

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.models.workers import Heartbeat


def list_alive(*, since: AwareDatetime) -> frozenset[str]:
    """Return the executors whose heart has beaten since that instant of wall time."""
    beating = Heartbeat.objects.filter(beat_at__gt=since)
    return frozenset(beating.values_list("executor_id", flat=True))
