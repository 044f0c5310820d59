"""What every page shows around itself: navigation, theme, clock, notices. Knows no room."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from scuderia.basics.actors import Actor, actor_of
from scuderia.basics.rooms import NavEntry, Room, opened
from scuderia.web.search import Found, pages, shown_to

THEMES = ("auto", "light", "dark")
DENSITIES = ("normal", "compact")
_BLANK = "00000000-0000-0000-0000-000000000000"  # a name and an id alike


@dataclass(frozen=True, slots=True)
class Notice:
    """One line above every page.

    state        "" is plain; "hold" stands out, "bad" most
    href, link   where it leads, and in which words; both "" where it leads nowhere
    """

    words: str
    state: str = ""
    href: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """One line of what soon begins or ends, or waits for somebody beside the proposals.

    at           when it does; what comes first stands first
    look, state  how its state is drawn and called
    words        until when, in words
    is_yours     whether it waits for the person who reads it
    """

    at: datetime
    title: str
    href: str
    look: str
    state: str
    words: str
    is_yours: bool = False


@dataclass
class Chrome:
    """Where config brings what the rooms bring to every page."""

    nav: tuple[NavEntry, ...] = ()
    clock: Callable[[], datetime] | None = None
    notices: tuple[Callable[[HttpRequest], Sequence[Notice]], ...] = ()
    coming: tuple[Callable[[Actor, datetime], Sequence[Coming]], ...] = ()
    places: dict[str, str] = field(default_factory=dict)  # a subject's kind -> its URL's name
    stylesheets: tuple[str, ...] = ()


chrome = Chrome()


def add_room(room: Room) -> None:
    """Take up what a room brings to every page; adding it again changes nothing."""
    chrome.nav = tuple(
        sorted(dict.fromkeys((*chrome.nav, *room.nav)), key=lambda entry: entry.order)
    )
    chrome.places |= {place.kind: place.url_name for place in room.places}
    chrome.stylesheets = tuple(dict.fromkeys((*chrome.stylesheets, *room.stylesheets)))
    if room.notices:
        source = opened(room.notices)
        chrome.notices = tuple(dict.fromkeys((*chrome.notices, source)))
    if room.coming:
        chrome.coming = tuple(dict.fromkeys((*chrome.coming, opened(room.coming))))


def coming(actor: Actor, now: datetime) -> tuple[Coming, ...]:
    """Return what every room says is coming, to whoever reads it; theirs first, then by time."""
    told = (line for source in chrome.coming for line in source(actor, now))
    return tuple(sorted(told, key=lambda line: (not line.is_yours, line.at)))


def place_of(subject: str) -> str:
    """Return where a subject such as `crate:a1` is shown; "" if no room shows its kind."""
    kind, _, name = subject.partition(":")
    url_name = chrome.places.get(kind, "")
    if not url_name:
        return ""
    try:
        return _pattern_of(url_name).replace(_BLANK, quote(name, safe=""))
    except NoReverseMatch:  # its URL takes an id of another form than this
        return ""


@lru_cache(maxsize=256)
def _pattern_of(url_name: str) -> str:
    """Return the address with a blank for the name: reversing anew for every tile would cost."""
    return reverse(url_name, args=[_BLANK])


@dataclass(frozen=True, slots=True)
class Entry:
    """A navigation line as drawn on one page."""

    label: str
    href: str
    key: str
    current: bool


@dataclass(frozen=True, slots=True)
class PageChrome:
    """What the base template reads."""

    nav: tuple[Entry, ...]
    theme: str
    density: str
    as_of: datetime | None
    notices: tuple[Notice, ...]
    pages: Found
    stylesheets: tuple[str, ...]


def page_chrome(request: HttpRequest) -> dict[str, Any]:
    """Return the template context every page shares."""
    person = getattr(request, "user", None)
    signed_in = bool(person and person.is_authenticated)
    shown = shown_to(actor_of(request.user), chrome.nav) if signed_in else ()
    return {
        "chrome": PageChrome(
            nav=tuple(_entry(entry, request.path) for entry in shown),
            theme=_cookie(request, "theme", THEMES),
            density=_cookie(request, "density", DENSITIES),
            as_of=_now(),
            notices=_notices(request) if signed_in else (),
            pages=pages(shown),
            stylesheets=chrome.stylesheets,
        ),
        "refusal": getattr(request, "refusal", None),
    }


def _entry(entry: NavEntry, path: str) -> Entry:
    href = reverse(entry.url_name)
    prefix = entry.match or href
    current = path == prefix if prefix == "/" else path.startswith(prefix)
    return Entry(entry.label, href, entry.key, current)


def _cookie(request: HttpRequest, name: str, known: Sequence[str]) -> str:
    chosen = request.COOKIES.get(name, "")
    return chosen if chosen in known else known[0]


def _now() -> datetime | None:
    return chrome.clock().astimezone(UTC) if chrome.clock else None


def _notices(request: HttpRequest) -> tuple[Notice, ...]:
    return tuple(notice for source in chrome.notices for notice in source(request))
