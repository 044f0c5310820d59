"""Who the customers are, what each was promised, and how many nodes each holds."""

from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer, SlaDefinition
from scuderia.fleet.nouns import CustomerName
from scuderia.fleet.nouns import SlaDefinition as Sla
from scuderia.fleet.queries.access import readable_scopes


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """A customer, its promise (None: nothing promised) and the nodes it holds now."""

    name: CustomerName
    target: float | None
    time_zone: str
    nodes_held: int


def list_slas() -> tuple[Sla, ...]:
    """Return what each customer was promised."""
    rows = SlaDefinition.objects.select_related("customer").order_by("customer__name")
    return tuple(Sla(CustomerName(row.customer.name), row.target, row.time_zone) for row in rows)


def list_customers(actor: Actor) -> tuple[CustomerSummary, ...]:
    """Return the customers within reach, each with its promise and the nodes it holds now."""
    scopes = readable_scopes(actor)
    held: dict[int, int] = {}
    for customer_id in Allocation.objects.filter(end__isnull=True).values_list(
        "customer_id", flat=True
    ):
        held[customer_id] = held.get(customer_id, 0) + 1
    rows = Customer.objects.order_by("name").values_list(
        "id", "name", "sla__target", "sla__time_zone"
    )
    return tuple(
        CustomerSummary(CustomerName(name), target, zone or "UTC", held.get(row_id, 0))
        for row_id, name, target, zone in rows
        if not scopes.isdisjoint({str(EVERYTHING), f"customer:{name}"})
    )
