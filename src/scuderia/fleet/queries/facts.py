"""Reads the tables into the engine's books: eight queries, whatever the fleet's size."""

from dataclasses import replace
from typing import Any

from django.db.models import F, Field, Func, Q, QuerySet

from scuderia.basics.canonical import canonical_json
from scuderia.basics.clock import parse_instant
from scuderia.basics.errors import Refused
from scuderia.fleet.engine.facts import (
    AmendmentFact,
    CustomerFact,
    ExclusionFact,
    FleetFacts,
    HoldFact,
    NodeFact,
    OutageFact,
    PhaseFact,
    PriceFact,
    PromiseChangeFact,
    SlaFact,
    indices_of,
    seconds_of,
)
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.amendments import OutageAmendment
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.exclusions import Exclusion
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.models.outages import Outage
from scuderia.fleet.models.prices import Price
from scuderia.fleet.models.promise_changes import PromiseChange
from scuderia.fleet.models.repairs import Repair
from scuderia.fleet.nouns import LedgerClass, Severity
from scuderia.fleet.queries.inventory import UnknownSubject

PROMISE_CHANGES_MAX = 2_000
"""How many changes of promises reports look back on, of all customers; the latest."""
_CLASSES = {kind.value: kind for kind in LedgerClass}
_SEVERITIES = {kind.value: kind for kind in Severity}


class NothingOnTheBooks(Refused):
    """There is no node to report on."""

    code = "FLEET-010"
    remedy = "Import a trace with `scuderia fleet import-faults`, or connect a cluster."


def load_facts(
    *, before: int, after: int = 0, site: str | None = None, customer: str | None = None
) -> FleetFacts:
    """Return every fact that begins before the Unix second `before`.

    after      holds, and phases of outages, that ended by then are left out; outages never are,
               since a relapse looks back
    site       only that site's nodes
    customer   checked to exist; all customers are loaded, since a report names those in scope
    raises     UnknownSubject
    """
    listed, own = _prices()
    customers, customer_rows = _customers(customer, own)
    nodes, node_rows = _nodes(before, site)
    outages = [
        OutageFact(
            node_rows[row[0]],
            row[1],
            row[2],
            row[3],
            row[4],
            bool(row[5]),
            row[6],
            row[7],
            indices_of(row[8]),
            _SEVERITIES[row[9]],
        )
        for row in _spans(Outage.objects.all(), before, site).values_list(
            "node_id",
            "start_s",
            "end_s",
            _raw("detected_at"),
            "cause",
            _raw("planned"),
            "source_key",
            "gpus_lost",
            "gpu_indices",
            "severity",
        )
        if row[0] in node_rows
    ]
    repairs = Repair.objects.filter(Q(outage__end__isnull=True) | Q(outage__end__gte=after))
    allocations = Allocation.objects.filter(Q(end__isnull=True) | Q(end__gt=after))
    phases = [
        PhaseFact(node_rows[row[0]], _CLASSES[row[1]], row[2], row[3])
        for row in _spans(repairs, before, site, node="outage__node").values_list(
            "outage__node_id", "state", "start_s", "end_s"
        )
        if row[0] in node_rows
    ]
    holds = [
        HoldFact(node_rows[row[0]], customer_rows[row[1]], row[2], row[3])
        for row in _spans(allocations, before, site).values_list(
            "node_id", "customer_id", "start_s", "end_s"
        )
        if row[0] in node_rows
    ]
    return FleetFacts(nodes, customers, outages, phases, holds, prices=listed)


def load_amendments(facts: FleetFacts, *, before: int) -> FleetFacts:
    """Return the facts with what was corrected of outages that began before the second `before`."""
    row_of = {node.name: row for row, node in enumerate(facts.nodes)}
    rows = OutageAmendment.objects.order_by("pk").values_list(
        "node__name", "source_key", _raw("amended_at"), "amended_by", "reason", "before", "after"
    )
    found = [
        AmendmentFact(
            row_of[name],
            key,
            at,
            by,
            why,
            canonical_json(was),
            "" if now is None else canonical_json(now),
        )
        for name, key, at, by, why, was, now in rows
        if name in row_of and _began_before(was, before)
    ]
    return replace(facts, amendments=found)


def _began_before(told: dict[str, str], before: int) -> bool:
    return seconds_of(parse_instant(told["start"], field="start")) < before


