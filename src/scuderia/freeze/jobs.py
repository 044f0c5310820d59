"""The room's scheduled work: a single call into operations."""

from scuderia.freeze.operations import breaches, callbacks, zone_swaps, zones
from scuderia.loop.ports import registry


def watch_zones() -> int:
    """Find what changed on machines inside zones that nobody was let through for."""
    return breaches.watch_zones(now=registry.clock.now())


def follow_swaps() -> int:
    """Have the zones follow the runs whose nodes were swapped."""
    return zone_swaps.follow_swaps(now=registry.clock.now())


def record_passages() -> int:
    """Record which zones the clock has made active or ended."""
    return zones.record_passages(now=registry.clock.now())


def send_callbacks() -> int:
    """Send the gate's answers to the systems that asked for them."""
    return callbacks.send_callbacks(registry.wall.now())


def forget_deliveries() -> int:
    """Forget what other systems delivered a month ago."""
    return callbacks.forget_deliveries(registry.wall.now())
