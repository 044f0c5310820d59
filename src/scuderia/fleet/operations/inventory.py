"""Brings what a reader says stands where onto the books; the same inventory changes nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.db.models import Model, QuerySet

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.models.columns import NAME_MAX
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Cluster, Gpu, Node, Rack, Site, Sku
from scuderia.fleet.models.prices import Price
from scuderia.fleet.models.slas import SlaDefinition as SlaRow
from scuderia.fleet.models.spare_pools import SparePool
from scuderia.fleet.nouns import BEGINNING, Inventory, NodePlace, SlaDefinition
from scuderia.fleet.nouns import Sku as SkuNoun
from scuderia.fleet.operations.promise_changes import kept_promise_changes
from scuderia.fleet.queries.inventory import UnknownSubject
from scuderia.loop.operations import audit
from scuderia.loop.operations.bulk_writes import insert_rows

BY_SOURCE = "as the source of the inventory says"
Row = TypeVar("Row", bound=Model)
PlaceT = TypeVar("PlaceT", Site, Cluster, Rack)


class PlaceConflict(Refused):
    """A rack or a cluster of that name already stands elsewhere."""

    code = "FLEET-002"
    remedy = "Give each cluster and rack a name of its own, e.g. with its site in front."


class NoSuchZone(BadInput):
    """A time zone that the IANA database does not know."""

    code = "FLEET-003"
    remedy = "Write an IANA zone, e.g. Europe/Rome or UTC."


@dataclass(frozen=True, slots=True)
class InventoryChange:
    """What a registration changed; all zero when the inventory was already on the books."""

    nodes_added: int
    nodes_moved: int
    skus_changed: int
    slas_changed: int
    pools_changed: int

    @property
    def is_nothing(self) -> bool:
        """Say whether the books already said all this."""
        return not any(
            (
                self.nodes_added,
                self.nodes_moved,
                self.skus_changed,
                self.slas_changed,
                self.pools_changed,
            )
        )


@transaction.atomic
def register_inventory(
    inventory: Inventory, *, actor: Actor, now: AwareDatetime, active_from: AwareDatetime
) -> InventoryChange:
    """Bring places, SKUs, customers with their SLAs and spare pools onto the books; idempotent.

    active_from   from when new nodes are on the books (the beginning of the source's history)
    raises        PlaceConflict, NoSuchZone, BadInput: a name that cannot be a subject
    """
    skus_changed = _keep_skus(inventory.skus)
    racks = keep_racks(inventory.places)
    added, moved = _keep_nodes(inventory.places, racks, active_from=active_from)
    change = InventoryChange(
        nodes_added=added,
        nodes_moved=moved,
        skus_changed=skus_changed,
        slas_changed=_keep_slas(inventory.slas, actor=actor, now=now),
        pools_changed=_keep_pools(inventory.spare_pool),
    )
    if not change.is_nothing:
        audit.record(
            actor,
            "fleet.inventory.registered",
            subject=EVERYTHING,
            at=now,
            detail={"nodes_added": added, "nodes_moved": moved},
        )
    return change


def is_registered(inventory: Inventory) -> bool:
    """Say whether the books say all this already; eight questions, and no lock."""
    nodes = Node.objects.values_list(
        "name", "rack__cluster__site__name", "rack__cluster__name", "rack__name", "sku__name"
    )
    placed = {name: where for name, *where in nodes}
    if any(placed.get(p.node) != [p.site, p.cluster, p.rack, p.sku] for p in inventory.places):
        return False
    prices = dict(_first_prices().values_list("sku__name", "cents_per_gpu_hour"))
    priced = set(_first_prices().filter(by_person=True).values_list("sku__name", flat=True))
    skus = {
        (name, gpus, model, prices.get(name, 0))
        for name, gpus, model in Sku.objects.values_list("name", "gpus_per_node", "gpu_model")
    }
    slas = SlaRow.objects.values_list("customer__name", "target", "time_zone", "first_day")
    promised = set(SlaRow.objects.filter(by_person=True).values_list("customer__name", "first_day"))
    pools = SparePool.objects.values_list("cluster__name", "target_size")
    return (
        {(name := s.name[:NAME_MAX], s.gpus_per_node, s.gpu_model[:NAME_MAX],
          prices[name] if name in priced else s.cents_per_gpu_hour) for s in inventory.skus} <= skus
        and {(s.customer, s.target, s.time_zone, s.first_day) for s in inventory.slas
             if (s.customer, s.first_day) not in promised} <= set(slas)
        and inventory.spare_pool.items() <= set(pools)
    )  # fmt: skip


def set_spare_pool(*, cluster: str, target_size: int) -> bool:
    """Set the size a cluster's spare pool is meant to have; False if it already has."""
    return bool(_keep_pools({cluster: target_size}))


def _keep_skus(skus: Iterable[SkuNoun]) -> int:
    changed = 0
    for sku in skus:
        wanted = {
            "gpus_per_node": sku.gpus_per_node,
            "gpu_model": sku.gpu_model[:NAME_MAX],
        }
        row, made = Sku.objects.get_or_create(name=sku.name[:NAME_MAX], defaults=wanted)
        if not made and wanted != {name: getattr(row, name) for name in wanted}:
            Sku.objects.filter(pk=row.pk).update(**wanted)
            made = True
        changed += keep_first_price(row, sku.cents_per_gpu_hour, by_person=False) or made
    return changed


def first_price(sku: Sku) -> int:
    """Return a node type's price from the beginning, in cents per GPU-hour; 0: none is stated."""
    found = _first_prices().filter(sku=sku).values_list("cents_per_gpu_hour", flat=True)
    return found.first() or 0


def keep_first_price(sku: Sku, cents: int, *, by_person: bool) -> bool:
    """Have a node type cost this from the beginning, until its next price; False if it does.

    by_person   a person says so; what a person said stands against a source
    """
    found = _first_prices().filter(sku=sku).first()
    if found is not None and found.by_person and not by_person:
        return False
    same = cents == (0 if found is None else found.cents_per_gpu_hour)
    if same and (found is None or found.by_person or not by_person):
        return False
    Price.objects.update_or_create(
        sku=sku,
        customer=None,
        first_day=BEGINNING,
        defaults={"cents_per_gpu_hour": cents, "by_person": by_person},
    )
    return not same


def _first_prices() -> QuerySet[Price]:
    return Price.objects.filter(customer=None, first_day=BEGINNING)


def keep_racks(places: Iterable[NodePlace]) -> dict[str, Rack]:
    """Return the rack rows by name, making sites, clusters and racks that are missing."""
    wanted = sorted({(place.site, place.cluster, place.rack) for place in places})
    sites = _keep_named(Site, {site: Site(name=site) for site, _, _ in wanted})
    clusters = _keep_named(
        Cluster, {name: Cluster(name=name, site=sites[site]) for site, name, _ in wanted}
    )
    racks = _keep_named(
        Rack, {name: Rack(name=name, cluster=clusters[cluster]) for _, cluster, name in wanted}
    )
    for site, cluster, rack in wanted:
        if clusters[cluster].site_id != sites[site].pk:
            raise PlaceConflict(f"cluster {cluster!r} does not stand at site {site!r}")
        if racks[rack].cluster_id != clusters[cluster].pk:
            raise PlaceConflict(f"rack {rack!r} does not stand in cluster {cluster!r}")
    return racks


def _keep_named(model: type[PlaceT], wanted: Mapping[str, PlaceT]) -> dict[str, PlaceT]:
    """Return the rows by name, making those that are missing."""
    rows: Any = model._default_manager  # noqa: SLF001 - Django documents it
    kept = {row.name: row for row in rows.filter(name__among=wanted)}
    fresh = [row for name, row in wanted.items() if name not in kept]
    for row in fresh:
        SubjectRef.parse(f"{model.__name__.lower()}:{row.name}")
    rows.bulk_create(fresh)
    return kept | {row.name: row for row in fresh}


def _keep_nodes(
    places: Iterable[NodePlace], racks: Mapping[str, Rack], *, active_from: AwareDatetime
) -> tuple[int, int]:
    """Add nodes with their GPUs and move those that changed place; returns (added, moved)."""
    skus = {sku.name: sku for sku in Sku.objects.all()}
    known = {node.name: node for node in Node.objects.all()}
    unseen = set(Node.every.values_list("name", flat=True)) - known.keys()
    added, moved = [], []
    for place in places:
        if place.sku not in skus:
            message = f"node {place.node!r} names the SKU {place.sku!r}, which nobody described"
            raise BadInput(message, remedy="Describe the SKU in the same inventory.")
        if place.node in unseen:
            raise PlaceConflict(
                f"node {place.node!r} stands in a file that is being imported",
                remedy="Read the inventory again when the import is done.",
            )
        node = known.get(place.node)
        rack, sku = racks[place.rack], skus[place.sku]
        if node is None:
            SubjectRef.parse(str(place.ref))
            node = Node(name=place.node, rack=rack, sku=sku, active_from=active_from)
            known[place.node] = node
            added.append(node)
        elif (node.rack_id, node.sku_id) != (rack.pk, sku.pk):
            node.rack, node.sku = rack, sku
            moved.append(node)
    Node.objects.bulk_create(added)
    fill_slots(added)
    Node.objects.bulk_update(moved, ["rack", "sku"])
    return len(added), len(moved)


def fill_slots(nodes: Iterable[Node]) -> None:
    """Give nodes that have no GPUs those of their SKU."""
    insert_rows(
        Gpu,
        ("node", "slot", "serial"),
        ((node.pk, slot, "") for node in nodes for slot in range(node.sku.gpus_per_node)),
    )


def _keep_slas(slas: Iterable[SlaDefinition], *, actor: Actor, now: AwareDatetime) -> int:
    names = {str(sla.customer) for sla in slas}
    with kept_promise_changes(names, actor=actor, reason=BY_SOURCE, now=now):
        return sum(_keep_sla(sla) for sla in slas)


def _keep_sla(sla: SlaDefinition) -> bool:
    try:
        ZoneInfo(sla.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise NoSuchZone(f"{sla.customer!r}: no time zone {sla.time_zone[:64]!r}") from None
    SubjectRef.parse(f"customer:{sla.customer}")
    customer, _ = Customer.objects.get_or_create(name=sla.customer)
    wanted = {"target": sla.target, "time_zone": sla.time_zone}
    row, made = SlaRow.objects.get_or_create(
        customer=customer, first_day=sla.first_day, defaults=wanted
    )
    if made or row.by_person or (row.target, row.time_zone) == (sla.target, sla.time_zone):
        return made
    SlaRow.objects.filter(pk=row.pk).update(**wanted)
    return True


def _keep_pools(pools: Mapping[str, int]) -> int:
    changed = 0
    for cluster_name, size in sorted(pools.items()):
        cluster = Cluster.objects.filter(name=cluster_name).first()
        if cluster is None or size < 0:
            message = f"no spare pool of {size} for the cluster {cluster_name!r}"
            raise BadInput(message, remedy="Name a cluster of the inventory and a size from 0 up.")
        row, made = SparePool.objects.get_or_create(cluster=cluster, defaults={"target_size": size})
        if not made and row.target_size != size:
            SparePool.objects.filter(pk=row.pk).update(target_size=size)
            made = True
        changed += made
    return changed


def find_node(name: str) -> Node:
    """Return the node's row.

    raises   UnknownSubject
    """
    return _named(Node.objects.filter(name=name), "node", name)


def find_customer(name: str) -> Customer:
    """Return the customer's row.

    raises   UnknownSubject
    """
    return _named(Customer.objects.filter(name=name), "customer", name)


def _named(found: QuerySet[Row], kind: str, name: str) -> Row:
    row = found.first()
    if row is None:
        raise UnknownSubject(f"no {kind} is named {name!r}")
    return row
