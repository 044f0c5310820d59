"""Sets up the fleet that an imported file speaks of: site, racks, nodes, SKU and holder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from django.db.models import Max

from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.columns import chunks
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.import_runs import ImportRun
from scuderia.fleet.models.inventory import Cluster, Gpu, Node, Rack, Site, Sku
from scuderia.fleet.models.slas import SlaDefinition
from scuderia.fleet.operations.import_runs import stage

NODES_PER_RACK = 16
IMPORTED_SKU = "8-gpu-server"
GPUS_PER_NODE = 8
TARGET = 0.95
_NODES_A_TURN = 100  # each comes with its GPUs


@dataclass(frozen=True, slots=True)
class ImportSite:
    """What already stands at a site. Quiet nodes stand for those that no file has named yet.

    named     names of nodes that a source named
    quiet     placeholders, by name
    ends_at   until when the site's records speak; None without records or while a source is live
    """

    site: str
    named: frozenset[str]
    quiet: tuple[str, ...]
    ends_at: int | None

    @classmethod
    def of(cls, site: str) -> "ImportSite":
        """Read what stands at `site`, which may not exist yet."""
        nodes = Node.objects.filter(rack__cluster__site__name=site)
        names = list(nodes.order_by("name").values_list("name", flat=True))
        last = nodes.aggregate(last=Max("active_to"))["last"]
        return cls(
            site=site,
            named=frozenset(name for name in names if not name.startswith(_quiet_prefix(site))),
            quiet=tuple(name for name in names if name.startswith(_quiet_prefix(site))),
            ends_at=None if last is None else seconds_of(last),
        )


def stage_site(
    known: ImportSite, run: ImportRun, *, names: Iterable[str], size: int, span: tuple[int, int]
) -> dict[str, str]:
    """Stand up, unseen, what the site lacks of its `size` nodes, in bounded turns.

    New names take the place of quiet nodes first, which get them when the run is published; what
    is missing then is added, quiet or named.
    returns   the quiet nodes' new names: old -> new
    """
    fresh = [name for name in names if name not in known.named]
    renamed = dict(zip(known.quiet, fresh, strict=False))
    fresh = fresh[len(known.quiet) :]
    count = len(known.named) + len(known.quiet)
    missing = max(0, size - count - len(fresh))
    taken = set(known.quiet)
    numbers = (
        number for number in range(1, 2 * size + 2) if _quiet(known.site, number) not in taken
    )
    fresh += [_quiet(known.site, next(numbers)) for _ in range(missing)]
    place = count
    for chunk in chunks(fresh, size=_NODES_A_TURN):
        stage(run, partial(_add, known.site, chunk, run, count=place, span=span))
        place += len(chunk)
    return renamed


def publish_site(
    known: ImportSite,
    run: ImportRun,
    renamed: Mapping[str, str],
    *,
    customer: str,
    span: tuple[int, int],
) -> None:
    """Have the site speak of `span`, its quiet nodes renamed, and the new ones held by `customer`.

    It grows with the site's nodes, never with the file; the caller holds the transaction.
    """
    first, last = instant_of(span[0]), instant_of(span[1])
    site, _ = Site.objects.get_or_create(name=known.site)
    holder, made = Customer.objects.get_or_create(name=customer)
    if made:
        SlaDefinition.objects.create(customer=holder, target=TARGET, time_zone="UTC")
    mine = Node.objects.filter(rack__cluster__site=site, active_to__isnull=False)
    mine.filter(active_to__lt=last).update(active_to=last)
    begins = set(mine.filter(active_from__gt=first).values_list("active_from", flat=True))
    for begin in begins:
        Allocation.objects.filter(node__in=mine, start=begin).update(start=first)
    mine.filter(active_from__gt=first).update(active_from=first)
    for chunk in chunks(renamed):
        rows = list(Node.objects.filter(name__in=chunk))
        for row in rows:
            row.name = renamed[row.name]
        Node.every.bulk_update(rows, ["name"], batch_size=100)
    new = Node.every.filter(run=run).values_list("pk", flat=True)
    Allocation.objects.bulk_create(
        Allocation(customer=holder, node_id=node, start=first) for node in new
    )


def _add(
    site_name: str, names: list[str], run: ImportRun, *, count: int, span: tuple[int, int]
) -> None:
    site, _ = Site.objects.get_or_create(name=site_name)
    sku, _ = Sku.objects.get_or_create(
        name=IMPORTED_SKU,
        defaults={
            "gpus_per_node": GPUS_PER_NODE,
            "gpu_model": "not stated",
        },
    )
    cluster, _ = Cluster.objects.get_or_create(name=site.name, defaults={"site": site})
    racks: dict[int, Rack] = {}
    nodes = []
    for place, name in enumerate(names, start=count):
        number = place // NODES_PER_RACK + 1
        if number not in racks:
            racks[number], _ = Rack.objects.get_or_create(
                name=f"{site.name}-r{number:03d}", defaults={"cluster": cluster}
            )
        nodes.append(
            Node(
                name=name,
                rack=racks[number],
                sku=sku,
                active_from=instant_of(span[0]),
                active_to=instant_of(span[1]),
                run=run,
            )
        )
    Node.every.bulk_create(nodes)
    slots = range(sku.gpus_per_node)
    Gpu.objects.bulk_create([Gpu(node=node, slot=slot) for node in nodes for slot in slots])


def _quiet_prefix(site: str) -> str:
    return f"{site}-quiet-"


def _quiet(site: str, number: int) -> str:
    return f"{_quiet_prefix(site)}{number:04d}"
