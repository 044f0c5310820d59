"""What broke, when and why; how often it broke again."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import (
    BigIntegerField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.facts import (
    OutageFact,
    indices_of,
    instant_of,
    merge_outages,
    seconds_of,
)
from scuderia.fleet.engine.gpu_shares import gpus_taken_at_once
from scuderia.fleet.engine.outage_statistics import relapse_counts
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.columns import begun_before, lasting, still_at
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import (
    CustomerName,
    GpuShare,
    NodeName,
    NodePlace,
    NodeState,
    OutageRecord,
    Severity,
)
from scuderia.fleet.queries.access import readable_scopes, require_reach, within_reach
from scuderia.fleet.queries.facts import load_facts
from scuderia.fleet.queries.inventory import PLACE_COLUMNS
from scuderia.loop.queries.questions import Question

RECENT = timedelta(days=28)
_RECENT_S = int(RECENT.total_seconds())
KEY_CHARACTERS_MIN = 6
MATCHES_MAX = 20
_SEVERITIES = {one.value: one for one in Severity}
SHARE_COLUMNS = ("gpus_lost", "gpu_indices", "severity")
FOR_EVER = Value(2**62, output_field=BigIntegerField())
_SECOND_OF_START, _SECOND_OF_END = (
    ExpressionWrapper(F(column), output_field=BigIntegerField()) for column in ("start", "end")
)


@dataclass(frozen=True, slots=True)
class OpenOutage:
    """An outage that lasts, its age, and the repair phase it is in (None: nobody said).

    gpus        of its node; `gpus_lost` of them are out
    gpu_indices   which ones, from 0, where the source names them
    """

    place: NodePlace
    gpus: int
    start: AwareDatetime
    age: timedelta
    cause: str
    planned: bool
    customer: CustomerName | None
    phase: NodeState | None
    phase_since: AwareDatetime | None
    outages_28d: int
    gpus_lost: int
    gpu_indices: tuple[int, ...] = ()
    severity: Severity = Severity.UNKNOWN


@dataclass(frozen=True, slots=True)
class RelapseStats:
    """How many outages began soon after the node's return to service.

    outages   outages that began in the period: the denominator
    """

    outages: int
    within_24h: int
    within_7d: int
    within_28d: int

    def share(self, count: int) -> float | None:
        """Return count / outages; None (unknown) when nothing broke."""
        return count / self.outages if self.outages else None


def _stays(rows: QuerySet[Outage], at: AwareDatetime | int) -> QuerySet[Outage, Any]:
    found = lasting(rows, at).order_by("start", "id")
    return found.values_list("id", "node_id", "start", "cause", "planned", *SHARE_COLUMNS)


_NAMED = Question(lambda names: Node.objects.filter(name__among=names).values_list("name", "id"))
_STAYS = Question(lambda nodes, at: _stays(Outage.objects.filter(node__among=nodes), at))
_PLACES = Question(
    lambda nodes: Node.objects.filter(id__among=nodes).values_list(
        "id", "sku__gpus_per_node", "name", *PLACE_COLUMNS
    )
)
_HOLDERS = Question(
    lambda nodes, at: lasting(Allocation.objects.filter(node__among=nodes), at).values_list(
        "node_id", "customer__name"
    )
)
_PHASES = Question(
    lambda stays, at: (
        Repair.objects.filter(still_at(at), start__lte=at, outage__among=stays)
        .order_by("start", "id")
        .values_list("outage__node_id", "state", "start")
    )
)
_REACHING = Question(
    lambda nodes, since, before: begun_before(
        Outage.objects.filter(
            Q(end__isnull=True) | Q(end__gte=since), node__among=nodes
        ), before
    ).values_list(
        _SECOND_OF_START, "id", _SECOND_OF_END, "node_id", "cause", "planned", "source_key",
        *SHARE_COLUMNS,
    )
)  # fmt: skip


def open_outages(
    at: AwareDatetime, *, nodes: Collection[str] | None = None, counted: bool = True
) -> tuple[OpenOutage, ...]:
    """Return the outages that last at `at`, oldest first: of these nodes, or of all.

    What is read grows with the outages that last, never with those that are over.
    counted   ask for `outages_28d` too, which is 0 otherwise
    """
    second = seconds_of(at)
    if nodes is None:
        found = list(_stays(Outage.objects.all(), at))
    else:
        mine = [row_id for _, row_id in _NAMED.rows(list(nodes))]
        found = _STAYS.read(mine, second)
    ids = dict.fromkeys(node_id for _, node_id, *_ in found)
    where: dict[int, tuple[Any, ...]] = {}
    phases: dict[int, tuple[str, AwareDatetime]] = {}
    counts: Counter[int] = Counter()
    for node_id, *place in _PLACES.rows(ids):
        where[node_id] = tuple(place)
    holders = dict(_HOLDERS.rows(ids, second))
    if counted:
        recent = Outage.objects.filter(
            node__among=ids, start__gt=at - RECENT, start__lte=at, planned=False
        )
        counts.update(recent.values_list("node_id", flat=True))
    stays = [row_id for row_id, *_ in found]
    for node_id, state, since in _PHASES.read(stays, second):
        phases[node_id] = (state, since)
    return tuple(
        OpenOutage(
            place=NodePlace(NodeName(where[node_id][1]), *where[node_id][2:]),
            gpus=where[node_id][0],
            start=start,
            age=at - start,
            cause=cause,
            planned=planned,
            customer=CustomerName(holders[node_id]) if node_id in holders else None,
            phase=NodeState(phases[node_id][0]) if node_id in phases else None,
            phase_since=phases[node_id][1] if node_id in phases else None,
            outages_28d=counts[node_id],
            gpus_lost=gpus_taken_at_once([share_in(*share)], where[node_id][0]),
            gpu_indices=indices_of(share[1]),
            severity=Severity(share[2]),
        )
        for _, node_id, start, cause, planned, *share in found
    )


def share_in(count: int | None, indices: str, _severity: str = "") -> GpuShare:
    """Return the share that SHARE_COLUMNS hold."""
    return GpuShare(count, indices_of(indices))


def list_open_outages(actor: Actor, at: AwareDatetime) -> tuple[OpenOutage, ...]:
    """Return the outages within the actor's reach that last at `at`, oldest first."""
    scopes = readable_scopes(actor)
    return tuple(one for one in open_outages(at) if within_reach(one.place, one.customer, scopes))


