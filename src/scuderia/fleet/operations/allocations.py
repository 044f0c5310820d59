"""Lets customers hold nodes, and ends it: by what a source sees, by a person's word, by a file.

`open_allocation` and `close_allocation` leave the audit row to whoever calls.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from scuderia.basics.actors import Actor
from scuderia.basics.canonical import JsonValue
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.engine.allocation_rows import AllocationRow, Hold, ahead, overlapping
from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.operations.descriptions import (
    NAMES_AUDITED,
    Compared,
    audit_described,
    lock_named,
    may_describe,
    require_reason,
)
from scuderia.fleet.operations.inventory import find_customer, find_node
from scuderia.fleet.operations.outages import EndsBeforeStart, require_order
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.intake.records import Flaw
from scuderia.loop.operations.bulk_writes import insert_rows, update_rows


class NodeIsHeld(Refused):
    """One node serves one customer at a time."""

    code = "FLEET-007"
    remedy = "End the other customer's allocation before this one begins."


class NobodyHolds(Refused):
    """Nobody holds the node at that instant, so nothing was ended."""

    code = "FLEET-049"
    remedy = "See who held it when: `scuderia fleet allocations --node NODE`."


class _Held(Flaw):
    """What is held at the same time."""


@dataclass(frozen=True, slots=True)
class AllocationsMade:
    """What allocating came to."""

    added: int
    unchanged: int


@transaction.atomic
def open_allocation(*, node: str, customer: str, start: AwareDatetime) -> bool:
    """Let `customer` hold the node from `start`; False if it already does.

    raises   UnknownSubject, NodeIsHeld: by another customer, or by anyone after `start`
    """
    row, holder = find_node(node), find_customer(customer)
    held = Allocation.objects.filter(node=row, end__isnull=True).first()
    if held is not None and held.customer_id == holder.pk:
        return False
    later = Allocation.objects.filter(node=row).filter(Q(end__isnull=True) | Q(end__gt=start))
    if later.exists():
        raise NodeIsHeld(f"{node} is held by another customer at {start.isoformat()}")
    Allocation.objects.filter(node=row, start=start, end=start).delete()
    Allocation.objects.create(node=row, customer=holder, start=start)
    return True


@transaction.atomic
def close_allocation(*, node: str, end: AwareDatetime) -> bool:
    """End the node's open allocation; False if nobody holds it.

    raises   EndsBeforeStart
    """
    held = Allocation.objects.filter(node__name=node, end__isnull=True).first()
    if held is None:
        return False
    require_order(node, held.start, end)
    Allocation.objects.filter(pk=held.pk).update(end=end)
    return True


def compare_allocations(
    rows: Sequence[AllocationRow], *, now: AwareDatetime
) -> Compared[AllocationRow]:
    """Say what of the rows is new, known or otherwise, and what cannot stand; writes nothing."""
    names = {row.node for row in rows}
    nodes = {
        name: (seconds_of(begins), None if ends is None else seconds_of(ends))
        for name, begins, ends in Node.objects.filter(name__among=names).values_list(
            "name", "active_from", "active_to"
        )
    }
    customers = set(Customer.objects.values_list("name", flat=True))
    held = _holds_of(names)
    against: dict[Hashable, Flaw] = {}
    wanted: dict[str, dict[int, Hold]] = {}
    for row in rows:
        flaw = ahead(row.hold, seconds_of(now)) or _flaw_of(row, nodes, customers)
        if flaw is None:
            wanted.setdefault(row.node, {})[row.hold.start] = row.hold
        else:
            against[row.key] = flaw
    for node, holds in wanted.items():
        for start, met in overlapping(held.get(node, {}), holds).items():
            against[node, start] = _meets(node, met)
    known: dict[Hashable, AllocationRow] = {(node, hold.start): AllocationRow(node, hold)
             for node, holds in held.items() for hold in holds.values()}  # fmt: skip
    return Compared.of(rows, known, against)


def keep_allocations(compared: Compared[AllocationRow]) -> None:
    """Write what is new and what is amended, in the caller's transaction: ends before beginnings.

    A node has one allocation that lasts at any statement, so what is ended goes first.
    """
    rows = [*compared.added, *(row for row, _ in compared.amended)]
    nodes = dict(Node.objects.filter(name__among={r.node for r in rows}).values_list("name", "id"))
    customers = dict(Customer.objects.values_list("name", "id"))
    places = {
        (node, seconds_of(start)): row_id
        for row_id, node, start in Allocation.objects.filter(
            node__name__among={row.node for row, _ in compared.amended}
        ).values_list("id", "node__name", "start")
    }
    ends = [(row.hold.end, places[row.key]) for row, _ in compared.amended]
    update_rows(Allocation, "end", [one for one in ends if one[0] is not None])
    update_rows(Allocation, "end", [one for one in ends if one[0] is None])
    update_rows(
        Allocation,
        "customer",
        ((customers[row.hold.customer], places[row.key]) for row, _ in compared.amended),
    )
    insert_rows(
        Allocation,
        ("customer", "node", "start", "end"),
        (
            (customers[row.hold.customer], nodes[row.node], row.hold.start, row.hold.end)
            for row in compared.added
        ),
    )


@transaction.atomic
def allocate_nodes(
    *,
    actor: Actor,
    nodes: Sequence[str],
    customer: str,
    start: AwareDatetime,
    end: AwareDatetime | None,
    now: AwareDatetime,
    dry_run: bool = False,
) -> AllocationsMade:
    """Have the customer hold each of the nodes over [start, end); all of them or none.

    end      None: it lasts
    raises   NotAuthorised, NotFound, UnknownSubject: no such node or customer
             EndsBeforeStart; NodeIsHeld: by whom, and from when to when
             BadInput: an instant that has not come, or at which a node is not in service
    """
    may_describe(actor)
    holder = find_customer(customer)
    hold = Hold(holder.name, seconds_of(start), None if end is None else seconds_of(end))
    if hold.end is not None and hold.end <= hold.start:
        raise EndsBeforeStart(f"--to {end} does not lie after --from {start}")
    lock_named(Node.objects, nodes)
    found = compare_allocations([AllocationRow(node, hold) for node in nodes], now=now)
    for flaw in found.against.values():
        raise _refusal(flaw)
    for row, was in found.amended:
        before = was.hold
        if before.end != before.start:  # what never held anything gives way
            raise NodeIsHeld(
                f"{row.node} is held by {before.words}",
                remedy="End it with `scuderia fleet deallocate`, or bring a file of what was: "
                "`scuderia import allocations`.",
            )
    made = [row.node for row in (*found.added, *(row for row, _ in found.amended))]
    if made and not dry_run:
        keep_allocations(found)
        _audit("made", holder.name, made, hold, actor=actor, now=now)
    return AllocationsMade(len(made), found.unchanged)


@transaction.atomic
def deallocate_nodes(
    *,
    actor: Actor,
    nodes: Sequence[str],
    end: AwareDatetime,
    reason: str = "",
    now: AwareDatetime,
    dry_run: bool = False,
) -> int:
    """End, at `end`, what each of the nodes is held by then; returns how many were ended.

    What lasts is ended without further words. To end what had another end, or to end it at its
    very start, so that it never was, is a correction and wants a reason.
    raises   NotAuthorised, NotFound, UnknownSubject, ReasonMissing, BadInput: has not come yet
             NobodyHolds: one of them at that instant
    """
    may_describe(actor)
    at = seconds_of(end)
    if end > now:
        raise BadInput(
            f"--to {end.isoformat()} has not come yet", remedy="End it when it has come."
        )
    lock_named(Node.objects, nodes)
    known, held = set(_names_among(nodes)), _holds_of(nodes)
    ended: dict[tuple[str, int, int | None], list[str]] = {}
    for node in nodes:
        if node not in known:
            raise UnknownSubject(f"no node is named {node!r}")
        hold = _held_at(held.get(node, {}).values(), at)
        if hold is None:
            raise NobodyHolds(f"nobody holds {node} at {end.isoformat()}")
        if hold.end is not None or hold.start == at:
            require_reason(reason, f"{node}, held by {hold.words},")
        ended.setdefault((hold.customer, hold.start, hold.end), []).append(node)
    if not dry_run:
        for (customer, start, was), names in ended.items():
            rows = Allocation.objects.filter(node__name__among=names, start=instant_of(start))
            if start == at:
                rows.delete()
            else:
                rows.update(end=end)
            _audit(
                "ended", customer, names, Hold(customer, start, at),
                actor=actor, now=now, reason=reason, was=Hold(customer, start, was),
            )  # fmt: skip
    return sum(map(len, ended.values()))


def _names_among(nodes: Collection[str]) -> Iterable[str]:
    return Node.objects.filter(name__among=nodes).values_list("name", flat=True)


def _held_at(holds: Iterable[Hold], at: int) -> Hold | None:
    """Return the hold that an end at `at` changes: one that began by then and lasts beyond."""
    return next((h for h in holds if h.start <= at and (h.end is None or h.end > at)), None)


def _holds_of(nodes: Collection[str]) -> dict[str, dict[int, Hold]]:
    """Return what holds each of the nodes, or did, by its start."""
    held: dict[str, dict[int, Hold]] = {}
    rows = Allocation.objects.filter(node__name__among=nodes)
    for node, customer, start, end in rows.values_list(
        "node__name", "customer__name", "start", "end"
    ):
        hold = Hold(customer, seconds_of(start), None if end is None else seconds_of(end))
        held.setdefault(node, {})[hold.start] = hold
    return held


def _flaw_of(
    row: AllocationRow, nodes: Mapping[str, tuple[int, int | None]], customers: Collection[str]
) -> Flaw | None:
    if row.node not in nodes:
        said = f"no node {row.node!r} is on the books"
        return Flaw("node", said, "Check the name, or describe it: scuderia fleet node add.")
    if row.hold.customer not in customers:
        said = f"no customer {row.hold.customer!r} is on the books"
        return Flaw("customer", said, "Check the name, or add it: scuderia fleet customer add.")
    begins, ends = nodes[row.node]
    if row.hold.start < begins or (ends is not None and row.hold.start >= ends):
        field = "from"
    elif row.hold.end is not None and ends is not None and row.hold.end > ends:
        field = "to"
    else:
        return None
    until = "" if ends is None else f" to {instant_of(ends).isoformat()}"
    said = f"{row.node} is in service from {instant_of(begins).isoformat()}{until}"
    return Flaw(field, said, "Correct the instant, or the node's in-service dates.")


def _meets(node: str, met: Hold) -> Flaw:
    said = f"{node} is held by {met.words}"
    return _Held("from", said, "End that allocation before this one begins.")


def _refusal(flaw: Flaw) -> Refused:
    if isinstance(flaw, _Held):
        return NodeIsHeld(flaw.reason, remedy=flaw.remedy)
    if flaw.field == "node":
        return UnknownSubject(flaw.reason, remedy=flaw.remedy)
    return BadInput(f"--{flaw.field}: {flaw.reason}", remedy=flaw.remedy, field=flaw.field)


def _audit(
    verb: str,
    customer: str,
    nodes: Sequence[str],
    hold: Hold,
    *,
    actor: Actor,
    now: AwareDatetime,
    reason: str = "",
    was: Hold | None = None,
) -> None:
    subject = SubjectRef("customer", customer)
    detail: dict[str, JsonValue] = {
        "count": len(nodes),
        "nodes": list(nodes[:NAMES_AUDITED]),
        "start": instant_of(hold.start).isoformat(),
        "end": None if hold.end is None else instant_of(hold.end).isoformat(),
    }
    if was is not None:
        detail["end_before"] = None if was.end is None else instant_of(was.end).isoformat()
    audit_described(
        actor, f"fleet.allocation.{verb}", subject, reason=reason, now=now, detail=detail
    )
