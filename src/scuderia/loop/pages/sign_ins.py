"""Sign in and out: Django's own sessions, with growing waits after wrong passwords."""

from dataclasses import dataclass

from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from scuderia.basics.actors import actor_of
from scuderia.loop.operations import sign_ins
from scuderia.loop.operations.patience import waiting_at_most
from scuderia.loop.operations.people import PASSWORD_CHARACTERS_MAX
from scuderia.loop.operations.sign_ins import NAME_CHARACTERS_MAX, TURN_WITHIN_S, HeldBack
from scuderia.loop.ports import registry
from scuderia.web.base_views import SEE_OTHER, refusal_of
from scuderia.web.components import Field, Refusal
from scuderia.web.request_context import client_address

CAME_BY = "came_by"
"""Where a session keeps by which other way than a password it was opened."""
PASSWORDS_SHUT = Refusal(
    "SSO-008", "no password opens here", "Sign in by single sign-on; see docs/operating.md."
)
WRONG = Refusal("WEB-001", "that name and password do not match", "Check both and try again.")


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The form, and where it leads.

    provider    by whose word one comes in as well; "" for nobody's
    passwords   whether a password opens at all
    """

    fields: tuple[Field, ...]
    onward: str
    provider: str = ""
    passwords: bool = True


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or open a session."""
    onward = onward_of(request)
    if request.method == "POST":
        return _opened(request, onward)
    if request.user.is_authenticated:
        return HttpResponseRedirect(onward)
    return sign_in_form(request, onward, None, 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the session."""
    if request.user.is_authenticated:
        sign_ins.sign_out(
            actor=actor_of(request.user),
            address=client_address(request),
            by=str(request.session.get(CAME_BY, "")),
            now=registry.clock.now(),
        )
    with waiting_at_most(TURN_WITHIN_S):
        logout(request)
    return HttpResponseRedirect(reverse("sign-in"), status=SEE_OTHER)


def _opened(request: HttpRequest, onward: str) -> HttpResponse:
    if not passwords_open():
        return sign_in_form(request, onward, PASSWORDS_SHUT, 403)
    name, address = _name(request), client_address(request)
    try:
        sign_ins.begin_attempt(name=name, address=address, wall=registry.wall.now())
    except HeldBack as error:
        return held_back(request, onward, error)
    password = request.POST.get("password", "")[:PASSWORD_CHARACTERS_MAX]
    person = authenticate(request, username=name, password=password)
    if person is None:
        sign_ins.refuse_sign_in(name=name, address=address, now=registry.clock.now())
        return sign_in_form(request, onward, WRONG, 401)
    sign_ins.sign_in(actor=actor_of(person), address=address, now=registry.clock.now())
    with waiting_at_most(TURN_WITHIN_S), transaction.atomic():  # the session, and when they came
        login(request, person)
    return HttpResponseRedirect(onward, status=SEE_OTHER)


def _name(request: HttpRequest) -> str:
    return request.POST.get("username", "")[:NAME_CHARACTERS_MAX]


def sign_in_form(
    request: HttpRequest, onward: str, refusal: Refusal | None, status: int
) -> HttpResponse:
    """Show the form, with what was refused before it, if anything."""
    fields = (
        Field("username", "Name", value=_name(request), required=True, autocomplete="username",
              longest=NAME_CHARACTERS_MAX),
        Field("password", "Password", "password", required=True, autocomplete="current-password"),
        Field("next", "", "hidden", value=onward),
    )  # fmt: skip
    sso = registry.single_sign_on
    shown = SignInPage(fields, onward, sso.provider.name if sso else "", passwords_open())
    context = {"page": shown, "refusal": refusal}
    return render(request, "loop/sign_in.html", context, status=status)


def held_back(request: HttpRequest, onward: str, error: HeldBack) -> HttpResponse:
    """Show the form to who has to wait, and for how long."""
    held = sign_in_form(request, onward, refusal_of(error), 429)
    held.headers["Retry-After"] = str(error.wait_s)
    return held


def passwords_open() -> bool:
    """Say whether a password opens the pages at all."""
    return registry.single_sign_on is None or registry.single_sign_on.passwords


def onward_of(request: HttpRequest) -> str:
    """Return where whoever signs in goes next: a page of ours that was asked for, or Now."""
    asked = request.POST.get("next") or request.GET.get("next") or reverse("now")
    safe = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if safe else reverse("now")
