"""The JSON shapes of the fleet: nodes, outages, customers and reports."""

from datetime import date, datetime

from ninja import Schema

from scuderia.fleet.nouns import LedgerClass, NodeState
from scuderia.fleet.queries.outages import OpenOutage


class PlaceOut(Schema):
    """Where a node stands."""

    node: str
    site: str
    cluster: str
    rack: str
    sku: str


class NodeOut(Schema):
    """One node as it stands."""

    place: PlaceOut
    gpus: int
    state: NodeState
    customer: str | None
    spare: bool
    since: datetime | None
    cause: str
    planned: bool
    observed_at: datetime | None


class NodesOut(Schema):
    """A page of nodes in order of place; pass `next_offset` back for more."""

    as_of: datetime
    total: int
    by_state: dict[NodeState, int]
    items: list[NodeOut]
    next_offset: int | None


class OutageOut(Schema):
    """One stay out of service."""

    node: str
    start: datetime
    end: datetime | None
    cause: str
    planned: bool
    source_key: str


class PhaseOut(Schema):
    """Part of an outage."""

    state: NodeState
    start: datetime
    end: datetime | None


class HoldOut(Schema):
    """A customer holds the node."""

    customer: str
    start: datetime
    end: datetime | None


class TimelineOut(Schema):
    """What happened to one node."""

    place: PlaceOut
    start: datetime
    end: datetime
    outages_total: int
    outages: list[OutageOut]
    phases: list[PhaseOut]
    allocations: list[HoldOut]


class CustomerOut(Schema):
    """A customer and its promise."""

    name: str
    target: float | None
    time_zone: str
    nodes_held: int


class OpenOutageOut(Schema):
    """An outage that lasts; `phase` null means that nobody said."""

    place: PlaceOut
    gpus: int
    start: datetime
    age_s: int
    cause: str
    planned: bool
    customer: str | None
    phase: NodeState | None
    phase_since: datetime | None
    outages_28d: int

    @staticmethod
    def resolve_age_s(outage: OpenOutage) -> int:
        """Return the age in whole seconds."""
        return int(outage.age.total_seconds())


class SparePoolOut(Schema):
    """A cluster's spares: how many it is meant to keep, how many stand ready."""

    cluster: str
    site: str
    target_size: int
    ready: int


class CauseOut(Schema):
    """Downtime under one cause."""

    cause: str
    outages: int
    downtime_s: int
    share: float


class HeadlineOut(Schema):
    """On how many of its days a customer got what it was promised."""

    customer: str
    target: float
    time_zone: str
    nodes: int
    availability: float | None
    days_known: int
    days_at_target: int
    worst_day: float | None
    downtime_s: int
    cents_lost: int


class DayOut(Schema):
    """One day of the ledger."""

    day: date
    length_s: int
    seconds: dict[LedgerClass, int]
    availability: float | None


class NodeSecondsOut(Schema):
    """One node's seconds by class."""

    node: str
    seconds: dict[LedgerClass, int]


class LedgerOut(Schema):
    """Every node-second of a period in exactly one class; `items` is one page of the nodes."""

    customer: str | None
    start: datetime
    end: datetime
    time_zone: str
    nodes: int
    seconds: dict[LedgerClass, int]
    days: list[DayOut]
    items: list[NodeSecondsOut]
    next_offset: int | None


class LengthsOut(Schema):
    """Lengths of outages in hours."""

    p50: float | None
    mean: float | None
    p90: float | None
    p95: float | None
    max: float | None


class KnownOut(Schema):
    """A mean over those outages that carry the fact."""

    hours_mean: float | None
    known: int
    outages: int


class ConcentrationOut(Schema):
    """What the worst tenth of the nodes hold."""

    nodes: int
    outage_share: float | None
    downtime_share: float | None


class ReportOut(Schema):
    """The SLA report of a period; null is unknown, never zero."""

    customer: str | None
    start: datetime
    end: datetime
    time_zone: str
    target: float
    nodes: int
    gpus: int
    days: list[DayOut]
    seconds: dict[LedgerClass, int]
    availability: float | None
    days_known: int
    days_below_target: int
    worst_day: float | None
    worst_day_on: date | None
    median_day: float | None
    headline: list[HeadlineOut]
    customer_days: int
    customer_days_at_target: int
    outages: int
    outages_started: int
    outages_open: int
    downtime_s: int
    by_cause: list[CauseOut]
    unknown_cause_share: float | None
    outage_hours: LengthsOut
    outages_over_7d_share: float | None
    downtime_share_over_7d: float | None
    mtbf_node_days: float | None
    time_to_detect: KnownOut
    time_to_repair: KnownOut
    relapse_24h: float | None
    relapse_7d: float | None
    relapse_28d: float | None
    concentration: ConcentrationOut
    cents_lost: int
    price_note: str
    longest: list[OutageOut]
    limits: str
