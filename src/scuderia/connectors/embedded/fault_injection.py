"""Faults on order: make the embedded cluster crash, hang or fall silent in mid-command.

A test injects them into the world's own file, so that they strike whichever process comes next,
once each, even if that process dies of it.
"""

import os
import signal
import sqlite3
import time
from enum import StrEnum
from pathlib import Path

from scuderia.connectors.embedded.storage import WorldSilent, write_world
from scuderia.fleet.nouns import ControlVerb


class InjectedFault(StrEnum):
    """What goes wrong with one command, and on which side of its commit."""

    CRASH_BEFORE = "crash_before"  # the process is killed; nothing happened
    CRASH_AFTER = "crash_after"  # the process is killed; it happened
    UNABLE_BEFORE = "unable_before"  # no answer; nothing happened
    UNABLE_AFTER = "unable_after"  # no answer; it happened
    HANG = "hang"  # a long silence, then no answer; it happened


_BEFORE = frozenset({InjectedFault.CRASH_BEFORE, InjectedFault.UNABLE_BEFORE})
_HANG_S = 5.0


def inject_fault(
    path: Path, kind: InjectedFault, *, verb: ControlVerb | None = None, times: int = 1
) -> None:
    """Make the next `times` commands (of `verb`, or of any) meet this fault."""
    with write_world(path) as connection:
        connection.execute(
            "INSERT INTO mishap (kind, verb, remaining) VALUES (?, ?, ?)",
            (kind.value, verb.value if verb else "*", times),
        )


def take_fault(path: Path, verb: ControlVerb) -> InjectedFault | None:
    """Return the fault that this command is to meet, and use it up."""
    with write_world(path) as connection:
        row = _waiting(connection, verb)
        if row is None:
            return None
        connection.execute("UPDATE mishap SET remaining = remaining - 1 WHERE id = ?", (row[0],))
        return InjectedFault(row[1])


def strike(fault: InjectedFault | None, *, committed: bool) -> None:
    """Let the fault happen if this is its side of the commit.

    raises   WorldSilent: the caller gets no answer and cannot know what happened
    """
    if fault is None or (fault in _BEFORE) is committed:
        return
    if fault in (InjectedFault.CRASH_BEFORE, InjectedFault.CRASH_AFTER):
        os.kill(os.getpid(), signal.SIGKILL)
    if fault is InjectedFault.HANG:
        time.sleep(_HANG_S)
    raise WorldSilent("The embedded fleet gave no answer to the command.", mishap=fault.value)


def _waiting(connection: sqlite3.Connection, verb: ControlVerb) -> tuple[int, str] | None:
    row: tuple[int, str] | None = connection.execute(
        "SELECT id, kind FROM mishap WHERE remaining > 0 AND verb IN ('*', ?) ORDER BY id LIMIT 1",
        (verb.value,),
    ).fetchone()
    return row
