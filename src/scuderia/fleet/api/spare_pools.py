"""The spare pools within one's reach over JSON: what each is meant to keep, what stands ready."""

from collections import Counter
from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.fleet.queries.access import readable_scopes, scopes_above
from scuderia.fleet.queries.nodes import fleet_board
from scuderia.fleet.queries.spare_pools import list_spare_pools
from scuderia.loop.api.common import Limit, Offset, PageOut, answers, page_of, request_actor
from scuderia.loop.ports import registry

router = Router()


class SparePoolOut(Schema):
    """A cluster's spares: how many it is meant to keep, how many stand ready."""

    cluster: str
    site: str
    target_size: int
    ready: int


@router.get("/spare-pools", response=answers(PageOut[SparePoolOut]))
def get_spare_pools(
    request: HttpRequest, limit: Limit = 100, offset: Offset = 0
) -> Mapping[str, object]:
    """Return each cluster's spares: the pool's target and what stands ready."""
    scopes = readable_scopes(request_actor(request))
    nodes = fleet_board(registry.clock.now()).nodes
    ready = Counter(node.place.cluster for node in nodes if node.spare)
    pools = [
        {
            "cluster": pool.cluster,
            "site": pool.site,
            "target_size": pool.target_size,
            "ready": ready[pool.cluster],
        }
        for pool in list_spare_pools()
        if not scopes.isdisjoint(scopes_above(pool.site, pool.cluster))
    ]
    return page_of(pools, limit, offset)
