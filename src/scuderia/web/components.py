"""The values that components take: plain, frozen, knowing no room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from scuderia.basics.canonical import JsonObject, canonical_json

STATE_WORDS = {
    "ok": "Healthy",
    "warn": "At risk",
    "bad": "Down",
    "hold": "Frozen",
    "unknown": "No data",
}
STATE_GLYPHS = {"ok": "●", "warn": "▲", "bad": "■", "hold": "❄\ufe0e", "unknown": "◌"}


@dataclass(frozen=True, slots=True)
class Card:
    """One number, large, with what is said beside it.

    value   as it is shown: rounded and grouped, or an en dash where it is unknown
    unit    behind the value in small letters: a unit, or "of 120"
    note    a line below, "" for none
    state   "ok", "warn" or "bad" colours the value; "" leaves it as it is
    """

    label: str
    value: str
    unit: str = ""
    note: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; `sort` is a URL when it can be sorted."""

    label: str
    numeric: bool = False
    sort: str = ""
    sorted: str = ""  # "ascending", "descending" or ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; what is not of its kind is not read.

    kind    text, name (never broken), number, state, code, words, instant or bar
    href    where the text leads; "" for nowhere
    state   a key of STATE_WORDS, for `state` and `bar`
    at      aware, for `instant`; None is shown as unknown
    share   0..1, for `bar`
    """

    text: str
    kind: str = "text"
    href: str = ""
    state: str = ""
    at: datetime | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `key` names it across refreshes, `version` changes when it does."""

    cells: tuple[Cell, ...]
    key: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption, for readers of all kinds."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def lines(self) -> list[tuple[Row, list[tuple[Column, Cell]]]]:
        """Return each row with its cells beside their columns."""
        return [(row, list(zip(self.columns, row.cells, strict=True))) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a timeline."""

    at: datetime | None
    title: str
    words: str = ""
    state: str = ""
    href: str = ""

    @property
    def glyph(self) -> str:
        """Return the shape that goes with the state."""
        return STATE_GLYPHS.get(self.state, "·")


@dataclass(frozen=True, slots=True)
class Step:
    """One of the loop's six steps. `stage` is done, now, ahead, failed or held."""

    name: str
    stage: str
    words: str = ""
    at: datetime | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate's word with its reasons.

    yes          False also where the gate could not answer: an error is a no
    not_before   the instant from which it may say yes; None where it names none
    """

    gate: str
    yes: bool
    reasons: tuple[str, ...] = ()
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Blast:
    """What an act would touch: `count` of `of`, both in `unit`s.

    unit       the word for one of them, in the singular
    share      0..1, as it is held against the bound
    details    what else is touched, in words, e.g. "8 shelves"
    affected   names of whoever uses what is touched; none: "used by nobody"
    bound      the most that is allowed, in words; "" says nothing of it
    """

    count: int
    of: int
    unit: str
    share: float
    details: tuple[str, ...] = ()
    affected: tuple[str, ...] = ()
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence; `again` is where it is run again."""

    caption: str
    query: str
    value: tuple[tuple[str, str], ...]
    link: str = ""
    again: str = ""
    fresh: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One form field.

    kind                     text, number, password, date, time or search; select (of `choices`),
                             area (a text of several lines), hidden
    help, error              a line below the box, "" for none; an error also marks the box
    choices                  (what is sent, what is shown), for select
    minimum, maximum, step   as HTML spells them; "" sets none
    longest                  the most characters that the box takes
    """

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    help: str = ""
    error: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    minimum: str = ""
    maximum: str = ""
    step: str = ""
    autocomplete: str = "off"
    longest: int = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not done, and what to do next.

    code      the error's stable code, e.g. WEB-001; docs/errors.md has them all
    message   goes on after "Not done: "
    remedy    whole sentences
    """

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab."""

    label: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way back; the last one is the page itself and has no `href`."""

    label: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """Which rows are shown, and where the pages before and after are.

    first, last     counted from 1, both shown; `first` is 0 where no row is, or none is counted
    total           None where they were not counted
    before, after   URLs; "" where there is no such page
    to_newest       `before` leads to the first page: there is no way one page back
    """

    first: int
    last: int
    total: int | None
    before: str = ""
    after: str = ""
    to_newest: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """One of many subjects at a glance. `look` is a state, or "ready"."""

    name: str
    href: str
    look: str
    word: str
    note: str = ""
    dim: bool = False


@dataclass(frozen=True, slots=True)
class TileGroup:
    """Tiles that stand together, such as a shelf."""

    name: str
    note: str
    tiles: tuple[Tile, ...]
    label: str = ""  # read aloud; `name` if empty


@dataclass(frozen=True, slots=True)
class Window:
    """A page of rows as the URL names it: offset and size, both bounded."""

    offset: int
    size: int

    @classmethod
    def read(cls, text: str, *, size: int = 50, most: int = 1_000_000) -> "Window":
        """Read a page number from a URL; anything unreadable is the first page."""
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1  # noqa: PLR2004 - nine digits are past any bound
        return cls(min(max(0, number - 1) * size, most), size)

    def pager(self, shown: int, *, more: bool, path: str, query: dict[str, str]) -> Pager:
        """Return the pager for `shown` rows on this page."""
        page = self.offset // self.size + 1

        def url(number: int) -> str:
            return f"{path}?{urlencode(query | {'page': str(number)})}"

        return Pager(
            first=self.offset + 1 if shown else 0,
            last=self.offset + shown,
            total=None,
            before=url(page - 1) if page > 1 else "",
            after=url(page + 1) if more else "",
        )


def mark_current(tabs: Sequence[Tab], path: str) -> tuple[Tab, ...]:
    """Return the tabs with the one at `path` marked."""
    return tuple(replace(tab, current=tab.href.split("?")[0] == path) for tab in tabs)


FACTS_MAX = 8
WRITTEN_OUT = 10_000
"""From here on a figure of four digits would be written with an exponent."""

TEXT_MAX = 80


def facts(value: JsonObject) -> tuple[tuple[str, str], ...]:
    """Return a JSON object as bounded (name, text) pairs for people."""
    pairs = [(name.replace("_", " "), _text(item)) for name, item in value.items()]
    more = len(pairs) - FACTS_MAX
    return tuple(pairs[:FACTS_MAX]) + ((("and", f"{more} more"),) if more > 0 else ())


def _text(item: object) -> str:
    if isinstance(item, bool):
        return "yes" if item else "no"
    if isinstance(item, float):
        return f"{item:,.0f}" if abs(item) >= WRITTEN_OUT else f"{item:.4g}"
    if isinstance(item, Mapping):
        return ", ".join(f"{name} {_text(part)}" for name, part in list(item.items())[:FACTS_MAX])
    text = str(item) if isinstance(item, str | int) else canonical_json(item)
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}..."
