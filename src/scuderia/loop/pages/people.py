"""One's own password: changed on a page, with the old one; one's other sessions end."""

from dataclasses import dataclass

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from scuderia.loop.operations import passwords, sign_ins
from scuderia.loop.operations.passwords import BadPassword, WrongPassword
from scuderia.loop.ports import registry
from scuderia.web.base_views import act, page, show
from scuderia.web.components import Field
from scuderia.web.request_context import client_address, request_context


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """The form."""

    fields: tuple[Field, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("old", "new", "again")
@page
def password(request: HttpRequest) -> HttpResponse:
    """Show the form, or change the password of whoever is signed in."""
    if request.method != "POST":
        return _shown(request)
    return act(
        request, lambda: _changed(request), then=reverse("password"), again=lambda: _shown(request)
    )


def _changed(request: HttpRequest) -> str:
    asked, said = request_context(request), request.POST
    if said.get("new", "") != said.get("again", ""):
        raise BadPassword("the new password was typed in two ways")
    name, address = asked.actor.name, client_address(request)
    attempt = sign_ins.begin_attempt(name=name, address=address, wall=registry.wall.now())
    try:
        passwords.change_password(
            actor=asked.actor, old=said.get("old", ""), new=said.get("new", ""), now=asked.now
        )
    except WrongPassword:
        sign_ins.refuse_sign_in(name=name, address=address, now=asked.now)
        raise
    except BadPassword:
        sign_ins.take_back(attempt)
        raise
    _keep_session(request)
    return "Your password is changed. Your other sessions have ended."


def _keep_session(request: HttpRequest) -> None:
    """Bind this session, alone of one's sessions, to the new password."""
    user = request.user
    assert isinstance(user, AbstractUser)  # noqa: S101 - the page opens to people signed in
    user.refresh_from_db()
    update_session_auth_hash(request, user)


def _shown(request: HttpRequest) -> HttpResponse:
    fields = (
        Field("old", "Present password", "password", required=True,
              autocomplete="current-password", longest=500),
        Field("new", "New password", "password", required=True, autocomplete="new-password",
              longest=500),
        Field("again", "New password, again", "password", required=True,
              autocomplete="new-password", longest=500),
    )  # fmt: skip
    return show(request, "loop/password.html", PasswordPage(fields))
