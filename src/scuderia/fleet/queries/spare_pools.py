"""How many spares each cluster is meant to keep."""

from dataclasses import dataclass

from scuderia.fleet.models.spare_pools import SparePool


@dataclass(frozen=True, slots=True)
class SparePoolSize:
    """How many spares a cluster is meant to keep."""

    cluster: str
    site: str
    target_size: int


def list_spare_pools() -> tuple[SparePoolSize, ...]:
    """Return the target size of each cluster's spare pool; what stands ready is on the board."""
    rows = SparePool.objects.order_by("cluster__name").values_list(
        "cluster__name", "cluster__site__name", "target_size"
    )
    return tuple(SparePoolSize(*row) for row in rows)
