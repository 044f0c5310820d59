"""Every address of the control room, and what the rooms bring to the page shell."""

from django.urls import URLPattern, URLResolver, include, path

from scuderia.basics.errors import BadInput, NotAuthorised, NotFound, Refused, Unable
from scuderia.loop.ports import sockets
from scuderia.web.shell import NavEntry, frame

frame.clock = lambda: sockets.clock.now()  # noqa: PLW0108 - the clock is plugged in later
frame.statuses = (
    (NotFound, 404),
    (NotAuthorised, 403),
    (BadInput, 422),
    (Refused, 409),
    (Unable, 503),
)
frame.nav = (
    NavEntry("Now", "/", "n"),
    NavEntry("Fleet", "/fleet", "f"),
    NavEntry("Loop", "/loop", "l"),
    NavEntry("Crew", "/crew", "c"),
    NavEntry("Brake", "/brake", "b"),
    NavEntry("Audit", "/audit", "a"),
)
frame.jump = "/fleet/find"

urlpatterns: list[URLPattern | URLResolver] = [path("", include("scuderia.web.urls"))]
