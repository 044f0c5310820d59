"""Which process carries out something long, so that whoever comes next can tell that it died."""

import os
import socket
from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.ports import registry

SILENT_FOR = timedelta(minutes=2)
"""How long a process of another machine may be silent before it counts as dead."""


def this_process() -> str:
    """Return the name by which this process holds something: its machine and its number."""
    return f"{socket.gethostname()[:90]}:{os.getpid()}"


def is_dead(held_by: str, touched_at: AwareDatetime) -> bool:
    """Say whether the process that holds something is gone, or was silent for too long.

    touched_at   in wall time
    """
    host, _, process = held_by.rpartition(":")
    if host == this_process().rpartition(":")[0] and not _lives(int(process)):
        return True
    return registry.wall.now() - touched_at > SILENT_FOR


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
