"""The fleet's scheduled work: each a single call into operations."""

import logging

from scuderia.basics.errors import Unable
from scuderia.fleet.operations import import_runs, sources
from scuderia.fleet.operations.node_versions import read_versions
from scuderia.fleet.playbook import detectors
from scuderia.fleet.ports import VersionReader
from scuderia.fleet.ports import registry as fleet
from scuderia.loop.ports import registry as loop

_log = logging.getLogger(__name__)


def poll_fleet() -> None:
    """Put what every reader has seen since the last look on the books; none holds up another."""
    for source, reader in list(fleet.readers.items()):
        now = loop.clock.now()
        try:
            sources.poll(reader, now=now)
        except Exception as error:  # noqa: BLE001 - a task's last resort: a reader's bug is its silence
            _log.exception("the reader of %s failed", source)
            sources.record_silence(source, error=type(error).__name__, now=now)


def see_versions() -> int:
    """Note what the nodes of every reader that tells it run; return how much had changed."""
    changed = 0
    for source, reader in list(fleet.readers.items()):
        try:
            if isinstance(reader, VersionReader):
                changed += read_versions(reader, source=source).changed
        except Unable as error:
            _log.warning("%s does not tell what its nodes run: %s", source, error)
    return changed


def end_work() -> int:
    """Claim what still is out when the planned work in which it broke is over."""
    return detectors.look_again(loop.clock.now())


def tidy_imports() -> None:
    """Clear away what dead imports left, and finish what was published and not yet settled."""
    import_runs.tidy()


def read_history() -> str:
    """Put everything that the readers have seen on the books; say how much that was."""
    if not fleet.readers:
        return "no fleet is registered"
    read = 0
    for reader in fleet.readers.values():
        more = True
        while more:
            report = sources.poll(reader, now=loop.clock.now())
            read, more = read + report.observations, report.more
    return f"{read:,} observations read onto the books"
