"""The raw facts that every figure is rebuilt from, in whole Unix seconds; and their merging."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import LedgerClass, NodeName, OutageRecord, Severity

_WHOLE_NODE_COLUMNS = 7


class NodeFact(NamedTuple):
    """A node on the books over [active_from, active_to)."""

    name: str
    site: str
    gpus: int
    sku: str
    active_from: int
    active_to: int | None


class SlaFact(NamedTuple):
    """What is promised a day from an ISO day on, whose days the IANA zone counts."""

    first_day: str
    target: float
    time_zone: str


class PriceFact(NamedTuple):
    """US cents per GPU-hour of a node type from an ISO day on; 0 states none from then on."""

    sku: str
    first_day: str
    cents_per_gpu_hour: int


class ExclusionFact(NamedTuple):
    """Downtime of [start, end) that does not count against the promise; end None: it lasts.

    cause   only of outages with such a cause; "" of all
    """

    start: int
    end: int | None
    cause: str
    reason: str


class PromiseChangeFact(NamedTuple):
    """What was promised otherwise for the ISO days [first_day, last_day]; it changes no figure.

    target_after   None: nothing is promised for them any more
    """

    first_day: str
    last_day: str
    target_before: float
    zone_before: str
    target_after: float | None
    zone_after: str
    reason: str
    changed_by: str
    changed_at: int


class CustomerFact(NamedTuple):
    """A customer: what it was promised, by first day; its own prices; what does not count.

    changes   what of its promises was changed for days that had begun, the oldest first
    """

    name: str
    slas: tuple[SlaFact, ...] = ()
    prices: tuple[PriceFact, ...] = ()
    exclusions: tuple[ExclusionFact, ...] = ()
    changes: tuple[PromiseChangeFact, ...] = ()


class OutageFact(NamedTuple):
    """A stay out of service; `node` is an index into FleetFacts.nodes.

    gpus_lost     how many of the node's GPUs it takes; None: the whole node
    gpu_indices   which ones, rising from 0, where the source names them
    severity      what its source calls it; it changes no figure
    """

    node: int
    start: int
    end: int | None
    detected: int | None
    cause: str
    planned: bool
    source_key: str
    gpus_lost: int | None = None
    gpu_indices: tuple[int, ...] = ()
    severity: Severity = Severity.UNKNOWN


class PhaseFact(NamedTuple):
    """A repair phase; `kind` is WAITING_PARTS, IN_REPAIR or VALIDATING."""

    node: int
    kind: LedgerClass
    start: int
    end: int | None


class HoldFact(NamedTuple):
    """A customer holds a node; both are indexes."""

    node: int
    customer: int
    start: int
    end: int | None


class AmendmentFact(NamedTuple):
    """What was corrected of an outage; it changes no figure, and tells how the books came to be.

    before, after   start, end, cause and planned as JSON; after "" where it was retracted
    """

    node: int
    source_key: str
    amended_at: int
    amended_by: str
    reason: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FleetFacts:
    """Everything a period's figures depend on: all facts that begin before its end.

    amendments   what was corrected of these outages; loaded for the evidence packet alone
    prices       of the node types
    """

    nodes: Sequence[NodeFact]
    customers: Sequence[CustomerFact]
    outages: Sequence[OutageFact]
    phases: Sequence[PhaseFact]
    holds: Sequence[HoldFact]
    amendments: Sequence[AmendmentFact] = ()
    prices: Sequence[PriceFact] = ()


_MAY_BE_MISSING = frozenset({"amendments", "prices"})


def rows_of(facts: FleetFacts) -> dict[str, list[list[object]]]:
    """Return the rows of every part; no amendments and no prices leave no trace.

    Nor does what an outage says of its share, where it says nothing.
    """
    return {
        part.name: [_row_of(row) for row in getattr(facts, part.name)]
        for part in fields(facts)
        if part.name not in _MAY_BE_MISSING or getattr(facts, part.name)
    }


def _row_of(fact: tuple[object, ...]) -> list[object]:
    if isinstance(fact, CustomerFact) and not fact.changes:
        return list(fact[:-1])
    if not isinstance(fact, OutageFact):
        return list(fact)
    said: list[object] = [*fact[:_WHOLE_NODE_COLUMNS]]
    if fact.gpus_lost is None and not fact.severity:
        return said
    return [*said, fact.gpus_lost, list(fact.gpu_indices), fact.severity.value]


def read_rows(rows: Mapping[str, Sequence[Sequence[Any]]]) -> FleetFacts:
    """Return the facts whose `rows_of` these are.

    raises   KeyError, TypeError, ValueError, IndexError: they are of no facts
    """
    return FleetFacts(
        nodes=[NodeFact(*row) for row in rows["nodes"]],
        customers=[_read_customer(*row) for row in rows["customers"]],
        outages=[_outage_of(row) for row in rows["outages"]],
        phases=[PhaseFact(row[0], LedgerClass(row[1]), row[2], row[3]) for row in rows["phases"]],
        holds=[HoldFact(*row) for row in rows["holds"]],
        amendments=[AmendmentFact(*row) for row in rows.get("amendments", [])],
        prices=[PriceFact(*row) for row in rows.get("prices", [])],
    )


def _read_customer(
    name: str,
    slas: Sequence[Sequence[Any]],
    prices: Sequence[Sequence[Any]],
    exclusions: Sequence[Sequence[Any]],
    changes: Sequence[Sequence[Any]] = (),
) -> CustomerFact:
    return CustomerFact(
        name,
        tuple(SlaFact(*row) for row in slas),
        tuple(PriceFact(*row) for row in prices),
        tuple(ExclusionFact(*row) for row in exclusions),
        tuple(PromiseChangeFact(*row) for row in changes),
    )


def _outage_of(row: Sequence[Any]) -> OutageFact:
    said, share = row[:_WHOLE_NODE_COLUMNS], row[_WHOLE_NODE_COLUMNS:]
    if not share:
        return OutageFact(*said)
    gpus_lost, indices, severity = share
    whole = OutageFact(*said)
    return whole._replace(
        gpus_lost=gpus_lost,
        gpu_indices=tuple(map(int, indices)),
        severity=Severity(severity),
    )


WITHHELD = "(withheld: it speaks of another customer)"


def narrowed(facts: FleetFacts, customer: str, *, start: int, end: int) -> FleetFacts:
    """Return only what one customer may see of [start, end): the nodes it held, and its holds.

    Those nodes keep their whole history of outages, since a relapse looks back; no other
    customer's name or hold remains.
    """
    mine = next(row for row, entry in enumerate(facts.customers) if entry.name == customer)
    held = {
        hold.node
        for hold in facts.holds
        if hold.customer == mine and hold.start < end and (hold.end is None or hold.end > start)
    }
    row_of = {old: new for new, old in enumerate(sorted(held))}
    others = [entry.name for row, entry in enumerate(facts.customers) if row != mine]
    nodes = [facts.nodes[old] for old in sorted(held)]
    skus = {node.sku for node in nodes}
    return FleetFacts(
        nodes=nodes,
        customers=[_discreet_customer(facts.customers[mine], others)],
        outages=[f._replace(node=row_of[f.node]) for f in facts.outages if f.node in held],
        phases=[f._replace(node=row_of[f.node]) for f in facts.phases if f.node in held],
        holds=[
            fact._replace(node=row_of[fact.node], customer=0)
            for fact in facts.holds
            if fact.customer == mine and fact.node in held
        ],
        amendments=[
            fact._replace(node=row_of[fact.node], reason=_discreet(fact.reason, others))
            for fact in facts.amendments
            if fact.node in held
        ],
        prices=[price for price in facts.prices if price.sku in skus],
    )


def _discreet_customer(customer: CustomerFact, others: Sequence[str]) -> CustomerFact:
    told = [fact._replace(reason=_discreet(fact.reason, others)) for fact in customer.exclusions]
    changed = [fact._replace(reason=_discreet(fact.reason, others)) for fact in customer.changes]
    return customer._replace(exclusions=tuple(told), changes=tuple(changed))


def _discreet(reason: str, others: Iterable[str]) -> str:
    """Return a person's words, or none of them where they name another customer."""
    words = reason.lower()
    return WITHHELD if any(name.lower() in words for name in others) else reason