def full_key(actor: Actor, text: str) -> str:
    """Return the key of the one outage within the actor's reach that bears it, or ends in it.

    raises   BadInput: too short, or more than one
             NotFound: none
    """
    found = list(
        Outage.objects.filter(Q(source_key=text) | Q(source_key__endswith=text))
        .order_by("source_key")
        .values_list("source_key", "node__name")[: MATCHES_MAX + 1]
    )
    exact = [row for row in found if row[0] == text]
    matches = exact or found
    if len(text) < KEY_CHARACTERS_MIN or not matches:
        raise NotFound(f"no outage's key ends in {text[:40]!r}")
    if len(matches) > 1:
        raise BadInput(
            f"{len(matches)} outages' keys end in {text[:40]!r}", remedy="Give more of the key."
        )
    key, node = matches[0]
    require_reach(actor, SubjectRef("node", node))
    return str(key)


def outages_between(
    start: AwareDatetime,
    end: AwareDatetime,
    *,
    customer: str | None = None,
    site: str | None = None,
    node: str | None = None,
    merged: bool = True,
) -> tuple[OutageRecord, ...]:
    """Return the outages that touch [start, end), by start, with their own full ends.

    customer   only those in which that customer held the node for a while
    merged     overlapping reports of one node become one outage; its cause is the first that
               any of them names, its source_key the earliest one's
    """
    rows = begun_before(Outage.objects.all(), end)
    name: F | Value = F("node__name") if node is None else Value(node)  # a join reads the past
    if site is not None:
        rows = rows.filter(node__rack__cluster__site__name=site)
    if node is not None:
        rows = rows.filter(node__in=Node.objects.filter(name=node))
    if customer is not None:
        rows = rows.filter(Exists(_holds_during(customer)))
    return _as_records(_reaching(rows, start, name), start, merged=merged)


def facts_by_node(
    nodes: Collection[str], start: AwareDatetime, end: AwareDatetime
) -> dict[str, list[OutageFact]]:
    """Return what `outages_between` returns of each of these nodes, asked for together.

    In whole seconds, as the books keep them; `node` is 0 in all of them.
    """
    names = {row_id: name for name, row_id in _NAMED.rows(nodes)}
    told = _reaching_each(names, seconds_of(start), seconds_of(end))
    return {name: [] for name in nodes} | {
        name: _as_facts(told[node], {}, start) for node, name in names.items()
    }


