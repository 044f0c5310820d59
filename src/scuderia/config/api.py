"""The JSON API at /api/v1: who may come in, how a failure is told, which rooms answer."""

import logging
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Router, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from scuderia.basics.errors import (
    BadInput,
    NotFound,
    Refused,
    ScuderiaError,
    Unable,
)
from scuderia.basics.rooms import opened
from scuderia.config.rooms import rooms
from scuderia.config.world_errors import world_error
from scuderia.loop.api.auth import SessionAuth, TokenAuth
from scuderia.web.base_views import STATUSES

FIELDS_TOLD_MAX = 5
WORDS_TOLD_MAX = 500
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
log = logging.getLogger("scuderia.api")


class NoEntry(Refused):
    """The request carries no token and no session that is valid now."""

    code = "WEB-003"
    remedy = "Send `Authorization: Bearer TOKEN`; make one with `scuderia people token`."


class BadRequest(BadInput):
    """A parameter or the body cannot be read."""

    code = "WEB-004"
    remedy = "Compare the request with /api/v1/openapi.json."


class TooLarge(BadInput):
    """The body is larger than the API reads."""

    code = "WEB-005"
    remedy = f"Send at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes."


class NoRoute(NotFound):
    """The API has nothing at that address."""

    code = "WEB-006"
    remedy = "Look the address up in /api/v1/openapi.json."


class Bug(Unable):
    """A mistake of Scuderia's own; the log has it."""

    code = "WEB-008"
    remedy = "Report it with the time and the address; the log holds the rest."


class PrivateAPI(NinjaAPI):
    """Marks every answer as one person's own: nothing on the way may keep it."""

    def create_temporal_response(self, request: HttpRequest) -> HttpResponse:
        """Return the empty answer that a route fills."""
        return _private(super().create_temporal_response(request))

    def create_response(self, request: HttpRequest, data: Any, **given: Any) -> HttpResponse:
        """Return an answer with this content."""
        return _private(super().create_response(request, data, **given))


class HealthOut(Schema):
    """That the web process answers, and which version it is."""

    status: str
    version: str


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "private, no-store"
    return response


api = PrivateAPI(
    title="Scuderia",
    version="1",
    description="What the pages show, and the acts they offer, by the same rules.",
    docs_url=None,  # its page would load scripts from elsewhere
    openapi_url="/openapi.json",
    auth=[TokenAuth(), SessionAuth()],
)
outside = Router()


@api.get("/health", auth=None, response=HealthOut, tags=["health"])
def health(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001 - ninja's
    """Say that the web process answers; nothing else is told without a sign-in."""
    return {"status": "ok", "version": version("scuderia")}


@outside.api_operation(METHODS, "/", auth=None, include_in_schema=False)
def root(request: HttpRequest) -> None:  # noqa: ARG001 - ninja's
    """Tell that the root itself holds nothing."""
    raise NoRoute("the API has nothing at its root")


@outside.api_operation(METHODS, "/{path:rest}", auth=None, include_in_schema=False)
def nowhere(request: HttpRequest, rest: str) -> None:  # noqa: ARG001 - ninja's
    """Tell that nothing is there."""
    raise NoRoute("the API has nothing at that address")


for _room in rooms():
    if _room.api:
        api.add_router(_room.api_prefix, opened(_room.api))
api.add_router("", outside)  # last: it takes whatever the rooms do not


def status_of(error: ScuderiaError) -> int:
    """Return the HTTP status of an expected failure."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 409)


def _told(request: HttpRequest, error: ScuderiaError, status: int) -> HttpResponse:
    return api.create_response(request, error.as_json(), status=status)


@api.exception_handler(ScuderiaError)
def _expected(request: HttpRequest, error: ScuderiaError) -> HttpResponse:
    return _told(request, error, status_of(error))


@api.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001 - ninja's
    response = _told(request, NoEntry("no valid token and no session"), 401)
    response.headers["WWW-Authenticate"] = 'Bearer realm="scuderia"'
    return response


@api.exception_handler(ValidationError)
def _unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    told = [
        f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
        for one in error.errors[:FIELDS_TOLD_MAX]
    ]
    return _told(request, BadRequest("; ".join(told)[:WORDS_TOLD_MAX]), 422)


@api.exception_handler(HttpError)
def _by_number(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _told(request, BadRequest(error.message), error.status_code)


@api.exception_handler(Http404)
def _absent(request: HttpRequest, error: Http404) -> HttpResponse:  # noqa: ARG001 - ninja's
    return _told(request, NoRoute("the API has nothing at that address"), 404)


@api.exception_handler(SuspiciousOperation)
def _suspicious(request: HttpRequest, error: SuspiciousOperation) -> HttpResponse:
    if isinstance(error, RequestDataTooBig):
        return _told(request, TooLarge("the body is too large"), 413)
    return _told(request, BadRequest("the request cannot be read"), 400)


@api.exception_handler(Exception)
def _bug(request: HttpRequest, error: Exception) -> HttpResponse:
    if told := world_error(error):
        log.error("%s at %s %s", told.code, request.method, request.path, exc_info=error)
        return _told(request, told, status_of(told))
    log.error("a bug at %s %s", request.method, request.path, exc_info=error)
    return _told(request, Bug("something went wrong inside"), 500)
