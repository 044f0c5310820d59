"""The SLA report: what was promised and delivered in a period, rebuilt from the raw books alone."""

from collections import defaultdict
from dataclasses import dataclass
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from scuderia.basics.errors import BadInput
from scuderia.basics.units import HOUR_S
from scuderia.fleet.engine import ledger
from scuderia.fleet.engine.facts import DEFAULT_TARGET, FleetFacts, OutageFact, instant_of
from scuderia.fleet.engine.gpu_shares import Ints, whole_seconds
from scuderia.fleet.engine.ledger import CODE, NOBODY, Days, Segments
from scuderia.fleet.engine.outage_statistics import DOWN_CODES, RELAPSE_WINDOWS_S, OutageStatistics
from scuderia.fleet.engine.report_figures import CustomerDays, Ledger, LedgerDay, SlaReport
from scuderia.fleet.nouns import LedgerClass

Floats: TypeAlias = npt.NDArray[np.float64]
"""Shares, shape (days,); NaN is unknown."""
_UP = np.array([CODE[LedgerClass.SERVING], CODE[LedgerClass.IDLE_SPARE]], dtype=np.int64)
LIMITS = (
    "The end of an outage is the source's word, not a test. Sums of time and days leave out days "
    "that are not over; counts, lengths and causes of outages cover the whole period. Planned work "
    "stands apart from availability, also over an outage that began before it; the figure with "
    "that counted as downtime stands beside it. Money is downtime at the stated price, not a claim "
    "under a contract."
)

OF_SOME_GPUS = (
    "A node short of some of its GPUs is down by their share, and serves by the rest; an outage "
    "that says nothing of its GPUs takes the whole node."
)


class NotAPeriod(BadInput):
    """The period ends before it begins, or is empty."""

    code = "FLEET-009"
    remedy = "Give a --from that lies before --to."


@dataclass(frozen=True, slots=True)
class Request:
    """What to report on: [start, end) in Unix seconds.

    customer, site   None: all of them
    target           None: each customer's own, DEFAULT_TARGET where nothing is promised
    time_zone        an IANA name, whose days are counted; None: the customer's own, else UTC
    """

    start: int
    end: int
    customer: str | None = None
    site: str | None = None
    target: float | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class _Scope:
    """The request resolved against the books."""

    request: Request
    customer: int  # NOBODY: all
    target: float
    zone: ZoneInfo
    days: Days
    start: int  # of the complete days; the whole period where there is none
    end: int


def ledger_of(facts: FleetFacts, request: Request) -> Ledger:
    """Return every node-second of the period in its class, per node and per local day."""
    scope = _scope(facts, request)
    segments = _of_customer(ledger.resolve(facts, start=request.start, end=request.end), scope)
    days = ledger.local_days(request.start, request.end, scope.zone)
    unit = segments.unit
    per_node = ledger.by_node(segments, len(facts.nodes))
    per_gpu = ledger.by_node(segments, len(facts.nodes), segments.gpus)
    present = _places(per_node.sum(axis=1))
    return Ledger(
        customer=request.customer,
        site=request.site,
        start=instant_of(request.start),
        end=instant_of(request.end),
        time_zone=scope.zone.key,
        nodes=len(present),
        seconds=ledger.as_classes(per_node.sum(axis=0), unit=unit),
        gpu_seconds=ledger.as_classes(per_gpu.sum(axis=0)),
        by_node={
            facts.nodes[row].name: ledger.as_classes(per_node[row], unit=unit) for row in present
        },
        days=_day_rows(segments, days),
    )


