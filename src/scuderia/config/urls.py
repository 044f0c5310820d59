"""Every address of the control room, and what the rooms bring to the page shell."""

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, include, path

from scuderia.config.api import STATUSES, api
from scuderia.config.home import current_home
from scuderia.loop.pages.brakes import brake_notices
from scuderia.loop.ports import registry
from scuderia.web.page_chrome import NavEntry, Notice, chrome

DEMO = Notice(
    "Demo: an invented fleet with invented customers, under an accelerated clock. "
    "Nothing real is touched."
)


def demo_notice(request: HttpRequest) -> tuple[Notice, ...]:  # noqa: ARG001 - a notice may ask
    """Say on every page that this fleet is a demo, where it is one."""
    return (DEMO,) if current_home().embedded_fleet.exists() else ()


chrome.clock = lambda: registry.clock.now()  # noqa: PLW0108 - the clock is registered later
chrome.statuses = STATUSES
chrome.nav = (
    NavEntry("Now", "/", "n"),
    NavEntry("Fleet", "/fleet", "f"),
    NavEntry("Loop", "/loop", "l"),
    NavEntry("Crew", "/crew", "c"),
    NavEntry("Brake", "/brake", "b"),
    NavEntry("Audit", "/audit", "a"),
)
chrome.jump = "/fleet/find"
chrome.places = {
    "node": "/fleet/nodes/{}",
    "customer": "/fleet/customers/{}",
    "proposal": "/proposals/{}",
    "action": "/actions/{}",
}
chrome.notices = [brake_notices, demo_notice]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    path("", include("scuderia.web.urls")),
    path("", include("scuderia.loop.urls")),
    path("", include("scuderia.fleet.urls")),
]
