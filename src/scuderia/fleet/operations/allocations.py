"""Lets a customer hold a node, and ends it; whoever calls records the audit row."""

from django.db import transaction
from django.db.models import Q

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import Refused
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.operations.inventory import find_customer, find_node
from scuderia.fleet.operations.outages import require_order


class NodeIsHeld(Refused):
    """One node serves one customer at a time."""

    code = "FLEET-007"
    remedy = "End the other customer's allocation before this one begins."


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
