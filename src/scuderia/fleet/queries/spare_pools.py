"""How many spares each cluster is meant to keep, and how many stand ready."""

from collections import Counter
from dataclasses import dataclass

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.models.spare_pools import SparePool
from scuderia.fleet.queries.access import readable_scopes, scopes_above
from scuderia.fleet.queries.nodes import fleet_board


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


@dataclass(frozen=True, slots=True)
class StockedPool:
    """A cluster's spares: how many it is meant to keep, how many stand ready."""

    cluster: str
    site: str
    target_size: int
    ready: int


def list_stocked_pools(actor: Actor, at: AwareDatetime) -> tuple[StockedPool, ...]:
    """Return the pools of the clusters that the actor may read whole, with what stands ready."""
    ready = Counter(node.place.cluster for node in fleet_board(at).nodes if node.spare)
    return tuple(
        StockedPool(pool.cluster, pool.site, pool.target_size, ready[pool.cluster])
        for pool in list_pool_sizes(actor)
    )


def list_pool_sizes(actor: Actor) -> tuple[SparePoolSize, ...]:
    """Return the pools of the clusters that the actor may read whole, without what stands ready."""
    scopes = readable_scopes(actor)
    return tuple(
        pool
        for pool in list_spare_pools()
        if not scopes.isdisjoint(scopes_above(pool.site, pool.cluster))
    )
