"""What stands where and who is who: places, SKUs, customers, SLAs, spare pools, lineages."""

from dataclasses import dataclass

from scuderia.basics.errors import NotFound
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer, SlaDefinition
from scuderia.fleet.models.inventory import Cluster, Node, Rack, Site
from scuderia.fleet.models.inventory import Sku as SkuRow
from scuderia.fleet.models.spare_pools import SparePool
from scuderia.fleet.nouns import CustomerName, NodeName, NodePlace, Sku
from scuderia.fleet.nouns import SlaDefinition as Sla

UNKNOWN_REMEDY = "List what is on the books with `scuderia fleet nodes` or `fleet customers`."


class UnknownSubject(NotFound):
    """Nothing by that name is on the fleet's books."""

    code = "FLEET-001"
    remedy = UNKNOWN_REMEDY


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """A customer, its promise (None: nothing promised) and the nodes it holds now."""

    name: CustomerName
    target: float | None
    time_zone: str
    nodes_held: int


@dataclass(frozen=True, slots=True)
class SparePoolSize:
    """How many spares a cluster is meant to keep."""

    cluster: str
    site: str
    target_size: int


def list_places(*, site: str | None = None) -> tuple[NodePlace, ...]:
    """Return every node's place, by name, in one query."""
    nodes = Node.objects.order_by("name")
    if site is not None:
        nodes = nodes.filter(rack__cluster__site__name=site)
    rows = nodes.values_list(
        "name", "rack__cluster__site__name", "rack__cluster__name", "rack__name", "sku__name"
    )
    return tuple(NodePlace(NodeName(row[0]), *row[1:]) for row in rows)


def list_sites() -> tuple[str, ...]:
    """Return the sites' names."""
    return tuple(Site.objects.order_by("name").values_list("name", flat=True))


def list_skus() -> tuple[Sku, ...]:
    """Return every node type and its stated price."""
    rows = SkuRow.objects.order_by("name")
    return tuple(
        Sku(row.name, row.gpus_per_node, row.gpu_model, row.cents_per_gpu_hour) for row in rows
    )


def list_slas() -> tuple[Sla, ...]:
    """Return what each customer was promised."""
    rows = SlaDefinition.objects.select_related("customer").order_by("customer__name")
    return tuple(Sla(CustomerName(row.customer.name), row.target, row.time_zone) for row in rows)


def list_spare_pools() -> tuple[SparePoolSize, ...]:
    """Return the target size of each cluster's spare pool; what stands ready is on the board."""
    rows = SparePool.objects.order_by("cluster__name").values_list(
        "cluster__name", "cluster__site__name", "target_size"
    )
    return tuple(SparePoolSize(*row) for row in rows)


def list_customers() -> tuple[CustomerSummary, ...]:
    """Return every customer with its promise and the nodes it holds now, in two queries."""
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
    )


def lineage(subject: SubjectRef) -> Lineage:
    """Return the subject and everything it hangs under, EVERYTHING included.

    A node hangs under its rack, cluster and site and the customer that holds it now.
    raises   UnknownSubject: no such node, rack, cluster, site or customer
    """
    match subject.kind:
        case "*":
            return frozenset({EVERYTHING})
        case "node":
            above = _above_node(subject.name)
        case "rack":
            above = _above_rack(subject.name)
        case "cluster":
            above = _above_cluster(subject.name)
        case "site" if Site.objects.filter(name=subject.name).exists():
            above = frozenset()
        case "customer" if Customer.objects.filter(name=subject.name).exists():
            above = frozenset()
        case _:
            raise _unknown(subject)
    return above | {subject, EVERYTHING}


class FleetLineage:
    """Fills loop.ports.LineageOf for the fleet's kinds."""

    kinds = frozenset({"node", "rack", "cluster", "site", "customer"})

    def lineage(self, subject: SubjectRef) -> Lineage:
        """Return where the subject hangs; see `lineage`."""
        return lineage(subject)


def _above_node(name: str) -> Lineage:
    row = (
        Node.objects.filter(name=name)
        .values_list("id", "rack__name", "rack__cluster__name", "rack__cluster__site__name")
        .first()
    )
    if row is None:
        raise _unknown(SubjectRef("node", name))
    above = {
        SubjectRef("rack", row[1]),
        SubjectRef("cluster", row[2]),
        SubjectRef("site", row[3]),
    }
    holders = Allocation.objects.filter(node_id=row[0], end__isnull=True)
    above |= {
        SubjectRef("customer", holder)
        for holder in holders.values_list("customer__name", flat=True)
    }
    return frozenset(above)


def _above_rack(name: str) -> Lineage:
    row = Rack.objects.filter(name=name).values_list("cluster__name", "cluster__site__name").first()
    if row is None:
        raise _unknown(SubjectRef("rack", name))
    return frozenset({SubjectRef("cluster", row[0]), SubjectRef("site", row[1])})


def _above_cluster(name: str) -> Lineage:
    row = Cluster.objects.filter(name=name).values_list("site__name").first()
    if row is None:
        raise _unknown(SubjectRef("cluster", name))
    return frozenset({SubjectRef("site", row[0])})


def _unknown(subject: SubjectRef) -> UnknownSubject:
    return UnknownSubject(f"no {subject.kind} is named {subject.name!r}")