def _reaching_each(
    names: Mapping[int, str], start: int, end: int
) -> dict[int, list[tuple[Any, ...]]]:
    """Return what `_reaching` returns of each node that began before `end`, asked for together.

    Nodes whose outages reach about as far back are asked for at once, so that no node's past is
    read because of another's.
    """
    told: dict[int, list[tuple[Any, ...]]] = {node: [] for node in names}
    since, further = dict.fromkeys(names, start), {0: list(names)} if names else {}
    while further:
        mine = further.pop(min(further))
        for node in mine:
            told[node] = []
        until = min(since[node] for node in mine)
        reach = _REACHING.rows(mine, until, end)
        for begun, row_id, ended, node, *said in sorted(reach, key=lambda row: row[:2]):
            if ended is None or ended >= since[node]:
                told[node].append((begun, row_id, ended, names[node], *said))
        for node in mine:
            if told[node] and (first := told[node][0][0]) < since[node]:
                since[node] = first
                further.setdefault(((start - first) // _RECENT_S).bit_length(), []).append(node)
    return told


def _as_records(
    rows: Iterable[tuple[Any, ...]], start: AwareDatetime, *, merged: bool = True
) -> tuple[OutageRecord, ...]:
    names: dict[str, int] = {}
    found = _as_facts(rows, names, start, merged=merged)
    by_index = list(names)
    return tuple(
        OutageRecord(
            NodeName(by_index[fact.node]),
            instant_of(fact.start),
            None if fact.end is None else instant_of(fact.end),
            fact.cause,
            fact.planned,
            fact.source_key,
            fact.gpus_lost,
            fact.gpu_indices,
            fact.severity,
        )
        for fact in found
    )


def _as_facts(
    rows: Iterable[tuple[Any, ...]],
    names: dict[str, int],
    start: AwareDatetime,
    *,
    merged: bool = True,
) -> list[OutageFact]:
    """Return the rows as facts; `names` grows by the nodes, in the order of their indices."""
    facts = [
        OutageFact(
            names.setdefault(of, len(names)),
            begun,
            ended,
            None,
            cause,
            bool(planned),
            key,
            count,
            indices_of(indices),
            _SEVERITIES[severity],
        )
        for begun, _, ended, of, cause, planned, key, count, indices, severity in rows
    ]
    first = seconds_of(start)
    return [
        fact
        for fact in (merge_outages(facts) if merged else facts)
        if fact.end is None or fact.end > first or fact.start >= first
    ]


def _reaching(
    rows: QuerySet[Outage], start: AwareDatetime, name: F | Value
) -> list[tuple[Any, ...]]:
    """Return by start what lasts at `start` or begins later, and what touches that, and so on.

    So a merged outage is told whole, and what was over long before is not read. The order is made
    here: asked for it, the database would walk an index by the start, through the whole past.
    """
    columns = (
        _SECOND_OF_START, "id", _SECOND_OF_END, name, "cause", "planned", "source_key",
        *SHARE_COLUMNS,
    )  # fmt: skip
    since = seconds_of(start)
    while True:
        reach = rows.filter(Q(end__isnull=True) | Q(end__gte=instant_of(since))).values_list(
            *columns
        )
        told = sorted(reach, key=lambda row: row[:2])
        if not told or told[0][0] >= since:
            return told
        since = told[0][0]


def relapse_stats(
    start: AwareDatetime, end: AwareDatetime, *, site: str | None = None
) -> RelapseStats:
    """Return relapses after return among the unplanned outages that began in [start, end)."""
    facts = load_facts(before=seconds_of(end), after=seconds_of(end), site=site)
    merged = [fact for fact in merge_outages(facts.outages) if not fact.planned]
    outages, within = relapse_counts(merged, start=seconds_of(start), end=seconds_of(end))
    return RelapseStats(outages, *within)


def _holds_during(customer: str) -> QuerySet[Allocation]:
    """Return the customer's holds that share a second with the outer outage, or see its start."""
    overlaps = Q(end__isnull=True) | Q(end__gt=OuterRef("start"))
    begins = Q(start__lte=OuterRef("start")) | Q(start__lt=Coalesce(OuterRef("end"), FOR_EVER))
    return Allocation.objects.filter(
        overlaps, begins, customer__name=customer, node=OuterRef("node")
    )
