"""The ledger: every GPU-second of a period in exactly one class. Vectorised, whole seconds.

A sweep cuts each node's time at every instant where anything begins or ends, and gives each cut
the strongest class that covers it (nouns.LEDGER_PRECEDENCE). A cut in which a node is short of
some of its GPUs becomes a segment for each class that they are in. Checked GPU-second by
GPU-second against a naive painter in tests/fleet.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from scuderia.basics.errors import BadInput
from scuderia.fleet.engine.facts import FleetFacts, OutageFact, merge_outages
from scuderia.fleet.engine.gpu_shares import (
    Bools,
    Ints,
    Losses,
    Share,
    gpus_taken,
    parts_of,
    unit_of,
    whole_seconds,
)
from scuderia.fleet.nouns import LEDGER_PRECEDENCE, LedgerClass

NOBODY = -1
CODE = {kind: code for code, kind in enumerate(LEDGER_PRECEDENCE)}
CLASSES = len(LEDGER_PRECEDENCE)
PHASE_CLASSES = (LedgerClass.WAITING_PARTS, LedgerClass.IN_REPAIR, LedgerClass.VALIDATING)


class OverlappingHolds(BadInput):
    """Two customers hold one node at the same second."""

    code = "FLEET-008"
    remedy = "End one allocation before the other begins."


@dataclass(frozen=True, slots=True)
class Segments:
    """Stretches [start, end) that cover the time on the books of each node's GPUs exactly once.

    kind       codes of the class, see CODE
    gpus       how many of the node's GPUs are in it
    parts      the same as parts of the node: `unit` of them are the whole
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
    gpus: Ints
    parts: Ints
    outages: Sequence[OutageFact]
    unit: int

    @property
    def length(self) -> Ints:
        """Return the seconds of each segment."""
        return self.end - self.start

    @property
    def node_parts(self) -> Ints:
        """Return the node-seconds of each segment, in parts: `unit` of them are one."""
        return self.length * self.parts

    def where(self, keep: Bools) -> "Segments":
        """Return the segments that `keep` marks."""
        return Segments(
            self.node[keep],
            self.start[keep],
            self.end[keep],
            self.kind[keep],
            self.customer[keep],
            self.outage[keep],
            self.over_outage[keep],
            self.gpus[keep],
            self.parts[keep],
            self.outages,
            self.unit,
        )


@dataclass(frozen=True, slots=True)
class Days:
    """Days of a calendar: day d is [edges[d], edges[d + 1]) in Unix seconds."""

    dates: tuple[date, ...]
    edges: Ints


