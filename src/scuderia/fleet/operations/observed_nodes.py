"""Reads what stands of the nodes that a page speaks of, and writes what the page made of it.

What is read grows with the page, never with the history: each question is answered by an index.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery

from scuderia.fleet.engine.facts import indices_of, indices_text, seconds_of
from scuderia.fleet.engine.observed_nodes import Hold, ObservedNode, Phase, Stay
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import GpuShare, NodeState, Severity
from scuderia.fleet.operations.import_runs import disturb
from scuderia.loop.operations.bulk_writes import insert_rows, update_rows
from scuderia.loop.queries.questions import Question

_STAYS = Question(
    lambda nodes: Outage.objects.filter(node__among=nodes, end__isnull=True).values_list(
        "id",
        "node_id",
        "source_key",
        "start",
        "cause",
        "planned",
        "gpus_lost",
        "gpu_indices",
        "severity",
    )
)
_PHASES = Question(
    lambda stays: Repair.objects.filter(outage__among=stays, end__isnull=True).values_list(
        "id", "outage_id", "state", "start"
    )
)
_HOLDS = Question(
    lambda nodes: Allocation.objects.filter(node__among=nodes, end__isnull=True).values_list(
        "id", "node_id", "customer__name", "start"
    )
)
_HELD_UNTIL = Question(
    lambda nodes, first: (
        Allocation.objects.filter(node__among=nodes, end__gt=first)
        .values_list("node_id")
        .annotate(last=Max("end"))
    )
)
_RETURNED = Question(
    lambda nodes, first: Node.objects.filter(pk__among=nodes).values_list(
        "pk",
        Subquery(
            _faults().filter(node=OuterRef("pk"), end__lte=first)
            .order_by("-end")
            .values("end")[:1]
        ),
    )
)  # fmt: skip
_RETURNS = Question(
    lambda nodes, first, last: (
        _faults()
        .filter(node__among=nodes, end__gt=first, end__lte=last)
        .values_list("node_id", "end")
    )
)
_BOOKED = Question(
    lambda keys: Outage.objects.filter(source_key__among=keys).values_list("source_key", "id")
)
_TAKEN_OFF = Question(
    lambda keys: OutageAmendment.objects.filter(
        source_key__among=keys, after__isnull=True
    ).values_list("source_key")
)


def _named(model: type[Any]) -> Question:
    return Question(lambda names: model.objects.filter(name__among=names).values_list("name", "id"))


_NAMED = {model: _named(model) for model in (Node, Customer)}


def _faults() -> QuerySet[Outage]:
    return Outage.objects.filter(planned=False)


def load_nodes(ids: Mapping[str, int], span: tuple[int, int]) -> dict[str, ObservedNode]:
    """Return what stands of the nodes, for words that fall in the seconds [first, last]."""
    nodes = {node_id: ObservedNode(name) for name, node_id in ids.items()}
    _load_stays(nodes)
    _load_holds(nodes, span[0])
    _load_returns(nodes, span)
    return {node.name: node for node in nodes.values()}


def _load_stays(nodes: Mapping[int, ObservedNode]) -> None:
    lasting: dict[int, ObservedNode] = {}
    for row, node, key, start, cause, planned, gpus, indices, severity in _STAYS.rows(nodes):
        share = GpuShare(gpus, indices_of(indices))
        nodes[node].stay = Stay(
            key, start, None, cause, bool(planned), row, share, Severity(severity)
        )
        lasting[row] = nodes[node]
    for row, outage, state, start in _PHASES.rows(lasting) if lasting else ():
        stay = lasting[outage].stay
        if stay is not None:
            lasting[outage].phase = Phase(stay.key, NodeState(state), start, None, row)


def _load_holds(nodes: Mapping[int, ObservedNode], first: int) -> None:
    for row, node, customer, start in _HOLDS.rows(nodes):
        nodes[node].hold = Hold(customer, start, None, row)
    for node, last in _HELD_UNTIL.rows(nodes, first):
        nodes[node].held_until = last


def _load_returns(nodes: Mapping[int, ObservedNode], span: tuple[int, int]) -> None:
    for node, end in _RETURNED.rows(nodes, span[0]):
        if end is not None:
            nodes[node].returns.append(end)
    if span[0] < span[1]:
        for node, end in _RETURNS.rows(nodes, *span):
            nodes[node].returns.append(end)


def taken_keys(keys: Iterable[str]) -> set[str]:
    """Return those that are on the books, or were taken off them for good."""
    asked = list(keys)
    return {key for question in (_BOOKED, _TAKEN_OFF) for key, *_ in question.rows(asked)}


def write_nodes(nodes: Iterable[ObservedNode], ids: Mapping[str, int]) -> None:
    """Write every row that changed; what ends is written before what begins.

    ids   the nodes' rows, by name
    """
    changed = [(node, *node.changed()) for node in nodes]
    stays = [(ids[node.name], row) for node, rows, _, _ in changed for row in rows]
    phases = [row for _, _, rows, _ in changed for row in rows]
    holds = [(ids[node.name], row) for node, _, _, rows in changed for row in rows]
    disturb([row.id for _, row in stays if row.id is not None])
    _end(Repair, phases)
    _end(Outage, [row for _, row in stays])
    _end(Allocation, [row for _, row in holds])
    _begin_stays(stays, phases)
    _begin_holds([(node, row) for node, row in holds if row.id is None])


def row_ids(model: type[Any], names: Iterable[str]) -> dict[str, int]:
    """Return the rows of those names: name -> id."""
    asked = list(dict.fromkeys(names))
    return dict(_NAMED[model].rows(asked)) if asked else {}


def _end(model: type[Any], rows: Iterable[Stay | Phase | Hold]) -> None:
    ended = ((row.end, row.id) for row in rows if row.id is not None and row.end is not None)
    update_rows(model, "end", ended)


def _begin_stays(stays: Iterable[tuple[int, Stay]], phases: Iterable[Phase]) -> None:
    insert_rows(
        Outage,
        (
            *("node", "start", "end", "cause", "planned", "source_key", "version"),
            *("gpus_lost", "gpu_indices", "severity"),
        ),
        (
            (
                *(node, row.start, row.end, row.cause, row.planned, row.key, 0),
                *(row.share.gpus, indices_text(row.share.indices), row.severity.value),
            )
            for node, row in stays
            if row.id is None
        ),
    )
    fresh = [row for row in phases if row.id is None]
    ids = {row.key: row.id for _, row in stays if row.id is not None}
    if begun := {row.stay for row in fresh} - ids.keys():
        ids |= dict(_BOOKED.rows(begun))
    insert_rows(
        Repair,
        ("outage", "state", "start", "end"),
        ((ids[row.stay], row.state.value, row.start, row.end) for row in fresh),
    )


def _begin_holds(holds: list[tuple[int, Hold]]) -> None:
    """Book the holds; one that lasted no second gives way to the one that begins in it."""
    if not holds:
        return
    begun = {(node, row.start) for node, row in holds}
    same = Allocation.objects.filter(Q(start=F("end")), node__in={node for node, _ in begun})
    empty = [
        pk
        for pk, node, start in same.values_list("pk", "node_id", "start")
        if (node, seconds_of(start)) in begun
    ]
    Allocation.objects.filter(pk__in=empty).delete()
    customers = row_ids(Customer, [row.customer for _, row in holds])
    insert_rows(
        Allocation,
        ("node", "customer", "start", "end"),
        ((node, customers[row.customer], row.start, row.end) for node, row in holds),
    )
