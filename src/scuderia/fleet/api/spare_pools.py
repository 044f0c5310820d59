"""The spare pools within one's reach over JSON: what each is meant to keep, what stands ready."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Router

from scuderia.fleet.queries.spare_pools import StockedPool, list_stocked_pools
from scuderia.loop.api import common
from scuderia.loop.ports import registry

router = Router()


@router.get("/spare-pools", response=common.answers(common.PageOut[StockedPool]))
def get_spare_pools(request: HttpRequest, *, page: common.LongPage) -> Mapping[str, object]:
    """Return each cluster's spares: the pool's target and what stands ready."""
    pools = list_stocked_pools(common.request_actor(request), registry.clock.now())
    return page.of(pools)
