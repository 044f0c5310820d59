"""Who may come in: whoever carries a token, or is signed in."""

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from scuderia.basics.actors import Actor, actor_of
from scuderia.basics.errors import (
    NotAuthorised,
)
from scuderia.loop.operations import people
from scuderia.loop.ports import registry

TOKEN_CHARACTERS_MAX = 200


class NoCsrf(NotAuthorised):
    """A write came with a session and without the page's own token."""

    code = "WEB-007"
    remedy = "Send the csrftoken cookie's value as X-CSRFToken, or use an API token."


class TokenAuth(HttpBearer):
    """Lets in whoever carries a valid API token, narrowed to what the token leaves."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:  # noqa: ARG002 - ninja's
        """Return the person behind the token; tokens age by the wall's clock."""
        if len(token) > TOKEN_CHARACTERS_MAX or not token.isascii() or not token.isprintable():
            return None
        return people.authenticate_token(token, now=registry.wall.now())


class SessionAuth(APIKeyCookie):
    """Lets in the person signed in; writes need the CSRF token, as every form does.

    A request that names a token is judged by the token alone, also when it is wrong.
    """

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:  # noqa: ARG002 - ninja's
        """Return the person of the session."""
        if "Authorization" in request.headers or not request.user.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise NoCsrf("the session's write carries no CSRF token")
        return actor_of(request.user)
