"""The one search: every room says what it finds for an actor; the best come first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from django.urls import reverse

from scuderia.basics.actors import Actor
from scuderia.basics.rooms import NavEntry, Room, opened

TEXT_MAX = 100
NAME_MAX = 40  # a longer title is a sentence, and stands behind names
HITS_MAX = 50
HITS_OF_A_ROOM_MAX = 20


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One thing found, as one line of the answer.

    title    its name, or its title or claim; names stand before sentences
    kind     in a word, e.g. "page" or "agent"
    url      the path of the page that shows it
    detail   what tells it from its like, e.g. its state; "" for nothing
    """

    title: str
    kind: str
    url: str
    detail: str = ""


class Search(Protocol):
    """What a room names as its `search`."""

    def __call__(self, actor: Actor, text: str, limit: int, /) -> tuple[SearchHit, ...]:
        """Return what the actor may read and the text finds, best first, at most `limit`."""


@dataclass
class Searched:
    """Where config brings what is searched: each room's pages, and its own search.

    holds   of (actor, power): whether the actor holds it on everything; without it nobody does
    """

    nav: tuple[NavEntry, ...] = ()
    searches: tuple[str, ...] = ()
    holds: Callable[[Actor, str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a text found; `text` is what was asked, made plain, and `more` that there was more."""

    text: str
    hits: tuple[SearchHit, ...] = field(default=())
    more: bool = False


searched = Searched()


def add_search(room: Room) -> None:
    """Search a room's pages, and what it names; adding it again changes nothing."""
    searched.nav = tuple(dict.fromkeys((*searched.nav, *room.nav)))
    if room.search:
        searched.searches = tuple(dict.fromkeys((*searched.searches, room.search)))


def find(actor: Actor, text: str, *, limit: int = HITS_MAX) -> Found:
    """Return the pages and subjects that the text names and the actor may read, best first.

    text    any; what cannot be printed is left out, and the rest is cut to TEXT_MAX
    limit   at most HITS_MAX; a room gives at most HITS_OF_A_ROOM_MAX of them
    """
    asked = plain(text)
    # pages first: reversing loads the addresses, which say where subjects are
    hits = list(_pages(asked, shown_to(actor, searched.nav)))
    if asked:
        for path in searched.searches:
            search: Search = opened(path)
            hits += search(actor, asked, HITS_OF_A_ROOM_MAX)[:HITS_OF_A_ROOM_MAX]
        hits.sort(key=lambda hit: (_rank(hit.title, asked), len(hit.title) > NAME_MAX))
    most = min(limit, HITS_MAX)
    return Found(asked, tuple(hits[:most]), more=len(hits) > most)


def pages(entries: Iterable[NavEntry]) -> Found:
    """Return these pages, which is what stands in the search before anything is asked."""
    return Found("", tuple(_pages("", entries)))


def shown_to(actor: Actor, entries: Iterable[NavEntry]) -> tuple[NavEntry, ...]:
    """Return the pages that the actor is told of: all but those of a power that they lack."""
    held: dict[str, bool] = {"": True}
    shown = []
    for entry in entries:
        if entry.power not in held:
            held[entry.power] = searched.holds is not None and searched.holds(actor, entry.power)
        shown += [entry] if held[entry.power] else []
    return tuple(shown)


def plain(text: str) -> str:
    """Return the text as it may be searched for: printable, one blank between words, bounded."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * TEXT_MAX])
    return " ".join(printable.split())[:TEXT_MAX].strip()


def holds(text: str, *said: str) -> bool:
    """Say whether each word of the text stands in any of what is said."""
    whole = " ".join(said).casefold()
    return all(word in whole for word in text.casefold().split())


def _pages(text: str, entries: Iterable[NavEntry]) -> Iterable[SearchHit]:
    for entry in sorted(entries, key=lambda entry: entry.order):
        if holds(text, entry.label):
            yield SearchHit(entry.label, "page", reverse(entry.url_name))


def _rank(title: str, text: str) -> int:
    """Return 0 for the very name, 1 where it begins so, 2 where one of its words does, else 3."""
    name, asked = title.casefold(), text.casefold()
    if name == asked:
        return 0
    if name.startswith(asked):
        return 1
    return 2 if f" {asked}" in name else 3
