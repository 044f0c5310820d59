"""One's own password: changed with the old one, or chosen over a link that an admin gave."""

from dataclasses import dataclass

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from scuderia.loop.operations import passwords, sign_ins
from scuderia.loop.operations.passwords import BadPassword, DeadLink, WrongPassword
from scuderia.loop.operations.people import PASSWORD_CHARACTERS_MAX
from scuderia.loop.ports import registry
from scuderia.web.base_views import act, page, refused, show
from scuderia.web.components import Field
from scuderia.web.request_context import client_address, request_context


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """The form."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class LinkPage:
    """The form behind a link, and whose password it sets."""

    person: str
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


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("new", "again")
def chosen(request: HttpRequest, person: str, secret: str) -> HttpResponse:
    """Show the form behind a link to whoever has it, or set the password."""
    if not passwords.link_opens(person=person, secret=secret):
        return refused(request, DeadLink("this link opens nothing any more"), 404)

    def shown() -> HttpResponse:
        return show(request, "loop/password_link.html", LinkPage(person, _new_fields()))

    def doing() -> str:
        new, now = _new_password(request), registry.clock.now()
        passwords.choose_password(person=person, secret=secret, new=new, now=now)
        return "Your password is set. Sign in with it."

    if request.method != "POST":
        return shown()
    return act(request, doing, then=reverse("sign-in"), again=shown)


def _new_password(request: HttpRequest) -> str:
    new = request.POST.get("new", "")
    if new != request.POST.get("again", ""):
        raise BadPassword("the new password was typed in two ways")
    return new


def _changed(request: HttpRequest) -> str:
    asked, said = request_context(request), request.POST
    new = _new_password(request)
    name, address = asked.actor.name, client_address(request)
    attempt = sign_ins.begin_attempt(name=name, address=address, wall=registry.wall.now())
    try:
        passwords.change_password(
            actor=asked.actor, old=said.get("old", ""), new=new, now=asked.now
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
    old = Field("old", "Present password", "password", required=True,
                autocomplete="current-password", longest=PASSWORD_CHARACTERS_MAX)  # fmt: skip
    return show(request, "loop/password.html", PasswordPage((old, *_new_fields())))


def _new_fields() -> tuple[Field, Field]:
    def field(name: str, label: str) -> Field:
        return Field(
            name, label, "password", required=True, autocomplete="new-password",
            longest=PASSWORD_CHARACTERS_MAX,
        )  # fmt: skip

    return field("new", "New password"), field("again", "New password, again")
