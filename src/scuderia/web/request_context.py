"""What every page asks first: who is there, and what time it is."""

from dataclasses import dataclass

from django.http import HttpRequest

from scuderia.basics.actors import Actor, actor_of
from scuderia.basics.clock import AwareDatetime
from scuderia.web.page_chrome import chrome


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who asks, and the instant, by the clock of the domain, at which they ask."""

    actor: Actor
    now: AwareDatetime


def request_context(request: HttpRequest) -> RequestContext:
    """Return who asks and when."""
    assert chrome.clock is not None, "config gives the pages their clock"  # noqa: S101 - a bug
    return RequestContext(actor_of(request.user), chrome.clock())


def form_value(request: HttpRequest, name: str) -> str:
    """Return one value of a form, trimmed."""
    return request.POST.get(name, "").strip()


def client_address(request: HttpRequest) -> str:
    """Return the address the request came from: the client's, where a trusted proxy tells it."""
    return str(request.META.get("REMOTE_ADDR", ""))
