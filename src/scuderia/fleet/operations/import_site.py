"""Sets up the fleet that an imported file speaks of: site, racks, nodes, SKU and holder."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max

from scuderia.fleet.engine.facts import instant_of, seconds_of
from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer, SlaDefinition
from scuderia.fleet.models.inventory import Cluster, Gpu, Node, Rack, Site, Sku

NODES_PER_RACK = 16
IMPORTED_SKU = "8-gpu-server"
GPUS_PER_NODE = 8
CENTS_PER_GPU_HOUR = 200
TARGET = 0.95


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


def fill_site(
    known: ImportSite,
    *,
    names: Iterable[str],
    size: int,
    customer: str,
    span: tuple[int, int],
) -> None:
    """Bring the site to `size` nodes on the books over `span`, all held by `customer`.

    New names take the place of quiet nodes first; what is missing then is added, quiet or named.
    """
    first, last = instant_of(span[0]), instant_of(span[1])
    site, _ = Site.objects.get_or_create(name=known.site)
    holder, made = Customer.objects.get_or_create(name=customer)
    if made:
        SlaDefinition.objects.create(customer=holder, target=TARGET, time_zone="UTC")
    mine = Node.objects.filter(rack__cluster__site=site, active_to__isnull=False)
    mine.filter(active_to__lt=last).update(active_to=last)
    begins = set(mine.filter(active_from__gt=first).values_list("id", "active_from"))
    for begin in {begin for _, begin in begins}:
        Allocation.objects.filter(node__in=mine, start=begin).update(start=first)
    mine.filter(active_from__gt=first).update(active_from=first)
    fresh = [name for name in names if name not in known.named]
    for old, new in zip(known.quiet, fresh, strict=False):
        Node.objects.filter(name=old).update(name=new)
    fresh = fresh[len(known.quiet) :]
    count = len(known.named) + len(known.quiet)
    missing = max(0, size - count - len(fresh))
    taken = set(known.quiet)
    numbers = (
        number for number in range(1, 2 * size + 2) if _quiet(site.name, number) not in taken
    )
    fresh += [_quiet(site.name, next(numbers)) for _ in range(missing)]
    _add(site, fresh, holder, count=count, span=span)


def _add(
    site: Site, names: list[str], holder: Customer, *, count: int, span: tuple[int, int]
) -> None:
    sku, _ = Sku.objects.get_or_create(
        name=IMPORTED_SKU,
        defaults={
            "gpus_per_node": GPUS_PER_NODE,
            "gpu_model": "not stated",
            "cents_per_gpu_hour": CENTS_PER_GPU_HOUR,
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
            )
        )
    Node.objects.bulk_create(nodes)
    slots = range(sku.gpus_per_node)
    Gpu.objects.bulk_create([Gpu(node=node, slot=slot) for node in nodes for slot in slots])
    Allocation.objects.bulk_create(
        [Allocation(customer=holder, node=node, start=node.active_from) for node in nodes]
    )


def _quiet_prefix(site: str) -> str:
    return f"{site}-quiet-"


def _quiet(site: str, number: int) -> str:
    return f"{_quiet_prefix(site)}{number:04d}"
