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
from scuderia.loop.api.common import (
    Limit,
    Offset,
    PageOut,
    SubjectText,
    Wanted,
    Words,
    answers,
    asked_by,
    page_of,
    request_actor,
)

router = Router()


@router.get("/prices", response=answers(PageOut[Price]))
def get_prices(
    request: HttpRequest, customer: Wanted = "", limit: Limit = 100, offset: Offset = 0
) -> Mapping[str, object]:
    """Return the prices within reach; 1900-01-01 is from the beginning, 0 cents states none."""
    return page_of(list_prices(request_actor(request), customer=customer or None), limit, offset)


class PriceIn(Schema):
    """A price from a day on: of a node type, or a customer's own; a reason where another stood."""

    sku: SubjectText
    cents_per_gpu_hour: Count
    customer: SubjectText | None = None
    first_day: date = BEGINNING
    reason: Words = ""


@router.post("/prices", response=answers(ChangedOut))
def state(request: HttpRequest, said: PriceIn) -> dict[str, bool]:
    """State what a GPU-hour costs from a day on, until the next price begins."""
    return {"changed": set_price(**asked_by(request), **said.dict())}