def resolve(facts: FleetFacts, *, start: int, end: int) -> Segments:
    """Return every GPU-second of [start, end) in one class.

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
        for kind in PHASE_CLASSES
    }
    short = {fact.node for fact in facts.outages if fact.gpus_lost is not None}
    told = [fact for fact in facts.outages if fact.node in short]
    ends = window.cut((f.node, f.start, f.end) for f in told)
    points = window.points([stays, planned, holds, *phases.values(), ends])
    held = points.counts(holds)
    if held.size and held.max() > 1:
        raise OverlappingHolds("two allocations of one node overlap")
    up = np.where(held > 0, CODE[LedgerClass.SERVING], CODE[LedgerClass.IDLE_SPARE])
    broken = np.full(len(points.keys), CODE[LedgerClass.UNPLANNED])
    for name in reversed(PHASE_CLASSES):
        broken = np.where(points.counts(phases[name]) > 0, CODE[name], broken)
    customer_of = np.array([fact.customer for fact in facts.holds], dtype=np.int64)
    customer = points.labels(holds, customer_of)
    outage = points.labels(stays, np.arange(len(unplanned), dtype=np.int64))
    work = points.labels(planned, np.arange(len(works), dtype=np.int64))
    begun_before = _starts(unplanned, outage) < _starts(works, work)
    over = (outage != NOBODY) & (work != NOBODY) & begun_before
    out = (outage != NOBODY) | (broken != CODE[LedgerClass.UNPLANNED])
    gpus = np.array([node.gpus for node in facts.nodes], dtype=np.int64)[points.node]
    lost = Losses.of_whole_nodes(gpus, planned=work != NOBODY, out=out)
    unit = 1
    if told:
        lost = _of_some_gpus(lost, points, told, short, out)
        unit = unit_of(facts.nodes[row].gpus for row in short)
    shares = lost.shares(up=up, broken=broken, planned=CODE[LedgerClass.PLANNED], over=over)
    segments = points.segments(shares, lost.gpus, unit, customer, outage, unplanned)
    on_the_books = int((window.high - window.low).sum())
    assert int(segments.node_parts.sum()) == on_the_books * unit, "the ledger lost or doubled time"  # noqa: S101 - a bug, never an input
    return segments


def _of_some_gpus(
    whole: Losses, points: "_Points", told: Sequence[OutageFact], short: Collection[int], out: Bools
) -> Losses:
    """Return what is lost where outages of some GPUs alone are told, else what `whole` says."""

    def taken(among: Sequence[OutageFact]) -> Ints:
        return gpus_taken(among, whole.gpus, points.covered)

    anything = taken(told)
    bare = out & (anything == 0)  # a phase of no outage: the whole node
    some = Losses(
        gpus=whole.gpus,
        planned=taken([fact for fact in told if fact.planned]),
        unplanned=np.where(bare, whole.gpus, taken([f for f in told if not f.planned])),
        total=np.where(bare, whole.gpus, anything),
    )
    return some.where(np.isin(points.node, list(short)), whole)


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

    @property
    def node(self) -> Ints:
        """Return the node of each point."""
        return self.keys // self.window.span

    def covered(self, outages: Iterable[OutageFact]) -> Bools:
        """Say after which points one of the outages lasts."""
        cut = self.window.cut((fact.node, fact.start, fact.end) for fact in outages)
        return self.counts(cut) > 0

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
        shares: Sequence[Share],
        gpus: Ints,
        unit: int,
        customer: Ints,
        outage: Ints,
        outages: Sequence[OutageFact],
    ) -> Segments:
        """Return a segment for each share of each stretch that is on the books."""
        inside = self.counts(self.windows) > 0
        parts = parts_of([share.gpus for share in shares], gpus, unit)
        rows = [np.flatnonzero(inside & (part > 0)) for part in parts]
        places = np.concatenate(rows)
        opens, closes = self.keys[places], self.keys[places + 1]
        node = opens // self.window.span
        base = node * self.window.span - self.window.start
        picked = list(zip(shares, parts, rows, strict=True))
        return Segments(
            node=node,
            start=opens - base,
            end=closes - base,
            kind=np.concatenate([share.kind[row] for share, _, row in picked]),
            customer=customer[places],
            outage=outage[places],
            over_outage=np.concatenate([share.over[row] for share, _, row in picked]),
            gpus=np.concatenate([share.gpus[row] for share, _, row in picked]),
            parts=np.concatenate([part[row] for _, part, row in picked]),
            outages=outages,
            unit=unit,
        )


def by_day(segments: Segments, days: Days, weights: Ints | None = None) -> Ints:
    """Return the parts of node-seconds per day and class, shape (days, CLASSES).

    Outside the days is left out.
    weights   what a second of each segment counts instead, as `segments.gpus`
    """
    count = len(days.dates)
    table = np.zeros((count, CLASSES), dtype=np.int64)
    if not count:
        return table
    edges = days.edges
    opens = np.clip(segments.start, edges[0], edges[-1])
    closes = np.clip(segments.end, edges[0], edges[-1])
    keep = closes > opens
    opens, closes, kind = opens[keep], closes[keep], segments.kind[keep]
    each = (segments.parts if weights is None else weights)[keep]
    first = np.searchsorted(edges, opens, side="right") - 1
    last = np.searchsorted(edges, closes, side="left") - 1
    same = first == last
    np.add.at(table, (first[same], kind[same]), ((closes - opens) * each)[same])
    first, last, opens, closes, kind, each = (
        part[~same] for part in (first, last, opens, closes, kind, each)
    )
    np.add.at(table, (first, kind), (edges[first + 1] - opens) * each)
    np.add.at(table, (last, kind), (closes - edges[last]) * each)
    whole = np.zeros((count + 1, CLASSES), dtype=np.int64)
    np.add.at(whole, (first + 1, kind), each)
    np.add.at(whole, (last, kind), -each)
    return table + np.cumsum(whole, axis=0)[:count] * np.diff(edges)[:, None]


def by_node(segments: Segments, nodes: int, weights: Ints | None = None) -> Ints:
    """Return the parts of node-seconds per node and class, shape (nodes, CLASSES).

    weights   what a second of each segment counts instead, as `segments.gpus`
    """
    cell = segments.node * CLASSES + segments.kind
    each = segments.length * (segments.parts if weights is None else weights)
    sums = np.bincount(cell, weights=each, minlength=nodes * CLASSES)
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
        kept.gpus,
        kept.parts,
        kept.outages,
        kept.unit,
    )


def as_classes(amounts: Ints, *, unit: int = 1) -> dict[LedgerClass, int]:
    """Return one row by class, zeros included; of parts, the whole node-seconds.

    These sum to all the node-seconds of the row, whatever is rounded in each.
    """
    told = whole_seconds([int(amount) for amount in amounts], unit)
    return {kind: told[code] for kind, code in CODE.items()}
