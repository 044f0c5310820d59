"""What every request meets first: HEAD like GET, the machine's errors told, patient sessions."""

import logging
from collections.abc import Callable
from typing import cast

from django.contrib.sessions.middleware import SessionMiddleware
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from scuderia.config.world_errors import world_error
from scuderia.web.base_views import status_of
from scuderia.web.writers import OthersWrite, is_busy, told

_log = logging.getLogger(__name__)


class HeadAsGet:
    """Answers HEAD with the status and headers that GET has, and no body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Ask as for GET, and keep the body back."""
        if request.method != "HEAD":
            return self._get_response(request)
        request.method = "GET"
        response = self._get_response(request)
        request.method = "HEAD"
        if response.streaming:
            cast("StreamingHttpResponse", response).streaming_content = ()
        else:
            whole = cast("HttpResponse", response)
            whole.headers["Content-Length"] = str(len(whole.content))
            whole.content = b""
        return response


class WorldErrors:
    """Tells a page's reader of a full disk, a broken file or a lock held too long, in plain text.

    Plain, since a page of ours would ask the database that has just failed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the words for what the machine did; None for a bug."""
        told = world_error(error)
        if told is None:
            return None
        _log.error("%s at %s %s", told.code, request.method, request.path, exc_info=error)
        words = f"{told.code} {told.message}\n\n{told.remedy}\n"
        return HttpResponse(words, status=status_of(told) or 503, content_type="text/plain")


class BoundedSessions(SessionMiddleware):
    """Keeps the sessions of signed-in people; one whose turn does not come is told so (503)."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save the session if it was changed."""
        if not request.session.modified:
            return super().process_response(request, response)
        from scuderia.loop.operations.patience import waiting_at_most
        from scuderia.loop.operations.sign_ins import TURN_WITHIN_S

        try:
            with waiting_at_most(TURN_WITHIN_S):
                return super().process_response(request, response)
        except OperationalError as error:
            if not is_busy(error):
                raise
            return told(request, OthersWrite("the database is held by another writer"))
