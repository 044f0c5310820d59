"""The search over every page and subject, as JSON."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from scuderia.loop.api.common import NO_NUL, answers, request_actor
from scuderia.web.search import HITS_MAX, TEXT_MAX, Found, find

router = Router(tags=["search"])


@router.get("/search", response=answers(Found))
def search(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=TEXT_MAX, pattern=NO_NUL)] = "",
    limit: Annotated[int, Query(ge=1, le=HITS_MAX)] = 20,
) -> Found:
    """Return pages and subjects that the words name and the caller may read."""
    return find(request_actor(request), q, limit=limit)
