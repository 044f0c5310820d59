"""What every page shows around itself: navigation, theme, clock, notices. Knows no room."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest

THEMES = ("auto", "light", "dark")
DENSITIES = ("normal", "compact")


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One line of the navigation; `key` is pressed after `g`."""

    label: str
    href: str
    key: str
    match: str = ""  # the path prefix that marks it as current; `href` if empty


@dataclass(frozen=True, slots=True)
class Notice:
    """One line above the page; `state` is "", "hold" or "bad"."""

    words: str
    state: str = ""
    href: str = ""
    link: str = ""


@dataclass
class Chrome:
    """Where config brings what the rooms bring to every page."""

    nav: tuple[NavEntry, ...] = ()
    clock: Callable[[], datetime] | None = None
    notices: list[Callable[[HttpRequest], Sequence[Notice]]] = field(default_factory=list)
    jump: str = ""  # where the jump box sends what was typed
    places: dict[str, str] = field(default_factory=dict)  # a subject's kind -> where it is shown
    statuses: tuple[tuple[type[Exception], int], ...] = ()  # expected failures, nearest class first


chrome = Chrome()


def place_of(subject: str) -> str:
    """Return where a subject such as `node:r01-n03` is shown; "" if no room shows its kind."""
    kind, _, name = subject.partition(":")
    pattern = chrome.places.get(kind, "")
    return pattern.format(quote(name, safe="")) if pattern else ""


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
    jump: str


def page_chrome(request: HttpRequest) -> dict[str, Any]:
    """Return the template context every page shares."""
    person = getattr(request, "user", None)
    signed_in = bool(person and person.is_authenticated)
    return {
        "chrome": PageChrome(
            nav=tuple(_entry(entry, request.path) for entry in chrome.nav) if signed_in else (),
            theme=_cookie(request, "theme", THEMES),
            density=_cookie(request, "density", DENSITIES),
            as_of=_now(),
            notices=_notices(request) if signed_in else (),
            jump=chrome.jump if signed_in else "",
        ),
        "refusal": getattr(request, "refusal", None),
    }


def _entry(entry: NavEntry, path: str) -> Entry:
    prefix = entry.match or entry.href
    current = path == prefix if prefix == "/" else path.startswith(prefix)
    return Entry(entry.label, entry.href, entry.key, current)


def _cookie(request: HttpRequest, name: str, known: Sequence[str]) -> str:
    chosen = request.COOKIES.get(name, "")
    return chosen if chosen in known else known[0]


def _now() -> datetime | None:
    return chrome.clock().astimezone(UTC) if chrome.clock else None


def _notices(request: HttpRequest) -> tuple[Notice, ...]:
    return tuple(notice for source in chrome.notices for notice in source(request))
