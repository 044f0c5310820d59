"""The customers within one's reach over JSON."""

from collections.abc import Mapping

from django.http import HttpRequest
from ninja import Router

from scuderia.fleet.queries.customers import CustomerSummary, list_customers
from scuderia.loop.api.common import Limit, Offset, PageOut, answers, page_of, request_actor

router = Router()


@router.get("/customers", response=answers(PageOut[CustomerSummary]))
def get_customers(
    request: HttpRequest, limit: Limit = 100, offset: Offset = 0
) -> Mapping[str, object]:
    """Return the customers within reach, with what each was promised."""
    return page_of(list_customers(request_actor(request)), limit, offset)
