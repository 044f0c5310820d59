"""The embedded fleet's own SQLite file: its tables, and how any process opens them."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scuderia.basics.errors import Unable
from scuderia.connectors.embedded.nodes import Node, Schedule
from scuderia.fleet.nouns import NodeState

_SCHEMA = """
PRAGMA journal_mode=WAL;
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE node (
    name TEXT PRIMARY KEY,
    customer TEXT,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    spare INTEGER NOT NULL,
    escalated INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    next_at INTEGER,
    machine TEXT NOT NULL
) STRICT;
CREATE INDEX node_next ON node (next_at);
CREATE TABLE observation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    node TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    customer TEXT,
    spare INTEGER NOT NULL,
    escalated INTEGER NOT NULL
) STRICT;
CREATE TABLE receipt (
    key TEXT PRIMARY KEY,
    command TEXT NOT NULL,
    at INTEGER NOT NULL,
    said TEXT NOT NULL
) STRICT;
CREATE TABLE mishap (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    verb TEXT NOT NULL,
    remaining INTEGER NOT NULL
) STRICT;
"""
_BUSY_S = 30.0


class WorldSilent(Unable):
    """The embedded fleet's file cannot be read or written, so nothing is known of the fleet."""

    code = "WORLD-001"
    remedy = "Run `scuderia demo` to create the embedded fleet, or free the disk it lies on."


@contextmanager
def open_world(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection in autocommit; any failure of SQLite becomes WorldSilent."""
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=_BUSY_S, isolation_level=None
        )
    except sqlite3.Error as error:
        raise WorldSilent(f"The embedded fleet does not answer: {error}", path=path) from error
    try:
        connection.execute("PRAGMA synchronous=FULL")
        yield connection
    except sqlite3.Error as error:
        raise WorldSilent(f"The embedded fleet does not answer: {error}", path=path) from error
    finally:
        connection.close()


@contextmanager
def write_world(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection inside one IMMEDIATE transaction: all of it happens, or nothing."""
    with open_world(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def create_file(path: Path) -> None:
    """Create the file and its tables, or raise FileExistsError."""
    path.touch(mode=0o600, exist_ok=False)
    with open_world(path) as connection:
        connection.executescript(_SCHEMA)


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """Return every fact kept about the world as a whole."""
    return dict(connection.execute("SELECT name, value FROM meta"))


def write_meta(connection: sqlite3.Connection, facts: Mapping[str, str | int | float]) -> None:
    """Set these facts and leave the others."""
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [(name, str(value)) for name, value in facts.items()],
    )


def load_node(connection: sqlite3.Connection, name: str) -> Node | None:
    """Return one node, or None if there is none by that name."""
    row = connection.execute("SELECT machine FROM node WHERE name = ?", (name,)).fetchone()
    return _node(row[0]) if row else None


def load_nodes(connection: sqlite3.Connection) -> dict[str, Node]:
    """Return every node by name, in order."""
    rows = connection.execute("SELECT name, machine FROM node ORDER BY name")
    return {name: _node(text) for name, text in rows}


def save_node(
    connection: sqlite3.Connection, node: Node, *, at: int, healthy: bool, observed: bool
) -> None:
    """Write the node as it stands at `at`, and an observation if what can be seen has changed."""
    seen = _seen(node)
    before = connection.execute(
        "SELECT customer, state, cause, spare, escalated, changed_at FROM node WHERE name = ?",
        (node.name,),
    ).fetchone()
    changed = before is None or before[:-1] != seen
    connection.execute(
        "INSERT OR REPLACE INTO node VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            node.name,
            *seen,
            at if changed else before[-1],
            node.next_at(healthy=healthy),
            _text(node),
        ),
    )
    if changed and observed:
        write_observation(connection, node, at=at)


def write_observation(connection: sqlite3.Connection, node: Node, *, at: int) -> None:
    """Append what can be seen of the node at `at`."""
    connection.execute(
        "INSERT INTO observation (node, at, customer, state, cause, spare, escalated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (node.name, at, *_seen(node)),
    )


def _seen(node: Node) -> tuple[str | None, str, str, int, int]:
    """Return what an outsider can see: holder, state, cause, spare, escalated."""
    return (
        node.customer,
        node.state.value,
        node.cause,
        int(node.spare),
        int(node.hastened),
    )


def _text(node: Node) -> str:
    fields = {name: getattr(node, name) for name in Node.__slots__}
    return json.dumps(fields, separators=(",", ":"), sort_keys=True)


def _node(text: str) -> Node:
    fields = json.loads(text)
    fields["state"] = NodeState(fields["state"])
    for name in ("schedule", "unhurried"):
        steps: Schedule = [(when, NodeState(state)) for when, state in fields[name]]
        fields[name] = steps
    if fields.get("recorded") is not None:
        fields["recorded"] = [tuple(outage) for outage in fields["recorded"]]
    return Node(**fields)
