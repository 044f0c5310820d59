"""Where a subject hangs: a node under its rack, cluster, site and customer."""

from collections.abc import Collection, Iterable
from functools import lru_cache

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import EVERYTHING, Lineage, SubjectRef
from scuderia.fleet.engine.facts import seconds_of
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.columns import still_at
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Cluster, Node, Rack, Site
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.loop.queries.questions import Question


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

    def lineage_at(self, subject: SubjectRef, at: AwareDatetime) -> Lineage:
        """Return where it hung: a node under who held it at that instant; places do not move."""
        if subject.kind != "node":
            return lineage(subject)
        above = _above_nodes([subject.name], at).get(subject.name)
        if above is None:
            raise _unknown(subject)
        return above | {subject, EVERYTHING}

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


_PLACES = Question(
    lambda names: Node.objects.filter(name__among=names).values_list(
        "name", "rack__name", "rack__cluster__name", "rack__cluster__site__name"
    )
)
_HELD_NOW = Question(
    lambda names: Allocation.objects.filter(node__name__among=names, end__isnull=True).values_list(
        "node__name", "customer__name"
    )
)
_HELD_AT = Question(
    lambda names, at: Allocation.objects.filter(
        still_at(at), start__lte=at, node__name__among=names
    ).values_list("node__name", "customer__name")
)


def _above_nodes(names: Iterable[str], at: AwareDatetime | None = None) -> dict[str, Lineage]:
    """Return of each known node its place, and who holds it, or held it at that instant."""
    asked = list(names)
    held = _HELD_NOW.rows(asked) if at is None else _HELD_AT.rows(asked, seconds_of(at))
    holders = dict(held)
    return {
        name: _above(holders.get(name), rack, cluster, site)
        for name, rack, cluster, site in _PLACES.rows(asked)
    }


@lru_cache(maxsize=4096)
def _above(holder: str | None, rack: str, cluster: str, site: str) -> Lineage:
    """Return one set for all nodes of a rack that one customer holds."""
    kinds = (("rack", rack), ("cluster", cluster), ("site", site), ("customer", holder))
    return frozenset(SubjectRef(kind, which) for kind, which in kinds if which is not None)


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
