"""Reads what stands of the nodes that a page speaks of, and writes what the page made of it.

What is read grows with the page, never with the history: each question is answered by an index.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, Max, OuterRef, Q, Subquery

from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.engine.observed_nodes import Hold, ObservedNode, Phase, Stay
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.operations.import_runs import disturb
from scuderia.loop.operations.bulk_writes import insert_rows, update_rows


def load_nodes(ids: Mapping[str, int], span: tuple[int, int]) -> dict[str, ObservedNode]:
    """Return what stands of the nodes, for words that fall in the seconds [first, last]."""
    nodes = {node_id: ObservedNode(name) for name, node_id in ids.items()}
    _load_stays(nodes)
    _load_holds(nodes, span[0])
    _load_returns(nodes, span)
    return {node.name: node for node in nodes.values()}


def _load_stays(nodes: Mapping[int, ObservedNode]) -> None:
    lasting = Outage.objects.filter(node__among=nodes, end__isnull=True)
    keys: dict[int, str] = {}
    for row, node, key, start, cause, planned in lasting.values_list(
        "id", "node_id", "source_key", "start", "cause", "planned"
    ):
        nodes[node].stay = Stay(key, seconds_of(start), None, cause, planned, row)
        keys[row] = key
    phases = Repair.objects.filter(outage__among=keys, end__isnull=True)
    for row, outage, node, state, start in phases.values_list(
        "id", "outage_id", "outage__node_id", "state", "start"
    ):
        nodes[node].phase = Phase(keys[outage], NodeState(state), seconds_of(start), None, row)


def _load_holds(nodes: Mapping[int, ObservedNode], first: int) -> None:
    holds = Allocation.objects.filter(node__among=nodes)
    for row, node, customer, start in holds.filter(end__isnull=True).values_list(
        "id", "node_id", "customer__name", "start"
    ):
        nodes[node].hold = Hold(customer, seconds_of(start), None, row)
    ended = holds.filter(end__gt=instant_of(first)).values_list("node_id").annotate(last=Max("end"))
    for node, last in ended:
        nodes[node].held_until = seconds_of(last) if last is not None else 0


def _load_returns(nodes: Mapping[int, ObservedNode], span: tuple[int, int]) -> None:
    first, last = map(instant_of, span)
    faults = Outage.objects.filter(planned=False)
    before = faults.filter(node=OuterRef("pk"), end__lte=first).order_by("-end").values("end")[:1]
    for node, end in Node.objects.filter(pk__among=nodes).values_list("pk", Subquery(before)):
        if end is not None:
            nodes[node].returns.append(seconds_of(end))
    within = faults.filter(node__among=nodes, end__gt=first, end__lte=last)
    for node, end in within.values_list("node_id", "end"):
        if end is not None:
            nodes[node].returns.append(seconds_of(end))


def taken_keys(keys: Iterable[str]) -> set[str]:
    """Return those that are on the books, or were taken off them for good."""
    asked = list(keys)
    booked = Outage.objects.filter(source_key__among=asked)
    gone = OutageAmendment.objects.filter(source_key__among=asked, after__isnull=True)
    columns = (rows.values_list("source_key", flat=True) for rows in (booked, gone))
    return set().union(*columns)


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
    rows = model.objects.filter(name__among=dict.fromkeys(names))
    return dict(rows.values_list("name", "id"))


def _end(model: type[Any], rows: Iterable[Stay | Phase | Hold]) -> None:
    ended = ((row.end, row.id) for row in rows if row.id is not None and row.end is not None)
    update_rows(model, "end", ended)


def _begin_stays(stays: Iterable[tuple[int, Stay]], phases: Iterable[Phase]) -> None:
    insert_rows(
        Outage,
        ("node", "start", "end", "cause", "planned", "source_key", "version"),
        (
            (node, row.start, row.end, row.cause, row.planned, row.key, 0)
            for node, row in stays
            if row.id is None
        ),
    )
    fresh = [row for row in phases if row.id is None]
    ids = {row.key: row.id for _, row in stays if row.id is not None}
    ids |= _stays_of({row.stay for row in fresh} - ids.keys())
    insert_rows(
        Repair,
        ("outage", "state", "start", "end"),
        ((ids[row.stay], row.state.value, row.start, row.end) for row in fresh),
    )


def _stays_of(keys: Iterable[str]) -> dict[str, int]:
    rows = Outage.objects.filter(source_key__among=keys)
    return dict(rows.values_list("source_key", "id"))


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
