"""The embedded fleet's control: one keyed command at a time, its receipt in the same commit."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from scuderia.basics.canonical import canonical_json
from scuderia.basics.clock import Clock
from scuderia.basics.errors import Refused
from scuderia.connectors.embedded import control_verbs, fault_injection
from scuderia.connectors.embedded.storage import open_world, write_world
from scuderia.connectors.embedded.world import advance_within, instant, seconds
from scuderia.fleet.nouns import ControlCommand, Receipt


class KeyReused(Refused):
    """The key already stands for another command, so this one was not carried out."""

    code = "WORLD-003"
    remedy = "Give each effect a key of its own."


@dataclass(frozen=True, slots=True)
class EmbeddedControl:
    """Fills fleet.ports.ClusterControl over the world's file.

    path    the file; it is opened anew for each call
    clock   domain time: the world is brought up to it before a command is carried out
    """

    path: Path
    clock: Clock

    def apply(self, command: ControlCommand, *, key: str) -> Receipt:
        """Carry out the command once under `key`; a repeat returns the first receipt.

        raises   NonsenseCommand: it makes no sense in the fleet's present state
                 KeyReused: the key names another command
                 WorldSilent: no answer; ask `receipt` whether it happened
        """
        known = self.receipt(key)
        fault = None if known else fault_injection.take_fault(self.path, command.verb)
        with write_world(self.path) as connection:
            receipt = self._apply(connection, command, key=key)
            fault_injection.strike(fault, committed=False)
        fault_injection.strike(fault, committed=True)
        return receipt

    def receipt(self, key: str) -> Receipt | None:
        """Return the receipt under `key`, or None if the command never happened.

        raises   WorldSilent: the file does not answer
        """
        with open_world(self.path) as connection:
            return _find(connection, key)

    def _apply(
        self, connection: sqlite3.Connection, command: ControlCommand, *, key: str
    ) -> Receipt:
        spelled = canonical_json([command.verb, str(command.subject), dict(command.arguments)])
        row = connection.execute("SELECT command FROM receipt WHERE key = ?", (key,)).fetchone()
        if row is not None and row[0] != spelled:
            raise KeyReused(f"Key {key[:80]!r} already stands for another command.", key=key[:80])
        known = _find(connection, key)
        if known is not None:
            return known
        at = advance_within(connection, to=seconds(self.clock.now()))
        said = control_verbs.carry_out(connection, command, at=at)
        connection.execute("INSERT INTO receipt VALUES (?, ?, ?, ?)", (key, spelled, at, said))
        return Receipt(key=key, at=instant(at), said=said)


def _find(connection: sqlite3.Connection, key: str) -> Receipt | None:
    row = connection.execute("SELECT at, said FROM receipt WHERE key = ?", (key,)).fetchone()
    return Receipt(key=key, at=instant(row[0]), said=row[1]) if row else None
