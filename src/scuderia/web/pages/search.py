"""Search: one box over every page and subject; the dialog cuts its answer out of this page."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from scuderia.web.base_views import page, show
from scuderia.web.request_context import request_context
from scuderia.web.search import TEXT_MAX, Found, find


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was asked and what was found.

    longest   the most characters that the box takes
    """

    found: Found
    longest: int


@require_safe
@page
def search(request: HttpRequest) -> HttpResponse:
    """Show what `?q=` finds; without it, every page."""
    asked = request_context(request)
    found = find(asked.actor, request.GET.get("q", ""))
    return show(request, "web/search.html", SearchPage(found, TEXT_MAX))
