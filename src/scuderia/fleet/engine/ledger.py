"""The ledger: every node-second of a period in exactly one class. Vectorised, whole seconds.

A sweep cuts each node's time at every instant where anything begins or ends, and gives each cut
the strongest class that covers it (nouns.LEDGER_PRECEDENCE). Checked second by second against a
naive painter in tests/fleet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from scuderia.basics.errors import BadInput
from scuderia.fleet.engine.facts import FleetFacts, OutageFact, merge_outages
from scuderia.fleet.nouns import LEDGER_PRECEDENCE, LedgerClass

Ints: TypeAlias = npt.NDArray[np.int64]
"""Whole numbers, shape (n,); instants are Unix seconds."""
Bools: TypeAlias = npt.NDArray[np.bool_]
"""Shape (n,)."""

NOBODY = -1
CODE = {kind: code for code, kind in enumerate(LEDGER_PRECEDENCE)}
CLASSES = len(LEDGER_PRECEDENCE)


class OverlappingHolds(BadInput):
    """Two customers hold one node at the same second."""

    code = "FLEET-008"
    remedy = "End one allocation before the other begins."


@dataclass(frozen=True, slots=True)
class Segments:
    """Disjoint stretches [start, end) that cover each node's time on the books exactly once.

    kind       codes of the class, see CODE
    customer   index of the holder, NOBODY if none
    outage     index into `outages` (merged, unplanned) that covers it, NOBODY if none
    over_outage   whether it is planned work on a node that was out, unplanned, before that began
    """

    node: Ints
    start: Ints
    end: Ints
    kind: Ints
    customer: Ints
    outage: Ints
    over_outage: Bools
    outages: Sequence[OutageFact]

    @property
    def length(self) -> Ints:
        """Return the seconds of each segment."""
        return self.end - self.start

    def where(self, keep: npt.NDArray[np.bool_]) -> "Segments":
        """Return the segments that `keep` marks."""
        return Segments(
            self.node[keep],
            self.start[keep],
            self.end[keep],
            self.kind[keep],
            self.customer[keep],
            self.outage[keep],
            self.over_outage[keep],
            self.outages,
        )


@dataclass(frozen=True, slots=True)
class Days:
    """Local days: day d is [edges[d], edges[d + 1]) in Unix seconds."""

    dates: tuple[date, ...]
    edges: Ints


def resolve(facts: FleetFacts, *, start: int, end: int) -> Segments:
    """Return every node-second of [start, end) in one class.

    A node is on the books over its active window only; an open interval lasts until `end`. The
    classes sum to the time on the books, or the assertion fails: that would be a bug.
    raises   OverlappingHolds
    """
    outages = merge_outages(facts.outages)
    unplanned = [fact for fact in outages if not fact.planned]
    window = _Window(facts, start, end)
    stays = window.cut((f.node, f.start, f.end) for f in unplanned)
    works = [fact for fact in outages if fact.planned]
    planned = window.cut((f.node, f.start, f.end) for f in works)
    holds = window.cut((f.node, f.start, f.end) for f in facts.holds)
    phases = {
        kind: window.cut((f.node, f.start, f.end) for f in facts.phases if f.kind is kind)
        for kind in (LedgerClass.WAITING_PARTS, LedgerClass.IN_REPAIR, LedgerClass.VALIDATING)
    }
    points = window.points([stays, planned, holds, *phases.values()])
    held = points.counts(holds)
    if held.size and held.max() > 1:
        raise OverlappingHolds("two allocations of one node overlap")
    kind = np.where(held > 0, CODE[LedgerClass.SERVING], CODE[LedgerClass.IDLE_SPARE])
    covers = {LedgerClass.PLANNED: planned, **phases, LedgerClass.UNPLANNED: stays}
    for name in reversed(LEDGER_PRECEDENCE[:5]):
        kind = np.where(points.counts(covers[name]) > 0, CODE[name], kind)
    customer_of = np.array([fact.customer for fact in facts.holds], dtype=np.int64)
    customer = points.labels(holds, customer_of)
    outage = points.labels(stays, np.arange(len(unplanned), dtype=np.int64))
    work = points.labels(planned, np.arange(len(works), dtype=np.int64))
    begun_before = _starts(unplanned, outage) < _starts(works, work)
    over = (outage != NOBODY) & (work != NOBODY) & begun_before
    segments = points.segments(kind.astype(np.int64), customer, outage, over, unplanned)
    on_the_books = int((window.high - window.low).sum())
    assert int(segments.length.sum()) == on_the_books, "the ledger lost or doubled a second"  # noqa: S101 - a bug, never an input
    return segments


def _starts(facts: Sequence[OutageFact], label: Ints) -> Ints:
    # the last entry stands for NOBODY
    return np.array([*(fact.start for fact in facts), 0], dtype=np.int64)[label]


@dataclass(frozen=True, slots=True)
class _Cut:
    """Intervals clipped to their node's window, as keys on one line; `row` is the origin."""

    opens: Ints
    closes: Ints
    row: Ints


