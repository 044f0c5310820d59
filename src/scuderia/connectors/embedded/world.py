"""The embedded fleet's course of events: lazily, to the second, and the same for the same seed."""

import heapq
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from scuderia.basics.clock import AwareDatetime
from scuderia.connectors.embedded.storage import (
    load_node,
    open_world,
    read_meta,
    save_node,
    write_meta,
    write_world,
)

_TICK_S = 60


def seconds(at: AwareDatetime) -> int:
    """Return the whole second that `at` lies in, since 1970 in UTC."""
    return int(at.timestamp())


def instant(at: int) -> AwareDatetime:
    """Return the instant of a second counted from 1970 in UTC."""
    return datetime.fromtimestamp(at, tz=UTC)


def advance(path: Path, *, to: AwareDatetime) -> AwareDatetime:
    """Let everything happen that falls due up to `to`; return how far the world has come.

    Idempotent and monotone: an earlier `to` changes nothing, and one long stride gives the same
    history as many short ones. All of it is one transaction, so a kill loses it whole or keeps it.
    A stride with no event writes nothing, except a mark of the time now and then.
    """
    target = seconds(to)
    with open_world(path) as connection:
        come = int(read_meta(connection)["come_to"])
        (due,) = connection.execute("SELECT MIN(next_at) FROM node").fetchone()
    if (due is None or due > target) and target - come < _TICK_S:
        return instant(max(come, target))
    with write_world(path) as connection:
        return instant(advance_within(connection, to=target))


def advance_within(connection: sqlite3.Connection, *, to: int, observed: bool = True) -> int:
    """Advance inside the caller's transaction; return the second the world has come to."""
    meta = read_meta(connection)
    come, seed, healthy = int(meta["come_to"]), int(meta["seed"]), meta["healthy"] == "1"
    if to <= come:
        return come
    rows = connection.execute("SELECT next_at, name FROM node WHERE next_at <= ?", (to,))
    agenda: list[tuple[int, str]] = list(rows)
    heapq.heapify(agenda)
    while agenda:
        at, name = heapq.heappop(agenda)
        node = load_node(connection, name)
        if node is None:
            continue
        node.happen(at, seed=seed)
        save_node(connection, node, at=at, healthy=healthy, observed=observed)
        following = node.next_at(healthy=healthy)
        if following is not None and following <= to:
            heapq.heappush(agenda, (following, name))
    write_meta(connection, {"come_to": to})
    return to
