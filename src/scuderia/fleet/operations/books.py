"""The primitive writes of the books; the operation that calls them records the audit row."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.safe_text import plain_words
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.observations import LatestObservation, ObservationCursor
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import NodeObservation, NodeState
from scuderia.fleet.operations.inventory import InventoryChange, register_inventory, set_spare_pool
from scuderia.fleet.queries.inventory import UnknownSubject

__all__ = [
    "EndsBeforeStart",
    "InventoryChange",
    "NoOpenOutage",
    "NodeIsHeld",
    "OutageAlreadyOpen",
    "UnknownSubject",
    "advance_cursor",
    "close_allocation",
    "close_outage",
    "end_phase",
    "open_allocation",
    "open_outage",
    "read_cursor",
    "record_latest",
    "register_inventory",
    "set_spare_pool",
    "start_phase",
]

PHASES = frozenset({NodeState.IN_REPAIR, NodeState.WAITING_PARTS, NodeState.VALIDATING})


class OutageAlreadyOpen(Refused):
    """The node is already out of service."""

    code = "FLEET-004"
    remedy = "Close the open outage first, or record the new fact as one of its phases."


class NoOpenOutage(Refused):
    """A repair phase needs an outage to belong to."""

    code = "FLEET-005"
    remedy = "Open the outage before its repair phases."


class EndsBeforeStart(BadInput):
    """An interval would end before it began."""

    code = "FLEET-006"
    remedy = "Check the order and the time zones of the source's instants."


class NodeIsHeld(Refused):
    """One node serves one customer at a time."""

    code = "FLEET-007"
    remedy = "End the other customer's allocation before this one begins."


@transaction.atomic
def open_outage(
    *,
    node: str,
    start: AwareDatetime,
    cause: str,
    source_key: str,
    planned: bool = False,
    detected_at: AwareDatetime | None = None,
) -> bool:
    """Open an outage; False if this source_key is already on the books.

    raises   UnknownSubject, OutageAlreadyOpen
    """
    if Outage.objects.filter(source_key=source_key).exists():
        return False
    row = _node(node)
    if Outage.objects.filter(node=row, end__isnull=True).exists():
        raise OutageAlreadyOpen(f"{node} is already out of service")
    Outage.objects.create(
        node=row,
        start=start,
        detected_at=detected_at,
        cause=plain_words(cause),
        planned=planned,
        source_key=source_key,
    )
    return True


@transaction.atomic
def close_outage(*, node: str, end: AwareDatetime) -> bool:
    """End the node's open outage and its open phase; False if none is open.

    raises   EndsBeforeStart
    """
    outage = _open_outage(node)
    if outage is None:
        return False
    _require_order(node, outage.start, end)
    end_phase(node=node, end=end)
    Outage.objects.filter(pk=outage.pk).update(end=end)
    return True


@transaction.atomic
def start_phase(*, node: str, state: NodeState, start: AwareDatetime) -> bool:
    """Begin a repair phase of the node's open outage, ending the one before.

    returns  False if the node is already in that phase
    raises   NoOpenOutage, EndsBeforeStart, BadInput: state is no phase
    """
    if state not in PHASES:
        message = f"{state.value!r} is not a phase of a repair"
        raise BadInput(message, remedy="Write in_repair, waiting_parts or validating.")
    outage = _open_outage(node)
    if outage is None:
        raise NoOpenOutage(f"{node} is not out of service")
    _require_order(node, outage.start, start)
    if Repair.objects.filter(outage=outage, end__isnull=True, state=state.value).exists():
        return False
    end_phase(node=node, end=start)
    Repair.objects.create(outage=outage, state=state.value, start=start)
    return True


@transaction.atomic
def end_phase(*, node: str, end: AwareDatetime) -> bool:
    """End the open phase of the node's open outage; False if none is open.

    raises   EndsBeforeStart
    """
    phase = Repair.objects.filter(
        outage__node__name=node, outage__end__isnull=True, end__isnull=True
    ).first()
    if phase is None:
        return False
    _require_order(node, phase.start, end)
    Repair.objects.filter(pk=phase.pk).update(end=end)
    return True


@transaction.atomic
def open_allocation(*, node: str, customer: str, start: AwareDatetime) -> bool:
    """Let `customer` hold the node from `start`; False if it already does.

    raises   UnknownSubject, NodeIsHeld: by another customer, or by anyone after `start`
    """
    row, holder = _node(node), _customer(customer)
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
    _require_order(node, held.start, end)
    Allocation.objects.filter(pk=held.pk).update(end=end)
    return True


@transaction.atomic
def record_latest(observations: Sequence[NodeObservation]) -> int:
    """Keep the source's newest word on each node; older words change nothing.

    returns  how many nodes changed
    raises   UnknownSubject
    """
    newest = {seen.node: seen for seen in sorted(observations, key=lambda seen: seen.at)}
    nodes = {row.name: row for row in Node.objects.filter(name__in=newest)}
    kept = {
        row.node_id: row for row in LatestObservation.objects.filter(node__name__in=list(newest))
    }
    customers = dict(Customer.objects.values_list("name", "id"))
    changed = 0
    for name, seen in newest.items():
        if name not in nodes:
            raise UnknownSubject(f"no node is named {name!r}")
        if seen.customer is not None and seen.customer not in customers:
            raise UnknownSubject(f"no customer is named {seen.customer!r}")
        node_id = nodes[name].pk
        row = kept.get(node_id)
        if row is not None and row.at >= seen.at.replace(microsecond=0):
            continue
        LatestObservation.objects.update_or_create(
            node_id=node_id,
            defaults={
                "at": seen.at,
                "state": seen.state.value,
                "cause": plain_words(seen.cause),
                "customer_id": customers[seen.customer] if seen.customer is not None else None,
                "spare": seen.spare,
            },
        )
        changed += 1
    return changed


def read_cursor(source: str) -> str:
    """Return how far `source` has been read; "" is the beginning."""
    row = ObservationCursor.objects.filter(source=source).first()
    return "" if row is None else row.cursor


def advance_cursor(*, source: str, cursor: str, as_of: AwareDatetime) -> None:
    """Remember how far `source` has been read and until when it has spoken."""
    ObservationCursor.objects.update_or_create(
        source=source, defaults={"cursor": cursor, "as_of": as_of}
    )


def _node(name: str) -> Node:
    row = Node.objects.filter(name=name).first()
    if row is None:
        raise UnknownSubject(f"no node is named {name!r}")
    return row


def _customer(name: str) -> Customer:
    row = Customer.objects.filter(name=name).first()
    if row is None:
        raise UnknownSubject(f"no customer is named {name!r}")
    return row


def _open_outage(node: str) -> Outage | None:
    return Outage.objects.filter(node__name=node, end__isnull=True).first()


def _require_order(node: str, start: AwareDatetime, end: AwareDatetime) -> None:
    if end.replace(microsecond=0) < start:
        message = f"{node}: {end.isoformat()} lies before the start {start.isoformat()}"
        raise EndsBeforeStart(message)