def merge_outages(outages: Iterable[OutageFact]) -> list[OutageFact]:
    """Return one outage for each run of overlapping or touching reports of a node, by start.

    The cause is the first that any of them names; planned work merges only with planned work. Its
    GPUs are all that they name, or the most that one of them counts; one that takes the whole node
    makes it the whole node.
    """
    merged: list[OutageFact] = []
    last: dict[tuple[int, bool], int] = {}
    for fact in sorted(outages, key=_order):
        place = last.get((fact.node, fact.planned))
        if place is not None and _reaches(merged[place], fact.start):
            merged[place] = _joined(merged[place], fact)
        else:
            last[fact.node, fact.planned] = len(merged)
            merged.append(fact)
    return merged


@lru_cache(maxsize=4096)
def indices_of(text: str) -> tuple[int, ...]:
    """Return the GPUs of a list such as "0,3", as the tables keep it."""
    return tuple(int(part) for part in text.split(",")) if text else ()


def indices_text(indices: Iterable[int]) -> str:
    """Return GPUs as the tables keep them: "0,3"."""
    return ",".join(str(index) for index in sorted({*indices}))


def seconds_of(at: AwareDatetime) -> int:
    """Return the whole Unix second that `at` falls in."""
    return int(at.timestamp() // 1)


def instant_of(second: int) -> AwareDatetime:
    """Return the instant of a Unix second, in UTC."""
    return datetime.fromtimestamp(second, UTC)


def as_record(fact: OutageFact, nodes: Sequence[NodeFact]) -> OutageRecord:
    """Return the fact in the room's words."""
    return OutageRecord(
        node=NodeName(nodes[fact.node].name),
        start=instant_of(fact.start),
        end=None if fact.end is None else instant_of(fact.end),
        cause=fact.cause,
        planned=fact.planned,
        source_key=fact.source_key,
        gpus_lost=fact.gpus_lost,
        gpu_indices=fact.gpu_indices,
        severity=fact.severity,
    )


def _order(fact: OutageFact) -> tuple[int, bool, int, str]:
    return (fact.start, fact.end is None, fact.end or 0, fact.source_key)


def _reaches(earlier: OutageFact, start: int) -> bool:
    return earlier.end is None or start <= earlier.end


def _joined(first: OutageFact, second: OutageFact) -> OutageFact:
    ends = None if first.end is None or second.end is None else max(first.end, second.end)
    seen = [at for at in (first.detected, second.detected) if at is not None]
    both = (first, second)
    indices = tuple(sorted({*first.gpu_indices, *second.gpu_indices}))
    lost = None
    if first.gpus_lost is not None and second.gpus_lost is not None:
        lost = max(len(indices), first.gpus_lost, second.gpus_lost)
    return first._replace(
        end=ends,
        detected=min(seen, default=None),
        cause=second.cause if is_unknown(first.cause) else first.cause,
        gpus_lost=lost,
        gpu_indices=indices if lost == len(indices) else (),
        severity=max((fact.severity for fact in both), key=_HARDNESS.index),
    )


_HARDNESS = (Severity.UNKNOWN, Severity.DEGRADED, Severity.DOWN)


UNKNOWN_CAUSES = frozenset(
    {
        "", "na", "none", "null", "nil", "nan", "undefined", "unk", "other", "others", "tbd",
        "tba", "tobedetermined", "undetermined", "notdetermined", "indeterminate", "unspecified",
        "notspecified", "notknown", "notstated", "notgiven", "notset", "notavailable", "missing",
        "unidentified", "unclear", "nocause", "nocausegiven", "noreason", "noreasongiven",
    }
)  # fmt: skip
"""Words for not knowing, in small letters and digits alone: "n/a", "#N/A" and "N.A." are "na"."""
_SIGNS = re.compile(r"[\W_]+")
_PARTS = re.compile(r"(?<!\bn)/|/(?!a\b)", re.IGNORECASE)  # "N/A" is no path


@lru_cache(maxsize=4096)
def is_unknown(cause: str) -> bool:
    """Say whether the source gave no cause: nothing, signs alone, or a word for not knowing.

    The last part of a path such as "Other Failure / Unknown Error" decides, and "unknow" is
    enough: real sources spell it "GPU device unknow error". Case and signs mean nothing.
    """
    *_, last = _PARTS.split(cause)
    bare = {_SIGNS.sub("", text.lower()) for text in (cause, last)}
    return not bare.isdisjoint(UNKNOWN_CAUSES) or "unknow" in last.lower()
