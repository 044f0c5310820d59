"""The fleet's scheduled work: each a single call into operations."""

from scuderia.fleet.operations import sources
from scuderia.fleet.ports import registry as fleet
from scuderia.loop.ports import registry as loop


def poll_fleet() -> None:
    """Put what the cluster's reader has seen since the last look on the books."""
    if fleet.reader is not None:
        sources.poll(fleet.reader, now=loop.clock.now())


def read_history() -> str:
    """Put everything the cluster's reader has seen on the books; say how much that was."""
    if fleet.reader is None:
        return "no fleet is registered"
    read, more = 0, True
    while more:
        report = sources.poll(fleet.reader, now=loop.clock.now())
        read, more = read + report.observations, report.more
    return f"{read:,} observations read onto the books"
