"""The JSON API at /api/v1: who may come in, how a failure is told, which rooms answer."""

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.security import HttpBearer, SessionAuth

from scuderia.basics.actors import Actor
from scuderia.basics.errors import (
    BadInput,
    NotAuthorised,
    NotFound,
    Refused,
    ScuderiaError,
    Unable,
)
from scuderia.fleet.api.routes import router as fleet
from scuderia.loop.api.routes import router as loop
from scuderia.loop.operations import people
from scuderia.loop.ports import sockets
from scuderia.loop.queries.standing import actor_of

STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404),
    (NotAuthorised, 403),
    (BadInput, 422),
    (Refused, 409),
    (Unable, 503),
)
FIELDS_TOLD_MAX = 5


class NoEntry(Refused):
    """The request carries no token and no session that is valid now."""

    code = "WEB-003"
    remedy = "Send `Authorization: Bearer TOKEN`; an admin issues one with `scuderia people`."


class BadRequest(BadInput):
    """A parameter or the body cannot be read."""

    code = "WEB-004"
    remedy = "Compare the request with /api/v1/openapi.json."


class TokenDoor(HttpBearer):
    """Lets in whoever carries a valid API token, narrowed to what the token leaves."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:  # noqa: ARG002 - ninja's
        """Return the person behind the token."""
        return people.authenticate_token(token, now=sockets.clock.now())


class SessionDoor(SessionAuth):
    """Lets in the person signed in; writes need the CSRF token, as every form does."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002 - ninja's
        """Return the person of the session."""
        return actor_of(request.user) if request.user.is_authenticated else None


api = NinjaAPI(
    title="Scuderia",
    version="1",
    description="What the pages show, and the acts they offer, by the same rules.",
    docs_url=None,  # its page would load scripts from elsewhere
    openapi_url="/openapi.json",
    auth=[TokenDoor(), SessionDoor()],
)
api.add_router("", loop)
api.add_router("/fleet", fleet)


@api.exception_handler(ScuderiaError)
def _expected(request: HttpRequest, error: ScuderiaError) -> HttpResponse:
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 409)
    return api.create_response(request, error.as_json(), status=status)


@api.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:  # noqa: ARG001 - ninja's
    told = NoEntry("no valid token and no session").as_json()
    response = api.create_response(request, told, status=401)
    response.headers["WWW-Authenticate"] = 'Bearer realm="scuderia"'
    return response


@api.exception_handler(ValidationError)
def _unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    told = [
        f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
        for one in error.errors[:FIELDS_TOLD_MAX]
    ]
    return api.create_response(request, BadRequest("; ".join(told)).as_json(), status=422)
