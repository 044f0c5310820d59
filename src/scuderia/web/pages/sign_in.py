"""Sign in and out: Django's own sessions, with a limit on guesses."""

from dataclasses import dataclass

from django.contrib.auth import authenticate, login, logout
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from scuderia.web.components import Field, Refusal

GUESSES_MAX = 8
GUESSES_PER_ADDRESS_MAX = 60
WINDOW_S = 900
SEE_OTHER = 303
WRONG = Refusal("WEB-001", "that name and password do not match", "Check both and try again.")
TOO_MANY = Refusal(
    "WEB-002",
    "too many wrong passwords for this name or from this address",
    f"Wait {WINDOW_S // 60} minutes, or ask an admin to set a new password.",
)


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The form, and why it came back."""

    fields: tuple[Field, ...]
    onward: str


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form, or open a session."""
    onward = _onward(request)
    if request.method == "GET":
        if request.user.is_authenticated:
            return HttpResponseRedirect(onward)
        return _form(request, onward, None, 200)
    name = request.POST.get("username", "")[:150]
    if _guessed_too_often(request, name):
        return _form(request, onward, TOO_MANY, 429)
    person = authenticate(request, username=name, password=request.POST.get("password", "")[:500])
    if person is None:
        _count_guess(request, name)
        return _form(request, onward, WRONG, 401)
    cache.delete(_name_key(request, name))
    login(request, person)
    return HttpResponseRedirect(onward, status=SEE_OTHER)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the session."""
    logout(request)
    return HttpResponseRedirect(reverse("sign-in"), status=SEE_OTHER)


def _form(request: HttpRequest, onward: str, refusal: Refusal | None, status: int) -> HttpResponse:
    fields = (
        Field("username", "Name", value=request.POST.get("username", "")[:150], required=True,
              autocomplete="username", longest=150),
        Field("password", "Password", "password", required=True, autocomplete="current-password"),
        Field("next", "", "hidden", value=onward),
    )  # fmt: skip
    context = {"page": SignInPage(fields, onward), "refusal": refusal}
    return render(request, "web/sign_in.html", context, status=status)


def _onward(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or reverse("now")
    safe = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if safe else reverse("now")


def _guessed_too_often(request: HttpRequest, name: str) -> bool:
    return (
        cache.get(_name_key(request, name), 0) >= GUESSES_MAX
        or cache.get(_address_key(request), 0) >= GUESSES_PER_ADDRESS_MAX
    )


def _count_guess(request: HttpRequest, name: str) -> None:
    for key in (_name_key(request, name), _address_key(request)):
        cache.add(key, 0, WINDOW_S)
        cache.incr(key)


def _name_key(request: HttpRequest, name: str) -> str:
    return f"guesses:{name.casefold().encode().hex()}:{request.META.get('REMOTE_ADDR', '')}"


def _address_key(request: HttpRequest) -> str:
    return f"guesses-from:{request.META.get('REMOTE_ADDR', '')}"
