"""Every address of the control room: the API's, then those of the rooms."""

from django.urls import URLPattern, URLResolver, include, path

from scuderia.config.api import api
from scuderia.config.notices import backup_late, parts_down
from scuderia.config.rooms import rooms
from scuderia.loop.ports import registry
from scuderia.web.page_chrome import add_room, chrome

chrome.clock = lambda: registry.clock.now()  # noqa: PLW0108 - the clock is registered later
for _room in rooms():
    add_room(_room)
chrome.notices = tuple(dict.fromkeys((*chrome.notices, parts_down, backup_late)))

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    *(path("", include(room.urls)) for room in rooms() if room.urls),
]