def _raw(name: str) -> Func:
    """Return the column as the database keeps it: Django's converters cost half of a big read."""
    return Func(F(name), template="%(expressions)s", output_field=Field())


def _spans(
    rows: QuerySet[Any], before: int, site: str | None, *, node: str = "node"
) -> QuerySet[Any]:
    if site is not None:
        rows = rows.filter(**{f"{node}__rack__cluster__site__name": site})
    begun = rows.filter(start__lt=before).order_by("id")
    seconds: QuerySet[Any] = begun.annotate(start_s=_raw("start"), end_s=_raw("end"))
    return seconds


def _prices() -> tuple[list[PriceFact], dict[int, list[PriceFact]]]:
    """Return the prices of the node types, and those that customers have of their own."""
    listed: list[PriceFact] = []
    own: dict[int, list[PriceFact]] = {}
    rows = Price.objects.order_by("sku__name", "first_day").values_list(
        "customer_id", "sku__name", "first_day", "cents_per_gpu_hour"
    )
    for whose, sku, first_day, cents in rows:
        price = PriceFact(sku, first_day.isoformat(), cents)
        (listed if whose is None else own.setdefault(whose, [])).append(price)
    return listed, own


def _exclusions() -> dict[int, tuple[ExclusionFact, ...]]:
    """Return what does not count, by customer and start."""
    found: dict[int, tuple[ExclusionFact, ...]] = {}
    for whose, start, end, cause, reason in Exclusion.objects.order_by(
        "start", "cause"
    ).values_list("customer_id", _raw("start"), _raw("end"), "cause", "reason"):
        found[whose] = (*found.get(whose, ()), ExclusionFact(start, end, cause, reason))
    return found


def _promise_changes() -> dict[int, tuple[PromiseChangeFact, ...]]:
    """Return what of promises was changed for days that had begun, by customer, oldest first."""
    found: dict[int, tuple[PromiseChangeFact, ...]] = {}
    rows = PromiseChange.objects.order_by("-pk").values_list(
        "customer_id",
        "first_day",
        "last_day",
        "target_before",
        "zone_before",
        "target_after",
        "zone_after",
        "reason",
        "changed_by",
        _raw("changed_at"),
    )
    for whose, first, last, *rest in rows[:PROMISE_CHANGES_MAX]:
        change = PromiseChangeFact(first.isoformat(), last.isoformat(), *rest)
        found[whose] = (change, *found.get(whose, ()))
    return found


def _customers(
    wanted: str | None, prices: dict[int, list[PriceFact]]
) -> tuple[list[CustomerFact], dict[int, int]]:
    rows = Customer.objects.order_by("name", "slas__first_day").values_list(
        "id", "name", "slas__first_day", "slas__target", "slas__time_zone"
    )
    excluded, changed = _exclusions(), _promise_changes()
    facts: list[CustomerFact] = []
    places: dict[int, int] = {}
    for row_id, name, first_day, target, zone in rows:
        if row_id not in places:
            places[row_id] = len(facts)
            own = tuple(prices.get(row_id, ()))
            facts.append(
                CustomerFact(
                    name,
                    prices=own,
                    exclusions=excluded.get(row_id, ()),
                    changes=changed.get(row_id, ()),
                )
            )
        if first_day is not None:
            known = facts[-1]
            sla = SlaFact(first_day.isoformat(), target, zone)
            facts[-1] = known._replace(slas=(*known.slas, sla))
    if wanted is not None and wanted not in {fact.name for fact in facts}:
        raise UnknownSubject(f"no customer is named {wanted!r}")
    return facts, places


def _nodes(before: int, site: str | None) -> tuple[list[NodeFact], dict[int, int]]:
    rows = Node.objects.filter(active_from__lt=before).order_by("name")
    if site is not None:
        rows = rows.filter(rack__cluster__site__name=site)
    facts: list[NodeFact] = []
    places: dict[int, int] = {}
    for row_id, *columns in rows.values_list(
        "id",
        "name",
        "rack__cluster__site__name",
        "sku__gpus_per_node",
        "sku__name",
        _raw("active_from"),
        _raw("active_to"),
    ):
        places[row_id] = len(facts)
        facts.append(NodeFact(*columns))
    if not facts:
        raise NothingOnTheBooks(
            "no node is on the books" + (f" at the site {site!r}" if site else "")
        )
    return facts, places
