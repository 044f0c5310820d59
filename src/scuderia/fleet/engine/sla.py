"""The SLA report: what was promised and delivered in a period, rebuilt from the raw books alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from scuderia.basics.errors import BadInput
from scuderia.fleet.engine import ledger, prices
from scuderia.fleet.engine.customer_days import Calendar, complete_days, local_days
from scuderia.fleet.engine.facts import FleetFacts, OutageFact, instant_of
from scuderia.fleet.engine.gpu_shares import Ints
from scuderia.fleet.engine.ledger import NOBODY, Days, Segments
from scuderia.fleet.engine.outage_statistics import DOWN_CODES, RELAPSE_WINDOWS_S, OutageStatistics
from scuderia.fleet.engine.prices import NAMED_MAX, Money
from scuderia.fleet.engine.report_figures import (
    CustomerDays,
    Ledger,
    LedgerDay,
    ReportDay,
    SlaReport,
)
from scuderia.fleet.engine.report_lines import (
    Floats,
    Line,
    Request,
    calendar_of,
    excluded_by_day,
    line_of,
    only,
    parts_down,
    parts_up,
    share_of,
    shares,
    whole,
)
from scuderia.fleet.nouns import LedgerClass

__all__ = ["NotAPeriod", "Request", "ledger_of", "report_of"]
LIMITS = (
    "The end of an outage is the source's word, not a test. Sums of time and days leave out days "
    "that are not over, by the clocks that count each customer's days; those of a fleet are the "
    "sums of its lines. Counts, lengths and causes of outages cover the whole period. Planned work "
    "stands apart from availability, also over an outage that began before it; the figure with "
    "that counted as downtime stands beside it. Days for which nothing was promised are neither "
    "met nor missed. What an exclusion takes out counts neither as up nor as down, and stays in "
    "the availability without exclusions. Money is all downtime at the price that held, not a "
    "claim under a contract."
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
class _Scope:
    """The request resolved against the books.

    customer   an index; NOBODY: all
    calendar   whose clocks count the days of what is asked for
    """

    request: Request
    customer: int
    calendar: Calendar


def ledger_of(facts: FleetFacts, request: Request) -> Ledger:
    """Return every node-second of the period in its class, per node and per local day."""
    scope = _scope(facts, request)
    segments = _of_customer(ledger.resolve(facts, start=request.start, end=request.end), scope)
    days = local_days(request.start, request.end, scope.calendar)
    unit = segments.unit
    per_node = ledger.by_node(segments, len(facts.nodes))
    per_gpu = ledger.by_node(segments, len(facts.nodes), segments.gpus)
    present = _places(per_node.sum(axis=1))
    return Ledger(
        customer=request.customer,
        site=request.site,
        start=instant_of(request.start),
        end=instant_of(request.end),
        time_zone=_zone(scope, days),
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

    Every sum of time, days and money is the sum of the lines' figures.
    raises   NotAPeriod, OverlappingHolds
    """
    return _Report(facts, request).told()


