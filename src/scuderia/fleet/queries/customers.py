"""Who the customers are, what each was promised, and how many nodes each holds."""

from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.nouns import CustomerName, SlaDefinition
from scuderia.fleet.queries.access import readable_scopes
from scuderia.fleet.queries.slas import list_slas


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """A customer, the promise that holds now (None: no target) and the nodes it holds now."""

    name: CustomerName
    target: float | None
    time_zone: str
    nodes_held: int


def list_customers(actor: Actor, now: AwareDatetime) -> tuple[CustomerSummary, ...]:
    """Return the customers within reach, each with the promise that holds and its nodes now."""
    scopes = readable_scopes(actor)
    held: dict[int, int] = {}
    for customer_id in Allocation.objects.filter(end__isnull=True).values_list(
        "customer_id", flat=True
    ):
        held[customer_id] = held.get(customer_id, 0) + 1
    promised = {str(sla.customer): sla for sla in list_slas(now)}
    return tuple(
        _summary(name, promised.get(name), held.get(row_id, 0))
        for row_id, name in Customer.objects.order_by("name").values_list("id", "name")
        if not scopes.isdisjoint({str(EVERYTHING), f"customer:{name}"})
    )


def _summary(name: str, sla: SlaDefinition | None, nodes_held: int) -> CustomerSummary:
    target, zone = (None, "UTC") if sla is None else (sla.target, sla.time_zone)
    return CustomerSummary(CustomerName(name), target, zone, nodes_held)
