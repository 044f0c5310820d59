"""Who held which node, and when."""

from django.db.models import QuerySet

from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.columns import touching
from scuderia.fleet.nouns import AllocationRecord, CustomerName, NodeName


def allocations_between(
    start: AwareDatetime, end: AwareDatetime, *, customer: str | None = None
) -> tuple[AllocationRecord, ...]:
    """Return who held what in [start, end), by start."""
    rows = Allocation.objects.filter(touching(start, end))
    if customer is not None:
        rows = rows.filter(customer__name=customer)
    return as_allocations(rows)


def as_allocations(rows: QuerySet[Allocation]) -> tuple[AllocationRecord, ...]:
    """Return the rows as the room's nouns, by start."""
    return tuple(
        AllocationRecord(CustomerName(customer), NodeName(name), begun, ended)
        for customer, name, begun, ended in rows.order_by("start", "id").values_list(
            "customer__name", "node__name", "start", "end"
        )
    )