def report_of(facts: FleetFacts, request: Request) -> SlaReport:
    """Return the SLA report of the period; the same books give the same report, always.

    raises   NotAPeriod, OverlappingHolds
    """
    scope = _scope(facts, request)
    everything = ledger.resolve(facts, start=request.start, end=request.end)
    mine = _of_customer(everything, scope)
    segments = ledger.clipped(mine, scope.start, scope.end)
    per_node = ledger.by_node(segments, len(facts.nodes))
    per_gpu = ledger.by_node(segments, len(facts.nodes), segments.gpus)
    parts, unit = per_node.sum(axis=0), segments.unit
    table = ledger.by_day(segments, scope.days)
    day_share = _availability(table)
    known = day_share[~np.isnan(day_share)]
    worst = int(np.nanargmin(day_share)) if known.size else None
    outages = _outages_in(facts, everything, scope)
    headline = _headline(facts, everything, scope)
    down = per_node[:, DOWN_CODES].sum(axis=1)
    present = _places(per_node.sum(axis=1))
    nodes = len(present)
    broken = OutageStatistics(facts, mine, outages, nodes, request.start, request.end)
    up, lost = int(parts[_UP].sum()), int(parts[DOWN_CODES].sum())
    availability = _share(up, lost)
    hidden = int(segments.node_parts[segments.over_outage].sum())
    gpus = sum(facts.nodes[row].gpus for row in present)
    return SlaReport(
        customer=request.customer,
        site=request.site,
        start=instant_of(request.start),
        end=instant_of(request.end),
        time_zone=scope.zone.key,
        target=scope.target,
        nodes=nodes,
        gpus=gpus,
        days=_day_rows(segments, scope.days),
        seconds=ledger.as_classes(parts, unit=unit),
        gpu_seconds=ledger.as_classes(per_gpu.sum(axis=0)),
        availability=availability,
        planned_over_outage_s=_seconds(hidden, unit),
        availability_if_counted=_share(up, lost + hidden),
        gpus_lost=None if availability is None else gpus * (1 - availability),
        days_known=len(known),
        days_below_target=int((known < scope.target).sum()),
        worst_day=None if worst is None else float(day_share[worst]),
        worst_day_on=None if worst is None else scope.days.dates[worst],
        median_day=float(np.median(known)) if known.size else None,
        headline=headline,
        customer_days=sum(entry.days_known for entry in headline),
        customer_days_at_target=sum(entry.days_at_target for entry in headline),
        outages=len(outages),
        outages_started=len(broken.started),
        outages_open=sum(fact.end is None for fact in outages),
        downtime_s=_seconds(lost, unit),
        downtime_gpu_s=int(per_gpu[:, DOWN_CODES].sum()),
        by_cause=broken.by_cause(),
        unknown_cause_share=broken.unknown_share(),
        outage_hours=broken.lengths(),
        outages_over_7d_share=broken.long_share(),
        downtime_share_over_7d=broken.long_downtime_share(),
        mtbf_node_days=broken.mtbf_node_days(int(mine.node_parts.sum()) // unit),
        time_to_detect=broken.time_to_detect(),
        time_to_repair=broken.time_to_repair(),
        relapse_24h=broken.relapse(RELAPSE_WINDOWS_S[0]),
        relapse_7d=broken.relapse(RELAPSE_WINDOWS_S[1]),
        relapse_28d=broken.relapse(RELAPSE_WINDOWS_S[2]),
        concentration=broken.concentration(down),
        cents_lost=_cents(facts, per_gpu),
        price_note=_price_note(facts),
        longest=broken.longest(),
        limits=LIMITS if unit == 1 else f"{LIMITS} {OF_SOME_GPUS}",
    )


def _scope(facts: FleetFacts, request: Request) -> _Scope:
    if request.end <= request.start:
        raise NotAPeriod("the period is empty")
    customer, promise = NOBODY, None
    if request.customer is not None:
        names = [entry.name for entry in facts.customers]
        customer = names.index(request.customer)
        promise = facts.customers[customer]
    zone = ZoneInfo(request.time_zone or (promise.time_zone if promise else "UTC"))
    days = ledger.complete_days(request.start, request.end, zone)
    whole = len(days.dates) > 0
    return _Scope(
        request=request,
        customer=customer,
        target=request.target or (promise.target if promise else None) or DEFAULT_TARGET,
        zone=zone,
        days=days,
        start=int(days.edges[0]) if whole else request.start,
        end=int(days.edges[-1]) if whole else request.end,
    )


def _of_customer(segments: Segments, scope: _Scope) -> Segments:
    if scope.customer == NOBODY:
        return segments
    return segments.where(segments.customer == scope.customer)


def _outages_in(facts: FleetFacts, segments: Segments, scope: _Scope) -> list[OutageFact]:
    """Return the unplanned outages that touch the period (and the customer's hold), by start."""
    start, end = scope.request.start, scope.request.end
    touching = [
        fact
        for fact in segments.outages
        if fact.start < end and (fact.end is None or fact.end > start or fact.start >= start)
    ]
    if scope.customer == NOBODY:
        return touching
    holds: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for hold in facts.holds:
        if hold.customer == scope.customer:
            opens, closes = max(hold.start, start), end if hold.end is None else min(hold.end, end)
            holds[hold.node].append((opens, closes))
    return [
        fact
        for fact in touching
        if any(
            opens <= fact.start < closes
            or (opens < closes and fact.start < closes and (fact.end is None or fact.end > opens))
            for opens, closes in holds.get(fact.node, ())
        )
    ]


def _headline(facts: FleetFacts, segments: Segments, scope: _Scope) -> tuple[CustomerDays, ...]:
    rows = []
    request = scope.request
    for row in sorted({int(row) for row in np.unique(segments.customer)} - {NOBODY}):
        if scope.customer not in (NOBODY, row):
            continue
        entry = facts.customers[row]
        zone = scope.zone if request.time_zone else ZoneInfo(entry.time_zone)
        days = ledger.complete_days(request.start, request.end, zone)
        if not days.dates:
            continue
        mine = ledger.clipped(
            segments.where(segments.customer == row), int(days.edges[0]), int(days.edges[-1])
        )
        share = _availability(ledger.by_day(mine, days))
        known = share[~np.isnan(share)]
        if not known.size:
            continue
        per_node = ledger.by_node(mine, len(facts.nodes))
        per_gpu = ledger.by_node(mine, len(facts.nodes), mine.gpus)
        down = int(per_node[:, DOWN_CODES].sum())
        target = request.target or entry.target or DEFAULT_TARGET
        rows.append(
            CustomerDays(
                customer=entry.name,
                target=target,
                time_zone=zone.key,
                nodes=int(np.count_nonzero(per_node.sum(axis=1))),
                availability=_share(int(per_node[:, _UP].sum()), down),
                days_known=len(known),
                days_at_target=int((known >= target).sum()),
                worst_day=float(known.min()),
                downtime_s=_seconds(down, mine.unit),
                downtime_gpu_s=int(per_gpu[:, DOWN_CODES].sum()),
                cents_lost=_cents(facts, per_gpu),
            )
        )
    return tuple(sorted(rows, key=lambda entry: entry.customer))


def _availability(table: Ints) -> Floats:
    """Return served / (served + down) per day; NaN where nothing but planned work is booked."""
    up = table[:, _UP].sum(axis=1).astype(np.float64)
    whole = up + table[:, DOWN_CODES].sum(axis=1)
    share: Floats = np.full(len(up), np.nan)
    np.divide(up, whole, out=share, where=whole > 0)
    return share


def _places(amounts: Ints) -> list[int]:
    """Return where the amounts are not 0."""
    return [int(row) for row in np.flatnonzero(amounts)]


def _day_rows(segments: Segments, days: Days) -> tuple[LedgerDay, ...]:
    table = ledger.by_day(segments, days)
    of_gpus = ledger.by_day(segments, days, segments.gpus)
    lengths = np.diff(days.edges)
    return tuple(
        LedgerDay(
            day=day,
            length_s=int(lengths[row]),
            seconds=ledger.as_classes(table[row], unit=segments.unit),
            gpu_seconds=ledger.as_classes(of_gpus[row]),
            availability=_share(int(table[row][_UP].sum()), int(table[row][DOWN_CODES].sum())),
        )
        for row, day in enumerate(days.dates)
    )


def _cents(facts: FleetFacts, per_gpu: Ints) -> int | None:
    """Return the lost GPU-seconds x their price in whole cents, rounded half up once.

    per_gpu   GPU-seconds per node and class
    returns   None where a node that was down has no stated price, or where none has one
    """
    down = per_gpu[:, DOWN_CODES].sum(axis=1)
    priced = {facts.nodes[row].cents_per_gpu_hour > 0 for row in _places(down)}
    if False in priced or not any(node.cents_per_gpu_hour > 0 for node in facts.nodes):
        return None
    cent_seconds = sum(
        int(down[row]) * facts.nodes[row].cents_per_gpu_hour for row in _places(down)
    )
    return (2 * cent_seconds + HOUR_S) // (2 * HOUR_S)


def _price_note(facts: FleetFacts) -> str:
    prices = sorted({node.cents_per_gpu_hour for node in facts.nodes})
    stated = ", ".join(f"${cents // 100}.{cents % 100:02d}" for cents in prices if cents)
    if not stated:
        return "No price per GPU-hour is stated, so no money is shown."
    some = "; some nodes have none, so their money is not known" if 0 in prices else ""
    return f"Downtime x GPUs x the stated price per GPU-hour ({stated}{some})."


def _seconds(parts: int, unit: int) -> int:
    """Return parts of node-seconds as whole seconds, rounded half up."""
    return whole_seconds([parts], unit)[0]


def _share(up: int, down: int) -> float | None:
    return up / (up + down) if up + down else None
