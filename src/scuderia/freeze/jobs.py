"""The room's scheduled work: a single call into operations."""

from scuderia.freeze.operations import zones
from scuderia.loop.ports import registry


def record_passages() -> int:
    """Record which zones the clock has made active or ended."""
    return zones.record_passages(now=registry.clock.now())
