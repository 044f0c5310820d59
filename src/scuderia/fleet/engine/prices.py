"""What downtime was worth: lost GPU-seconds x the price that held, part by part; pure.

A price holds from a day on, as the clocks of whoever holds the node count days. A customer's own
price wins over the one of the node type; 0 states none from that day on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from scuderia.basics.units import HOUR_S
from scuderia.fleet.engine import ledger
from scuderia.fleet.engine.customer_days import Calendar
from scuderia.fleet.engine.facts import NodeFact, PriceFact
from scuderia.fleet.engine.ledger import Segments

NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class PriceGap:
    """Downtime of a node type over [start, end), in Unix seconds, for which no price is stated."""

    sku: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Money:
    """What downtime was worth in whole cents; None: not known.

    stated   the prices in force over it, in cents per GPU-hour
    """

    cents: int | None
    gaps: tuple[PriceGap, ...] = ()
    stated: frozenset[int] = frozenset()


def price_at(prices: Iterable[PriceFact], sku: str, at: int, calendar: Calendar) -> int:
    """Return the price of a node type at a Unix second; 0 where none is stated."""
    held = 0
    for price in sorted(prices):
        if price.sku == sku and calendar.begins(date.fromisoformat(price.first_day)) <= at:
            held = price.cents_per_gpu_hour
    return held


def money_of(
    down: Segments,
    nodes: Sequence[NodeFact],
    *,
    held: Iterable[str],
    own: Sequence[PriceFact],
    listed: Sequence[PriceFact],
    calendar: Calendar,
    start: int,
    end: int,
) -> Money:
    """Return what the downtime of one holder in [start, end) was worth, rounded half up once.

    down       its segments that are downtime
    held       the node types that it held in that time
    own        its own prices; listed: those of the node types
    returns    cents None where a part has no price, or no price of what it held is stated at all
    """
    skus = sorted(held)
    edges = _edges([*own, *listed], skus, calendar, start, end)
    cent_seconds, gaps, stated = 0, dict[tuple[str, int], int](), set[int]()
    for opens, closes in pairwise(edges):
        gpu_seconds = _gpu_seconds(ledger.clipped(down, opens, closes), nodes)
        for sku in skus:
            cents = price_at(own, sku, opens, calendar) or price_at(listed, sku, opens, calendar)
            lost = gpu_seconds.get(sku, 0)
            cent_seconds += cents * lost
            stated |= {cents} - {0}
            if lost and not cents:
                gaps[sku, opens] = closes
    whole = (2 * cent_seconds + HOUR_S) // (2 * HOUR_S)
    return Money(None if gaps or not stated else whole, _joined(gaps), frozenset(stated))


def total_of(parts: Sequence[Money]) -> Money:
    """Return the sum; not known where downtime of a part has no price, or no part is known."""
    gaps = {gap for part in parts for gap in part.gaps}
    known = [part.cents for part in parts if part.cents is not None]
    return Money(
        sum(known) if known and not gaps else None,
        tuple(sorted(gaps, key=lambda gap: (gap.sku, gap.start, gap.end))),
        frozenset[int]().union(*(part.stated for part in parts)),
    )


def _edges(
    prices: Iterable[PriceFact], skus: Sequence[str], calendar: Calendar, start: int, end: int
) -> list[int]:
    changes = {
        calendar.begins(date.fromisoformat(price.first_day))
        for price in prices
        if price.sku in skus
    }
    return [start, *sorted(at for at in changes if start < at < end), end]


def _gpu_seconds(down: Segments, nodes: Sequence[NodeFact]) -> dict[str, int]:
    """Return the GPU-seconds of each node type."""
    lost = np.bincount(down.node, weights=down.length * down.gpus, minlength=len(nodes))
    seconds = lost.astype(np.int64)
    found: dict[str, int] = {}
    for row in np.flatnonzero(seconds):
        node = nodes[int(row)]
        found[node.sku] = found.get(node.sku, 0) + int(seconds[row])
    return found


def _joined(gaps: dict[tuple[str, int], int]) -> tuple[PriceGap, ...]:
    """Return the gaps with those that touch made one."""
    joined: list[PriceGap] = []
    for (sku, opens), closes in sorted(gaps.items()):
        last = joined[-1] if joined else None
        if last is not None and (last.sku, last.end) == (sku, opens):
            joined[-1] = PriceGap(sku, last.start, closes)
        else:
            joined.append(PriceGap(sku, opens, closes))
    return tuple(joined)
