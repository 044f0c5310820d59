"""The outages that last, within one's reach, over JSON."""

from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.fleet.api.nodes import PlaceOut
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.queries import outages
from scuderia.fleet.queries.outages import OpenOutage
from scuderia.loop.api.common import Limit, Offset, PageOut, answers, page_of, request_actor
from scuderia.loop.ports import registry

router = Router()


class OpenOutageOut(Schema):
    """An outage that lasts; `phase` null means that nobody said."""

    place: PlaceOut
    gpus: int
    start: datetime
    age_s: int
    cause: str
    planned: bool
    customer: str | None
    phase: NodeState | None
    phase_since: datetime | None
    outages_28d: int

    @staticmethod
    def resolve_age_s(outage: OpenOutage) -> int:
        """Return the age in whole seconds."""
        return int(outage.age.total_seconds())


@router.get("/outages", response=answers(PageOut[OpenOutageOut]))
def list_open_outages(
    request: HttpRequest, limit: Limit = 100, offset: Offset = 0
) -> Mapping[str, object]:
    """Return the outages that last, oldest first."""
    found = outages.list_open_outages(request_actor(request), registry.clock.now())
    return page_of(found, limit, offset)
