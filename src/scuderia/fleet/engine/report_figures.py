"""The shapes of the ledger's and the SLA report's results. Unknown is None, never 0."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.units import HOUR_S, percent
from scuderia.fleet.nouns import BEGINNING, LedgerClass, OutageRecord


@dataclass(frozen=True, slots=True)
class LedgerDay:
    """One day of a ledger: seconds per class; `length_s` is 82,800 or 90,000 when clocks change.

    seconds, gpu_seconds   as in Ledger
    availability   served / (served + downtime); None when only planned work or nothing was booked
    """

    day: date
    length_s: int
    seconds: Mapping[LedgerClass, int]
    gpu_seconds: Mapping[LedgerClass, int]
    availability: float | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every node-second of [start, end) in exactly one class.

    customer    None: every node, held or not
    seconds     node-seconds; one of a node that is short of some GPUs is divided by their share,
                and whole seconds sum to the time on the books
    gpu_seconds   every GPU-second in exactly one class, exact
    time_zone   of the days; a period that begins or ends inside a day has short days at its edges
    """

    customer: str | None
    site: str | None
    start: AwareDatetime
    end: AwareDatetime
    time_zone: str
    nodes: int
    seconds: Mapping[LedgerClass, int]
    gpu_seconds: Mapping[LedgerClass, int]
    by_node: Mapping[str, Mapping[LedgerClass, int]]
    days: tuple[LedgerDay, ...]

    @property
    def node_seconds(self) -> int:
        """Return the sum over all classes."""
        return sum(self.seconds.values())


@dataclass(frozen=True, slots=True)
class CauseShare:
    """Outages and downtime of the whole period under one cause; "" is unknown."""

    cause: str
    outages: int
    downtime_s: int
    share: float  # of all downtime in the period


@dataclass(frozen=True, slots=True)
class ReportDay(LedgerDay):
    """A day of a report beside what was promised for it.

    target                          None: nothing was promised for that day
    availability_after_exclusions   with what does not count left out; None: nothing counts
    """

    target: float | None
    availability_after_exclusions: float | None


@dataclass(frozen=True, slots=True)
class CustomerDays:
    """One line: what a customer had of the period's days, and on how many what it was promised.

    customer        "" on the line of the time that nobody held, which has no customer-days
    target          the one that held on all days with a promise; None: several, or none
    time_zone       which counted its last day
    node_seconds    all its time on the books: up, down and planned
    days_known      days with anything but planned work on the books
    days_promised   of these, with a promise and with time that counts: the denominator
    downtime_s, downtime_gpu_s   as in SlaReport
    excluded_s      downtime that does not count against the promise
    """

    customer: str
    target: float | None
    time_zone: str
    nodes: int
    node_seconds: int
    availability: float | None
    days_known: int
    days_promised: int
    days_at_target: int
    worst_day: float | None
    planned_s: int
    downtime_s: int
    downtime_gpu_s: int
    excluded_s: int
    availability_after_exclusions: float | None
    cents_lost: int | None


@dataclass(frozen=True, slots=True)
class PromiseHeld:
    """A promise that held on some day of the period, from its first day on."""

    customer: str
    first_day: date
    target: float
    time_zone: str


@dataclass(frozen=True, slots=True)
class PromiseChanged:
    """What was promised for days of the period, and was changed after they had begun.

    target_after   None: nothing is promised for them any more
    """

    customer: str
    first_day: date
    last_day: date
    target_before: float
    zone_before: str
    target_after: float | None
    zone_after: str
    reason: str
    changed_by: str
    changed_at: AwareDatetime

    @property
    def words(self) -> str:
        """Return it as a sentence."""
        first = "the beginning" if self.first_day == BEGINNING else f"{self.first_day}"
        after = "nothing"
        if self.target_after is not None:
            after = f"{self.target_after:.2%} in {self.zone_after}"
        return (
            f"What {self.customer} is promised for the days from {first} to {self.last_day} was "
            f"changed on {self.changed_at:%Y-%m-%d} by {self.changed_by}, from "
            f"{self.target_before:.2%} in {self.zone_before} to {after}: {self.reason}"
        )


@dataclass(frozen=True, slots=True)
class Excluded:
    """What one exclusion took out of what counts; `end` None: it lasts; cause "": every cause."""

    customer: str
    start: AwareDatetime
    end: AwareDatetime | None
    cause: str
    reason: str
    seconds: int