class _Window:
    """All nodes' windows laid end to end on one line of integer keys."""

    def __init__(self, facts: FleetFacts, start: int, end: int) -> None:
        self.start = start
        self.span = end - start + 1
        count = len(facts.nodes)
        begins = np.array([node.active_from for node in facts.nodes], dtype=np.int64)
        ends = np.array(
            [end if node.active_to is None else node.active_to for node in facts.nodes],
            dtype=np.int64,
        )
        self.low = np.clip(begins, start, end)
        self.high = np.maximum(np.clip(ends, start, end), self.low)
        self.end = end
        self.base = np.arange(count, dtype=np.int64) * self.span

    def cut(self, intervals: Iterable[tuple[int, int, int | None]]) -> _Cut:
        """Clip intervals to their node's window and drop the empty ones."""
        rows = [(node, a, self.end if b is None else b) for node, a, b in intervals]
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        node = table[:, 0]
        opens = np.clip(table[:, 1], self.low[node], self.high[node])
        closes = np.clip(table[:, 2], self.low[node], self.high[node])
        row = np.flatnonzero(closes > opens)
        base = self.base[node[row]] - self.start
        return _Cut(opens[row] + base, closes[row] + base, row)

    def points(self, cuts: Sequence[_Cut]) -> "_Points":
        """Return every instant where anything begins or ends, with what is between them."""
        live = self.high > self.low
        base = self.base[live] - self.start
        windows = _Cut(self.low[live] + base, self.high[live] + base, np.flatnonzero(live))
        keys = [windows.opens, windows.closes]
        keys += [side for cut in cuts for side in (cut.opens, cut.closes)]
        return _Points(np.unique(np.concatenate(keys)), windows, self)


@dataclass(frozen=True, slots=True)
class _Points:
    keys: Ints
    windows: _Cut
    window: _Window

    def _steps(self, cut: _Cut, weights: Ints) -> Ints:
        steps = np.zeros(len(self.keys), dtype=np.int64)
        np.add.at(steps, np.searchsorted(self.keys, cut.opens), weights)
        np.add.at(steps, np.searchsorted(self.keys, cut.closes), -weights)
        return np.cumsum(steps)

    def counts(self, cut: _Cut) -> Ints:
        """Return how many intervals of the cut cover the stretch after each point."""
        return self._steps(cut, np.ones(len(cut.row), dtype=np.int64))

    def labels(self, cut: _Cut, label: Ints) -> Ints:
        """Return the label of the one interval that covers each stretch, NOBODY if none."""
        return self._steps(cut, label[cut.row] + 1) - 1

    def segments(
        self,
        kind: Ints,
        customer: Ints,
        outage: Ints,
        over_outage: Bools,
        outages: Sequence[OutageFact],
    ) -> Segments:
        inside = np.flatnonzero(self.counts(self.windows) > 0)
        opens, closes = self.keys[inside], self.keys[inside + 1]
        node = opens // self.window.span
        base = node * self.window.span - self.window.start
        return Segments(
            node=node,
            start=opens - base,
            end=closes - base,
            kind=kind[inside],
            customer=customer[inside],
            outage=outage[inside],
            over_outage=over_outage[inside],
            outages=outages,
        )


