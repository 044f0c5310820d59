"""The lines of a report: what each customer, and nobody, had of a period; all sums are theirs.

A line covers its own complete days, by the clocks of who holds the nodes, so that it says the same
in the report of the whole fleet as in the customer's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from scuderia.fleet.engine import ledger, prices
from scuderia.fleet.engine.customer_days import Calendar, calendar_in, complete_days
from scuderia.fleet.engine.exclusions import joined, taken_out
from scuderia.fleet.engine.facts import CustomerFact, FleetFacts, SlaFact, instant_of
from scuderia.fleet.engine.gpu_shares import Ints, whole_seconds
from scuderia.fleet.engine.ledger import CODE, NOBODY, Days, Segments
from scuderia.fleet.engine.outage_statistics import DOWN_CODES
from scuderia.fleet.engine.prices import Money
from scuderia.fleet.engine.report_figures import (
    CustomerDays,
    Excluded,
    PromiseChanged,
    PromiseHeld,
)
from scuderia.fleet.nouns import DOWNTIME, LedgerClass

Floats: TypeAlias = npt.NDArray[np.float64]
"""Shares, shape (days,); NaN is unknown."""
_UP = np.array([CODE[LedgerClass.SERVING], CODE[LedgerClass.IDLE_SPARE]], dtype=np.int64)
_UNHELD = CustomerFact("")


@dataclass(frozen=True, slots=True)
class Request:
    """What to report on: [start, end) in Unix seconds.

    customer, site   None: all of them
    target           None: what was promised for each day
    time_zone        an IANA name, whose days are counted; None: the customer's own, else UTC
    """

    start: int
    end: int
    customer: str | None = None
    site: str | None = None
    target: float | None = None
    time_zone: str | None = None


@dataclass(frozen=True)
class Line:
    """One holder's part of a period.

    who        a customer's index, or NOBODY
    mine       its segments of the whole period
    days       its complete days
    start, end   what sums cover: its complete days, the whole period where there is none
    taken      what each of its exclusions takes out of the whole period
    """

    facts: FleetFacts
    request: Request
    who: int
    mine: Segments
    days: Days
    start: int
    end: int
    taken: tuple[Segments, ...]

    @property
    def holder(self) -> CustomerFact:
        """Return who holds the nodes; a nameless one where nobody does."""
        return _UNHELD if self.who == NOBODY else self.facts.customers[self.who]

    @cached_property
    def summed(self) -> Segments:
        """Return its segments of what sums cover."""
        return ledger.clipped(self.mine, self.start, self.end)

    @cached_property
    def per_node(self) -> Ints:
        """Return the parts of node-seconds per node and class."""
        return ledger.by_node(self.summed, len(self.facts.nodes))

    @cached_property
    def seconds(self) -> dict[LedgerClass, int]:
        """Return the node-seconds in each class."""
        return ledger.as_classes(self.per_node.sum(axis=0), unit=self.mine.unit)

    @cached_property
    def gpu_seconds(self) -> dict[LedgerClass, int]:
        """Return the GPU-seconds in each class."""
        per_gpu = ledger.by_node(self.summed, len(self.facts.nodes), self.summed.gpus)
        return ledger.as_classes(per_gpu.sum(axis=0))

    @property
    def gpus_lost(self) -> float:
        """Return the GPU-hours of downtime over the hours that sums cover: so many GPUs' worth."""
        down = sum(self.gpu_seconds.get(part, 0) for part in DOWNTIME)
        return down / (self.end - self.start)

    @cached_property
    def over_outage(self) -> int:
        """Return the parts of planned work on nodes that were out, unplanned, before it began."""
        return int(self.summed.node_parts[self.summed.over_outage].sum())

    @cached_property
    def excluded_parts(self) -> tuple[int, ...]:
        """Return the parts of node-seconds that each exclusion takes out."""
        clipped = (ledger.clipped(part, self.start, self.end) for part in self.taken)
        return tuple(int(part.node_parts.sum()) for part in clipped)

    @cached_property
    def targets(self) -> Floats:
        """Return the target of each day."""
        return np.array([target_on(self.holder, self.request, day) for day in self.days.dates])

    @cached_property
    def table(self) -> Ints:
        """Return the parts of node-seconds per day and class."""
        return ledger.by_day(self.mine, self.days)

    @cached_property
    def counting(self) -> Floats:
        """Return the availability of each day with what does not count left out."""
        return shares(self.table, excluded_by_day(self.taken, self.days))

    @cached_property
    def money(self) -> Money:
        """Return what its downtime was worth."""
        held = {self.facts.nodes[int(row)].sku for row in np.flatnonzero(self.per_node.sum(axis=1))}
        return prices.money_of(
            self.mine.where(np.isin(self.mine.kind, DOWN_CODES)),
            self.facts.nodes,
            held=held,
            own=self.holder.prices,
            listed=self.facts.prices,
            calendar=calendar_of(self.holder.slas),
            start=self.start,
            end=self.end,
        )

    @property
    def one_target(self) -> float | None:
        """Return the target that held on all days with a promise; None: several, or none."""
        if self.who == NOBODY:
            return None
        if self.days.dates:
            return only(self.targets)
        day = calendar_of(self.holder.slas, self.request.time_zone).day_of(self.start)
        return only(np.array([target_on(self.holder, self.request, day)]))

    def promises(self) -> list[PromiseHeld]:
        """Return the promises that held on one of its days."""
        held = {sla_on(self.holder.slas, day) for day in self.days.dates} - {None}
        return [
            PromiseHeld(
                self.holder.name, date.fromisoformat(sla.first_day), sla.target, sla.time_zone
            )
            for sla in self.holder.slas
            if sla in held
        ]

    def promises_changed(self) -> list[PromiseChanged]:
        """Return what of its promises was changed for its days after they had begun."""
        if not self.days.dates:
            return []
        opens, closes = self.days.dates[0].isoformat(), self.days.dates[-1].isoformat()
        return [
            PromiseChanged(
                self.holder.name,
                date.fromisoformat(one.first_day),
                date.fromisoformat(one.last_day),
                *one[2:-1],
                instant_of(one.changed_at),
            )
            for one in self.holder.changes
            if one.first_day <= closes and opens <= one.last_day
        ]

    def excluded(self) -> list[Excluded]:
        """Return what each exclusion took out, if anything."""
        return [
            Excluded(
                customer=self.holder.name,
                start=instant_of(one.start),
                end=None if one.end is None else instant_of(one.end),
                cause=one.cause,
                reason=one.reason,
                seconds=whole(parts, self.mine.unit),
            )
            for one, parts in zip(self.holder.exclusions, self.excluded_parts, strict=True)
            if parts
        ]

    def figures(self) -> CustomerDays:
        """Return the line as it is shown."""
        share = shares(self.table)
        known = ~np.isnan(share) & (self.who != NOBODY)
        promised = known & ~np.isnan(self.counting) & ~np.isnan(self.targets)
        met = self.counting[promised] >= self.targets[promised]
        classes, unit = self.per_node.sum(axis=0), self.mine.unit
        up, lost = parts_up(classes), parts_down(classes)
        out = sum(self.excluded_parts)
        calendar = calendar_of(self.holder.slas, self.request.time_zone)
        last = self.days.dates[-1] if self.days.dates else calendar.day_of(self.end)
        return CustomerDays(
            customer=self.holder.name,
            target=self.one_target,
            time_zone=calendar.zone_on(last).key,
            nodes=int(np.count_nonzero(self.per_node.sum(axis=1))),
            node_seconds=sum(self.seconds.values()),
            availability=share_of(up, lost),
            days_known=int(known.sum()),
            days_promised=int(promised.sum()),
            days_at_target=int(met.sum()),
            worst_day=float(share[known].min()) if known.any() else None,
            planned_s=self.seconds[LedgerClass.PLANNED],
            downtime_s=whole(lost, unit),
            downtime_gpu_s=sum(self.gpu_seconds[kind] for kind in DOWNTIME),
            excluded_s=whole(out, unit),
            availability_after_exclusions=share_of(up, lost - out),
            cents_lost=self.money.cents,
        )


