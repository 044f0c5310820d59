"""Where a subject hangs: a node under its rack, cluster, site and customer."""

from collections.abc import Collection, Iterable

from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Cluster, Node, Rack, Site
from scuderia.fleet.queries.inventory import UnknownSubject


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

    def lineages(self, subjects: Collection[SubjectRef]) -> dict[SubjectRef, Lineage]:
        """Return where each hangs: the nodes in two questions."""
        names = [subject.name for subject in subjects if subject.kind == "node"]
        above = _above_nodes(names)
        if unknown := next((name for name in names if name not in above), None):
            raise _unknown(SubjectRef("node", unknown))
        return {
            subject: above[subject.name] | {subject, EVERYTHING}
            if subject.kind == "node"
            else lineage(subject)
            for subject in subjects
        }


def _above_nodes(names: Iterable[str]) -> dict[str, Lineage]:
    found: dict[str, Lineage] = {}
    asked = list(names)
    nodes = Node.objects.filter(name__among=asked)
    for name, rack, cluster, site in nodes.values_list(
        "name", "rack__name", "rack__cluster__name", "rack__cluster__site__name"
    ):
        kinds = (("rack", rack), ("cluster", cluster), ("site", site))
        found[name] = frozenset(SubjectRef(kind, which) for kind, which in kinds)
    holds = Allocation.objects.filter(node__name__among=asked, end__isnull=True)
    for name, holder in holds.values_list("node__name", "customer__name"):
        found[name] |= {SubjectRef("customer", holder)}
    return found


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
