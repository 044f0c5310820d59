"""What a GPU-hour costs, from which day on, over JSON: read within one's reach, and stated."""

from collections.abc import Mapping
from datetime import date

from django.http import HttpRequest
from ninja import Router, Schema

from scuderia.fleet.api.customers import ChangedOut
from scuderia.fleet.api.skus import Count
from scuderia.fleet.nouns import BEGINNING, Price
from scuderia.fleet.operations.prices import set_price
from scuderia.fleet.queries.prices import list_prices
from scuderia.loop.api import common

router = Router()


@router.get("/prices", response=common.answers(common.PageOut[Price]))
def get_prices(
    request: HttpRequest, customer: common.Wanted = "", *, page: common.LongPage
) -> Mapping[str, object]:
    """Return the prices within reach; 1900-01-01 is from the beginning, 0 cents states none."""
    return page.of(list_prices(common.request_actor(request), customer=customer or None))


class PriceIn(Schema):
    """A price from a day on: of a node type, or a customer's own; a reason where another stood."""

    sku: common.SubjectText
    cents_per_gpu_hour: Count
    customer: common.SubjectText | None = None
    first_day: date = BEGINNING
    reason: common.Words = ""


@router.post("/prices", response=common.answers(ChangedOut))
def state(request: HttpRequest, said: PriceIn) -> dict[str, bool]:
    """State what a GPU-hour costs from a day on, until the next price begins."""
    return {"changed": set_price(**common.asked_by(request), **said.dict())}