def line_of(facts: FleetFacts, segments: Segments, who: int, request: Request) -> Line:
    """Return the line of one holder.

    segments   everybody's, of the whole period
    who        a customer's index, or NOBODY
    """
    holder = _UNHELD if who == NOBODY else facts.customers[who]
    calendar = calendar_of(holder.slas, request.time_zone)
    days = complete_days(request.start, request.end, calendar)
    mine = segments.where(segments.customer == who)
    start, end = span_of(days, request)
    taken = taken_out(mine, holder.exclusions, start=request.start, end=request.end)
    return Line(facts, request, who, mine, days, start, end, taken)


def span_of(days: Days, request: Request) -> tuple[int, int]:
    """Return what sums cover: the complete days, the whole period where there is none."""
    if not days.dates:
        return request.start, request.end
    return int(days.edges[0]), int(days.edges[-1])


def calendar_of(slas: Sequence[SlaFact], time_zone: str | None = None) -> Calendar:
    """Return whose clocks count the days: one zone's if it is named, else as was promised."""
    if time_zone is not None or not slas:
        return calendar_in(time_zone or "UTC")
    return Calendar(
        tuple((date.fromisoformat(sla.first_day), ZoneInfo(sla.time_zone)) for sla in slas)
    )


def sla_on(slas: Sequence[SlaFact], day: date) -> SlaFact | None:
    """Return the promise that holds on a day: the last that began by then; None before any."""
    begun = [sla for sla in slas if sla.first_day <= day.isoformat()]
    return begun[-1] if begun else None


def target_on(holder: CustomerFact, request: Request, day: date) -> float:
    """Return the target of a day; NaN: nothing was promised for it."""
    if request.target is not None:
        return request.target
    held = sla_on(holder.slas, day)
    return np.nan if held is None else held.target


def shares(table: Ints, excluded: Ints | None = None) -> Floats:
    """Return served / (served + down) per day; NaN where nothing counts but planned work.

    excluded   downtime of each day that does not count
    """
    up = table[:, _UP].sum(axis=1).astype(np.float64)
    whole = up + table[:, DOWN_CODES].sum(axis=1) - (0 if excluded is None else excluded)
    share: Floats = np.full(len(up), np.nan)
    np.divide(up, whole, out=share, where=whole > 0)
    return share


def excluded_by_day(taken: Sequence[Segments], days: Days) -> Ints:
    """Return the parts of each day's node-seconds that exclusions take out."""
    if not taken:
        return np.zeros(len(days.dates), dtype=np.int64)
    out: Ints = ledger.by_day(joined(taken), days).sum(axis=1)
    return out


def share_of(up: int, down: int) -> float | None:
    """Return the availability; None where nothing counts."""
    return up / (up + down) if up + down else None


def parts_up(classes: Ints) -> int:
    """Return of a row of classes what was up."""
    return int(classes[_UP].sum())


def parts_down(classes: Ints) -> int:
    """Return of a row of classes what was down."""
    return int(classes[DOWN_CODES].sum())


def whole(parts: int, unit: int) -> int:
    """Return parts of node-seconds as whole seconds, rounded half up."""
    return whole_seconds([parts], unit)[0]


def only(targets: Floats) -> float | None:
    """Return the one target that is there; None where there are several, or none."""
    found = np.unique(targets[~np.isnan(targets)])
    return float(found[0]) if len(found) == 1 else None