def local_days(start: int, end: int, zone: ZoneInfo) -> Days:
    """Return the days of `zone` that touch [start, end), cut at its ends.

    A day is 23 or 25 hours long when clocks change; a day that a zone skipped does not appear.
    """
    first = datetime.fromtimestamp(start, UTC).astimezone(zone).date()
    dates: list[date] = []
    edges: list[int] = [start]
    day = first
    while edges[-1] < end:
        day_after = day + timedelta(days=1)
        closes = min(end, _midnight(day_after, zone))
        if closes > edges[-1]:
            dates.append(day)
            edges.append(closes)
        day = day_after
    return Days(tuple(dates), np.array(edges, dtype=np.int64))


@lru_cache(maxsize=256)
def complete_days(start: int, end: int, zone: ZoneInfo) -> Days:
    """Return the days of `zone` that lie wholly inside [start, end); kept, for pages ask again."""
    days = local_days(start, end, zone)
    whole = [
        place
        for place, day in enumerate(days.dates)
        if days.edges[place] == _midnight(day, zone)
        and days.edges[place + 1] == _midnight(day + timedelta(days=1), zone)
    ]
    if not whole:
        return Days((), np.array([start], dtype=np.int64))
    return Days(tuple(days.dates[place] for place in whole), days.edges[whole[0] : whole[-1] + 2])


def by_day(segments: Segments, days: Days) -> Ints:
    """Return seconds per day and class, shape (days, CLASSES); outside the days is left out."""
    count = len(days.dates)
    table = np.zeros((count, CLASSES), dtype=np.int64)
    if not count:
        return table
    edges = days.edges
    opens = np.clip(segments.start, edges[0], edges[-1])
    closes = np.clip(segments.end, edges[0], edges[-1])
    keep = closes > opens
    opens, closes, kind = opens[keep], closes[keep], segments.kind[keep]
    first = np.searchsorted(edges, opens, side="right") - 1
    last = np.searchsorted(edges, closes, side="left") - 1
    same = first == last
    np.add.at(table, (first[same], kind[same]), (closes - opens)[same])
    first, last, opens, closes, kind = (part[~same] for part in (first, last, opens, closes, kind))
    np.add.at(table, (first, kind), edges[first + 1] - opens)
    np.add.at(table, (last, kind), closes - edges[last])
    whole = np.zeros((count + 1, CLASSES), dtype=np.int64)
    np.add.at(whole, (first + 1, kind), 1)
    np.add.at(whole, (last, kind), -1)
    return table + np.cumsum(whole, axis=0)[:count] * np.diff(edges)[:, None]


def by_node(segments: Segments, nodes: int) -> Ints:
    """Return seconds per node and class, shape (nodes, CLASSES)."""
    cell = segments.node * CLASSES + segments.kind
    sums = np.bincount(cell, weights=segments.length, minlength=nodes * CLASSES)
    return sums.astype(np.int64).reshape(nodes, CLASSES)


def clipped(segments: Segments, start: int, end: int) -> Segments:
    """Return the segments inside [start, end), cut at its ends."""
    opens, closes = np.clip(segments.start, start, end), np.clip(segments.end, start, end)
    inside = closes > opens
    kept = segments.where(inside)
    return Segments(
        kept.node,
        opens[inside],
        closes[inside],
        kept.kind,
        kept.customer,
        kept.outage,
        kept.over_outage,
        kept.outages,
    )


def as_classes(seconds: Ints) -> dict[LedgerClass, int]:
    """Return one row of seconds by class, zeros included."""
    return {kind: int(seconds[code]) for kind, code in CODE.items()}


def _midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first second of a local day; where clocks skip midnight, the second after."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