@dataclass(frozen=True, slots=True)
class OutageLengths:
    """Lengths of outages in hours; an outage that lasts counts with its length so far."""

    p50: float | None
    mean: float | None
    p90: float | None
    p95: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class KnownMean:
    """A mean over those outages that carry the fact; None when none does."""

    hours_mean: float | None
    known: int
    outages: int


@dataclass(frozen=True, slots=True)
class Concentration:
    """What the worst tenth of the nodes (rounded up) hold, ranked for each share on its own."""

    nodes: int
    outage_share: float | None
    downtime_share: float | None


@dataclass(frozen=True, slots=True)
class SlaReport:
    """What was promised, what was delivered, what broke, and what it cost.

    start, end              the period; sums of time and days cover its complete local days,
                            each customer's by the clocks that count its days
    target                  the one that held on all days with a promise; None: several, or none
    nodes                   nodes on the books (customer: held) in those days
    availability            served / (served + downtime); planned work stands apart
    planned_over_outage_s   planned work on nodes that were out, unplanned, before it began
    availability_if_counted   availability with that time counted as downtime
    downtime_s              node-seconds lost, by the share of each node's GPUs
    downtime_gpu_s          GPU-seconds lost, exact: what the lines lost sums to it
    excluded_s              downtime that does not count against a promise, told in `excluded`
    availability_after_exclusions   availability with that left out of what counts
    days_below_target       of days with a target; None: there is none
    headline                one line per customer in scope
    unheld                  the line of the time that nobody held; None of a customer, or no time
    promises_changed        what was changed of promises for its days after they had begun
    customer_days*          sums over the headline: all sums are sums of the lines
    customer_days_unpromised   days that are known, and for which nothing was promised
    outages                 that touch the period; outages_started began inside it
    gpus_lost               GPUs' worth of capacity that downtime cost: GPU-hours down / hours
    mtbf_node_days          node-days of the whole period per outage that began in it
    downtime_share_over_7d  share of downtime in outages longer than 7 days (whole length)
    relapse_*               share of the outages that began, within that time of the return
    cents_lost              lost GPU-hours x the price that held; price_note states it. None: a
                            part of it has no price, or none is stated
    limits                  in words, to be shown wherever the figures are
    """

    customer: str | None
    site: str | None
    start: AwareDatetime
    end: AwareDatetime
    time_zone: str
    target: float | None
    promises: tuple[PromiseHeld, ...]
    promises_changed: tuple[PromiseChanged, ...]
    nodes: int
    gpus: int
    days: tuple[ReportDay, ...]
    seconds: Mapping[LedgerClass, int]
    gpu_seconds: Mapping[LedgerClass, int]
    availability: float | None
    planned_over_outage_s: int
    availability_if_counted: float | None
    excluded_s: int
    availability_after_exclusions: float | None
    excluded: tuple[Excluded, ...]
    gpus_lost: float | None
    days_known: int
    days_below_target: int | None
    worst_day: float | None
    worst_day_on: date | None
    median_day: float | None
    headline: tuple[CustomerDays, ...]
    unheld: CustomerDays | None
    customer_days: int
    customer_days_at_target: int
    customer_days_unpromised: int
    outages: int
    outages_started: int
    outages_open: int
    downtime_s: int
    downtime_gpu_s: int
    by_cause: tuple[CauseShare, ...]
    unknown_cause_share: float | None
    outage_hours: OutageLengths
    outages_over_7d_share: float | None
    downtime_share_over_7d: float | None
    mtbf_node_days: float | None
    time_to_detect: KnownMean
    time_to_repair: KnownMean
    relapse_24h: float | None
    relapse_7d: float | None
    relapse_28d: float | None
    concentration: Concentration
    cents_lost: int | None
    price_note: str
    longest: tuple[OutageRecord, ...]
    limits: str


def beside_availability(report: SlaReport) -> tuple[str, ...]:
    """Return, in words, what the availability would be by other rules, where they differ."""
    said = []
    if report.planned_over_outage_s:
        said.append(
            f"{_share(report.availability_if_counted)} with {_hours(report.planned_over_outage_s)} "
            "of planned work over outages that began before it"
        )
    if report.excluded_s:
        said.append(
            f"{_share(report.availability_after_exclusions)} without {_hours(report.excluded_s)} "
            "of downtime that does not count"
        )
    return tuple(said)


def _share(value: float | None) -> str:
    return "unknown" if value is None else percent(value)


def _hours(seconds: int) -> str:
    return f"{seconds / HOUR_S:,.1f} node-hours"