@dataclass(frozen=True)
class _Report:
    """What a report is put together from, each computed once."""

    facts: FleetFacts
    request: Request

    @cached_property
    def scope(self) -> _Scope:
        return _scope(self.facts, self.request)

    @cached_property
    def everything(self) -> Segments:
        return ledger.resolve(self.facts, start=self.request.start, end=self.request.end)

    @cached_property
    def mine(self) -> Segments:
        return _of_customer(self.everything, self.scope)

    @cached_property
    def lines(self) -> list[Line]:
        holders = _holders(self.everything, self.scope)
        return [line_of(self.facts, self.everything, who, self.request) for who in holders]

    @cached_property
    def figures(self) -> list[CustomerDays]:
        return [line.figures() for line in self.lines]

    @cached_property
    def promised(self) -> list[CustomerDays]:
        return [entry for entry in self.figures if entry.customer]

    @cached_property
    def days(self) -> Days:
        return complete_days(self.request.start, self.request.end, self.scope.calendar)

    @cached_property
    def target(self) -> float | None:
        return _one_target(self.lines)

    @cached_property
    def rows(self) -> tuple[ReportDay, ...]:
        targets = _targets(self.lines, self.days, self.scope, self.target)
        return _report_days(self.mine, self.days, self.lines, targets)

    @cached_property
    def known(self) -> list[tuple[float, date]]:
        """Return the availability of each day that is known, in order."""
        return [(row.availability, row.day) for row in self.rows if row.availability is not None]

    @cached_property
    def outages(self) -> list[OutageFact]:
        return _outages_in(self.facts, self.everything, self.scope)

    @cached_property
    def per_node(self) -> Ints:
        nothing = np.zeros((len(self.facts.nodes), ledger.CLASSES), dtype=np.int64)
        return sum((line.per_node for line in self.lines), nothing)

    @cached_property
    def down(self) -> Ints:
        down: Ints = self.per_node[:, DOWN_CODES].sum(axis=1)
        return down

    @cached_property
    def present(self) -> list[int]:
        return _places(self.per_node.sum(axis=1))

    @property
    def gpus(self) -> int:
        return sum(self.facts.nodes[row].gpus for row in self.present)

    @cached_property
    def broken(self) -> OutageStatistics:
        start, end, nodes = self.request.start, self.request.end, len(self.present)
        return OutageStatistics(self.facts, self.mine, self.outages, nodes, start, end)

    def availability(self, *, more: int = 0) -> float | None:
        """Return up / (up + down), with so many more parts of node-seconds counted as down."""
        classes = self.per_node.sum(axis=0)
        return share_of(parts_up(classes), parts_down(classes) + more)

    @property
    def gpus_lost(self) -> float | None:
        """Return what the lines lost of capacity together; None where nothing is known."""
        if self.availability() is None:
            return None
        return sum(line.gpus_lost for line in self.lines)

    def told(self) -> SlaReport:
        """Return the report."""
        unit, availability = self.mine.unit, self.availability()
        hidden = sum(line.over_outage for line in self.lines)
        out = sum(sum(line.excluded_parts) for line in self.lines)
        money = prices.total_of([line.money for line in self.lines])
        worst = min(self.known, default=None)
        return SlaReport(
            customer=self.request.customer,
            site=self.request.site,
            start=instant_of(self.request.start),
            end=instant_of(self.request.end),
            time_zone=_zone(self.scope, self.days),
            target=self.target,
            promises=tuple(held for line in self.lines for held in line.promises()),
            promises_changed=tuple(one for line in self.lines for one in line.promises_changed()),
            nodes=len(self.present),
            gpus=self.gpus,
            days=self.rows,
            seconds=_summed([line.seconds for line in self.lines]),
            gpu_seconds=_summed([line.gpu_seconds for line in self.lines]),
            availability=availability,
            planned_over_outage_s=sum(whole(line.over_outage, unit) for line in self.lines),
            availability_if_counted=self.availability(more=hidden),
            excluded_s=sum(entry.excluded_s for entry in self.figures),
            availability_after_exclusions=self.availability(more=-out),
            excluded=tuple(part for line in self.lines for part in line.excluded()),
            gpus_lost=self.gpus_lost,
            days_known=len(self.known),
            days_below_target=_below(self.rows),
            worst_day=None if worst is None else worst[0],
            worst_day_on=None if worst is None else worst[1],
            median_day=float(np.median([share for share, _ in self.known])) if self.known else None,
            headline=tuple(self.promised),
            unheld=next((entry for entry in self.figures if not entry.customer), None),
            customer_days=sum(entry.days_promised for entry in self.promised),
            customer_days_at_target=sum(entry.days_at_target for entry in self.promised),
            customer_days_unpromised=sum(
                entry.days_known - entry.days_promised for entry in self.promised
            ),
            outages=len(self.outages),
            outages_started=len(self.broken.started),
            outages_open=sum(fact.end is None for fact in self.outages),
            downtime_s=sum(entry.downtime_s for entry in self.figures),
            downtime_gpu_s=sum(entry.downtime_gpu_s for entry in self.figures),
            by_cause=self.broken.by_cause(),
            unknown_cause_share=self.broken.unknown_share(),
            outage_hours=self.broken.lengths(),
            outages_over_7d_share=self.broken.long_share(),
            downtime_share_over_7d=self.broken.long_downtime_share(),
            mtbf_node_days=self.broken.mtbf_node_days(int(self.mine.node_parts.sum()) // unit),
            time_to_detect=self.broken.time_to_detect(),
            time_to_repair=self.broken.time_to_repair(),
            relapse_24h=self.broken.relapse(RELAPSE_WINDOWS_S[0]),
            relapse_7d=self.broken.relapse(RELAPSE_WINDOWS_S[1]),
            relapse_28d=self.broken.relapse(RELAPSE_WINDOWS_S[2]),
            concentration=self.broken.concentration(self.down),
            cents_lost=money.cents,
            price_note=_price_note(money),
            longest=self.broken.longest(),
            limits=LIMITS if unit == 1 else f"{LIMITS} {OF_SOME_GPUS}",
        )


def _scope(facts: FleetFacts, request: Request) -> _Scope:
    if request.end <= request.start:
        raise NotAPeriod("the period is empty")
    if request.customer is None:
        return _Scope(request, NOBODY, calendar_of((), request.time_zone))
    names = [entry.name for entry in facts.customers]
    customer = names.index(request.customer)
    slas = facts.customers[customer].slas
    return _Scope(request, customer, calendar_of(slas, request.time_zone))


def _zone(scope: _Scope, days: Days) -> str:
    """Return which zone counted the last day."""
    last = days.dates[-1] if days.dates else scope.calendar.day_of(scope.request.end)
    return scope.calendar.zone_on(last).key


def _holders(segments: Segments, scope: _Scope) -> list[int]:
    """Return who has a line: the one customer; else every holder by name, and nobody last."""
    if scope.customer != NOBODY:
        return [scope.customer]
    found = sorted({int(row) for row in np.unique(segments.customer)} - {NOBODY})
    return [*found, *([NOBODY] if bool((segments.customer == NOBODY).any()) else [])]


def _of_customer(segments: Segments, scope: _Scope) -> Segments:
    if scope.customer == NOBODY:
        return segments
    return segments.where(segments.customer == scope.customer)


def _one_target(lines: Sequence[Line]) -> float | None:
    """Return the target of all customers' days; None where they differ: none is made up."""
    if lines and lines[0].request.target is not None:
        return lines[0].request.target
    told = [line.targets for line in lines if line.who != NOBODY]
    if any(targets.size for targets in told):
        return only(np.concatenate(told))
    alone = [line.one_target for line in lines if line.one_target is not None]
    return only(np.array(alone, dtype=np.float64))


def _targets(lines: Sequence[Line], days: Days, scope: _Scope, target: float | None) -> Floats:
    """Return the target of each day: a customer's own, the one that all of a fleet share."""
    if scope.customer != NOBODY:
        return lines[0].targets
    return np.full(len(days.dates), np.nan if target is None else target)


def _report_days(
    segments: Segments, days: Days, lines: Sequence[Line], targets: Floats
) -> tuple[ReportDay, ...]:
    table = ledger.by_day(segments, days)
    counting = shares(table, excluded_by_day([part for line in lines for part in line.taken], days))
    return tuple(
        ReportDay(
            day=row.day,
            length_s=row.length_s,
            seconds=row.seconds,
            gpu_seconds=row.gpu_seconds,
            availability=row.availability,
            target=_known(target),
            availability_after_exclusions=_known(share),
        )
        for row, target, share in zip(_day_rows(segments, days), targets, counting, strict=True)
    )


def _known(share: float) -> float | None:
    return None if np.isnan(share) else float(share)


def _below(rows: Sequence[ReportDay]) -> int | None:
    """Return how many days were below their target; None where none has one."""
    if all(row.target is None for row in rows):
        return None
    return sum(
        row.target is not None
        and row.availability_after_exclusions is not None
        and row.availability_after_exclusions < row.target
        for row in rows
    )


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
            availability=share_of(parts_up(table[row]), parts_down(table[row])),
        )
        for row, day in enumerate(days.dates)
    )


def _summed(amounts: Sequence[Mapping[LedgerClass, int]]) -> dict[LedgerClass, int]:
    """Return the sum of what the lines have in each class."""
    return {kind: sum(line[kind] for line in amounts) for kind in LedgerClass}


def _price_note(money: Money) -> str:
    if not money.stated:
        return "No price per GPU-hour is stated, so no money is shown."
    if money.gaps:
        told = [
            f"{gap.sku} from {_minute(gap.start)} to {_minute(gap.end)}"
            for gap in money.gaps[:NAMED_MAX]
        ]
        more = f" and {len(money.gaps) - NAMED_MAX} more" if len(money.gaps) > NAMED_MAX else ""
        return f"No price is stated for {', '.join(told)}{more}, so the money is not known."
    stated = ", ".join(f"${cents // 100}.{cents % 100:02d}" for cents in sorted(money.stated))
    return f"Lost GPU-hours x the price per GPU-hour that held ({stated})."


def _minute(second: int) -> str:
    return f"{instant_of(second):%Y-%m-%dT%H:%MZ}"
