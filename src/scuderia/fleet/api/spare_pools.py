"""The spare pools within one's reach over JSON: what each is meant to keep, what stands ready."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.fleet.queries.spare_pools import list_stocked_pools
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
    pools = list_stocked_pools(request_actor(request), registry.clock.now())
    return page_of(pools, limit, offset)
