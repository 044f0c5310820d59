"""Sign in and out: Django's own sessions, with growing waits after wrong passwords."""

from dataclasses import dataclass

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from scuderia.basics.actors import actor_of
from scuderia.loop.operations import sign_ins
from scuderia.loop.operations.people import PASSWORD_CHARACTERS_MAX
from scuderia.loop.operations.sign_ins import NAME_CHARACTERS_MAX, HeldBack
from scuderia.loop.ports import registry
from scuderia.web.base_views import SEE_OTHER, refusal_of
from scuderia.web.components import Field, Refusal
from scuderia.web.request_context import client_address

WRONG = Refusal("WEB-001", "that name and password do not match", "Check both and try again.")


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The form, and why it came back."""

    fields: tuple[Field, ...]
    onward: str


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or open a session."""
    onward = _onward(request)
    if request.method == "POST":
        return _opened(request, onward)
    if request.user.is_authenticated:
        return HttpResponseRedirect(onward)
    return _form(request, onward, None, 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the session."""
    if request.user.is_authenticated:
        sign_ins.sign_out(
            actor=actor_of(request.user),
            address=client_address(request),
            now=registry.clock.now(),
        )
    logout(request)
    return HttpResponseRedirect(reverse("sign-in"), status=SEE_OTHER)


def _opened(request: HttpRequest, onward: str) -> HttpResponse:
    name, address = _name(request), client_address(request)
    try:
        sign_ins.begin_attempt(name=name, address=address, wall=registry.wall.now())
    except HeldBack as error:
        held = _form(request, onward, refusal_of(error), 429)
        held.headers["Retry-After"] = str(error.wait_s)
        return held
    password = request.POST.get("password", "")[:PASSWORD_CHARACTERS_MAX]
    person = authenticate(request, username=name, password=password)
    if person is None:
        sign_ins.refuse_sign_in(name=name, address=address, now=registry.clock.now())
        return _form(request, onward, WRONG, 401)
    sign_ins.sign_in(actor=actor_of(person), address=address, now=registry.clock.now())
    login(request, person)
    return HttpResponseRedirect(onward, status=SEE_OTHER)


def _name(request: HttpRequest) -> str:
    return request.POST.get("username", "")[:NAME_CHARACTERS_MAX]


def _form(request: HttpRequest, onward: str, refusal: Refusal | None, status: int) -> HttpResponse:
    fields = (
        Field("username", "Name", value=_name(request), required=True, autocomplete="username",
              longest=NAME_CHARACTERS_MAX),
        Field("password", "Password", "password", required=True, autocomplete="current-password"),
        Field("next", "", "hidden", value=onward),
    )  # fmt: skip
    context = {"page": SignInPage(fields, onward), "refusal": refusal}
    return render(request, "loop/sign_in.html", context, status=status)


def _onward(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or reverse("now")
    safe = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if safe else reverse("now")
