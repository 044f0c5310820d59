"""How every page opens: to people signed in; a failure is shown with its remedy and status."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from scuderia.basics.errors import BadInput, NotAuthorised, NotFound, Refused, Unable
from scuderia.web.components import Refusal

P = ParamSpec("P")
SEE_OTHER = 303
STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404),
    (NotAuthorised, 403),
    (BadInput, 422),
    (Refused, 409),
    (Unable, 503),
)
"""The HTTP status of each family of expected failures, nearest class first."""


class Explained(Protocol):
    """What an expected failure carries for people."""

    code: str
    message: str
    remedy: str


def page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Open a page to people signed in; show what is refused instead of failing."""

    @wraps(view)
    def opened(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        try:
            return view(request, *args, **kwargs)
        except Exception as error:
            status = status_of(error)
            if status is None:
                raise
            return refused(request, error, status)

    return opened


def status_of(error: Exception) -> int | None:
    """Return the HTTP status of an expected failure; None for a bug."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), None)


def refusal_of(error: Exception) -> Refusal:
    """Return what a person is shown of an expected failure."""
    said = cast("Explained", error)
    return Refusal(said.code, said.message, said.remedy)


def refused(request: HttpRequest, error: Exception, status: int) -> HttpResponse:
    """Show an expected failure on a page of its own."""
    context = {"failure": refusal_of(error), "status": status}
    return render(request, "web/refused.html", context, status=status)


def show(request: HttpRequest, template: str, context: object) -> HttpResponse:
    """Render a page from its one frozen dataclass, with what was refused before it, if anything."""
    status = getattr(request, "refusal_status", 200)
    return render(request, template, {"page": context}, status=status)


def attempt(request: HttpRequest, doing: Callable[[], str]) -> str | None:
    """Do it and return its words; None where it was refused, which the page shown next tells."""
    try:
        return doing()
    except Exception as error:
        status = status_of(error)
        if status is None:
            raise
        noted = cast("Any", request)
        noted.refusal, noted.refusal_status = refusal_of(error), status
        noted.refused_by = error
        return None


def act(
    request: HttpRequest,
    doing: Callable[[], str],
    *,
    then: str,
    again: Callable[[], HttpResponse],
) -> HttpResponse:
    """Carry out one operation; go on to `then` saying what was done, or show the page `again`.

    doing   calls the operation and returns one sentence about what was done
    """
    words = attempt(request, doing)
    if words is None:
        return again()
    messages.success(request, words, extra_tags="ok")
    return HttpResponseRedirect(then, status=SEE_OTHER)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method == "GET" else "/"
    url = f"{settings.LOGIN_URL}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
