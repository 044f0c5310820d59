"""The embedded fleet's reader: what stands where, and every change of state in bounded pages."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from scuderia.basics.clock import Clock
from scuderia.basics.errors import BadInput
from scuderia.connectors.embedded.layout import layout_of
from scuderia.connectors.embedded.storage import load_nodes, open_world, read_meta
from scuderia.connectors.embedded.versions import seen_versions
from scuderia.connectors.embedded.world import advance, instant
from scuderia.fleet.nouns import (
    CustomerName,
    Inventory,
    NodeName,
    NodeObservation,
    NodeState,
    ObservationPage,
    VersionsPage,
)

PAGE_MAX = 5_000

_Row: TypeAlias = tuple[str, int, str | None, str, str, int, int]
"""node, at, customer, state, cause, spare, escalated: as the file keeps it."""


@dataclass(frozen=True, slots=True)
class EmbeddedReader:
    """Fills fleet.ports.FleetReader over the world's file."""

    path: Path
    clock: Clock
    source: str = "embedded"

    def inventory(self) -> Inventory:
        """Return what stands where.

        raises   WorldSilent: the file does not answer
        """
        with open_world(self.path) as connection:
            meta = read_meta(connection)
        layout = layout_of(meta)
        return Inventory(
            places=layout.places,
            skus=(layout.sku,),
            slas=layout.slas,
            spare_pool={layout.cluster: int(meta["spare_pool"])},
        )

    def observe(self, *, cursor: str, limit: int) -> ObservationPage:
        """Return at most `limit` state changes after `cursor` ("" is the beginning).

        raises   WorldSilent: the file does not answer
                 BadInput: a cursor or a limit that this reader never gave
        """
        after, limit = _place(cursor), min(limit, PAGE_MAX)
        if limit < 1:
            raise BadInput(f"A page of {limit} observations holds nothing.")
        come_to = advance(self.path, to=self.clock.now())
        with open_world(self.path) as connection:
            rows = connection.execute(
                "SELECT seq, node, at, customer, state, cause, spare, escalated FROM observation"
                " WHERE seq > ? ORDER BY seq LIMIT ?",
                (after, limit + 1),
            ).fetchall()
        more, rows = len(rows) > limit, rows[:limit]
        observations = tuple(_observation(row[1:]) for row in rows)
        return ObservationPage(
            observations=observations,
            cursor=str(rows[-1][0]) if rows else cursor,
            more=more,
            as_of=observations[-1].at if more else max([come_to, *(o.at for o in observations)]),
        )

    def current(self) -> Mapping[str, NodeObservation]:
        """Return the latest observation of every node, by node name.

        raises   WorldSilent: the file does not answer
        """
        advance(self.path, to=self.clock.now())
        with open_world(self.path) as connection:
            return {row[0]: _observation(row) for row in _latest(connection)}

    def versions(self) -> VersionsPage:
        """Return what every node that answers runs now.

        raises   WorldSilent: the file does not answer
        """
        come_to = advance(self.path, to=self.clock.now())
        with open_world(self.path) as connection:
            told = [seen_versions(node) for node in load_nodes(connection).values()]
        return VersionsPage(tuple(one for one in told if one is not None), come_to)


def _latest(connection: sqlite3.Connection) -> list[_Row]:
    return connection.execute(
        "SELECT name, changed_at, customer, state, cause, spare, escalated FROM node ORDER BY name"
    ).fetchall()


def _observation(row: _Row) -> NodeObservation:
    node, at, customer, state, cause, spare, escalated = row
    return NodeObservation(
        node=NodeName(node),
        at=instant(at),
        state=NodeState(state),
        cause=cause,
        customer=CustomerName(customer) if customer is not None else None,
        spare=bool(spare),
        escalated=bool(escalated),
    )


def _place(cursor: str) -> int:
    if cursor and not (cursor.isdecimal() and len(cursor) < 19):  # noqa: PLR2004 - SQLite's 64 bits
        raise BadInput(f"Not a cursor of this reader: {cursor[:40]!r}")
    return int(cursor or 0)
