"""Few writers wait at once, so that pages answer and the brake gets through while one waits."""

import threading
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse

from scuderia.basics.errors import Unable
from scuderia.web.base_views import refused

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PATIENCE_S = 1.0
"""How long a write waits for room among the writers, holding its thread."""


class OthersWrite(Unable):
    """Others are writing, and it was not this request's turn in time; nothing was done."""

    code = "WEB-011"
    remedy = "Send it again in a moment; a long import may be under way."


class BoundedWriters:
    """Lets so many writes at once wait for the database; those of urgent addresses always."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if settings.WRITERS_AT_ONCE < 1:
            raise MiddlewareNotUsed
        self._get_response = get_response
        self._room = threading.BoundedSemaphore(settings.WRITERS_AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and make room for the next writer."""
        try:
            return self._get_response(request)
        finally:
            if getattr(request, "holds_room", False):
                self._room.release()

    def process_view(
        self, request: HttpRequest, _view: object, _args: object, _named: object
    ) -> HttpResponse | None:
        """Ask for room before a write."""
        match = request.resolver_match
        if request.method in SAFE or (match and match.url_name in settings.URGENT_URLS):
            return None
        if not self._room.acquire(timeout=PATIENCE_S):
            return told(request, OthersWrite("as many as may wait are waiting to write"))
        request.holds_room = True  # type: ignore[attr-defined]  # ours, let go of in __call__
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Tell a writer whose turn did not come that nothing was done."""
        return (
            told(request, OthersWrite("the database is held by another writer"))
            if (is_busy(error))
            else None
        )


def is_busy(error: Exception) -> bool:
    """Say whether the database refused because another writer held it too long."""
    words = str(error).lower()
    return isinstance(error, OperationalError) and any(
        said in words for said in ("database is locked", "lock timeout", "busy")
    )


def told(request: HttpRequest, error: Unable) -> HttpResponse:
    """Return the refusal as the address speaks: JSON for the API, a page for people."""
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse(error.as_json(), status=503)
    else:
        response = refused(request, error, 503)
    response.headers["Retry-After"] = "1"
    return response
