"""What an address says of one table: order, filters, page, columns; written in one way alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

WORDS_MAX = 100
CURSOR_MAX = 40
OFFSET_MAX = 10_000
SIZES = (10, 25, 50, 100)
OTHERS_MAX = 40
OTHER_TEXT_MAX = 200
FLAGS = ("q", "sort", "size", "cols", "page", "after", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """What a table's address may say: its prefix, the names it knows, and what is meant unsaid.

    sortable   column names; `order` is one of them, "-" before it for descending
    fixed      columns always shown: the row's own name
    """

    prefix: str
    columns: tuple[str, ...]
    shown: tuple[str, ...]
    fixed: tuple[str, ...] = ()
    sortable: tuple[str, ...] = ()
    facets: Mapping[str, tuple[str, ...]]
    order: str = ""
    size: int = 50

    def param(self, name: str) -> str:
        """Return the name under which the address says it."""
        return f"{self.prefix}-{name}" if self.prefix else name


@dataclass(frozen=True, slots=True, kw_only=True)
class TableState:
    """One table as its address asks for it; every field is bounded and known to the shape.

    order     a column's name, "-" before it for descending
    chosen    facet to value, only those that are set, in the shape's own order
    cursor    where a table that is paged by cursor goes on; "" is the first page
    """

    order: str
    size: int
    columns: tuple[str, ...]
    words: str = ""
    chosen: tuple[tuple[str, str], ...] = ()
    page: int = 1
    cursor: str = ""

    @property
    def offset(self) -> int:
        """Return how many rows stand before this page."""
        return (self.page - 1) * self.size

    @property
    def is_filtered(self) -> bool:
        """Say whether rows are left out."""
        return bool(self.words or self.chosen)


def read_state(shape: TableShape, query: QueryDict) -> TableState:
    """Read what the address asks of the table; what cannot be read is as if it were not said."""

    def text(name: str) -> str:
        return query.get(shape.param(name), "")

    order, size = text("sort"), text("size")
    size_read = int(size) if size in {str(each) for each in SIZES} else shape.size
    return TableState(
        order=order if order.removeprefix("-") in shape.sortable else shape.order,
        size=size_read,
        columns=_columns(shape, query.getlist(shape.param("cols"))),
        words=_plain(text("q"))[:WORDS_MAX].strip(),
        chosen=tuple(
            (name, text(name)) for name, values in shape.facets.items() if text(name) in values
        ),
        page=_page(text("page"), size_read),
        cursor=_plain(text("after"))[:CURSOR_MAX],
    )


def write_state(shape: TableShape, state: TableState) -> list[tuple[str, str]]:
    """Return the parameters that say the state; what is meant unsaid is left out."""
    said = [
        *state.chosen,
        ("q", state.words),
        ("sort", "" if state.order == shape.order else state.order),
        ("size", "" if state.size == shape.size else str(state.size)),
        ("cols", "" if state.columns == shape.shown else ".".join(state.columns)),
        ("page", "" if state.page == 1 else str(state.page)),
        ("after", state.cursor),
    ]
    return [(shape.param(name), value) for name, value in said if value]


def other_params(shape: TableShape, query: QueryDict) -> list[tuple[str, str]]:
    """Return what the address says of everything but this table, bounded."""
    own = {shape.param(name) for name in (*FLAGS, *shape.facets)}
    others = [
        (name, value[:OTHER_TEXT_MAX])
        for name, values in query.lists()
        if name not in own and not name.endswith("csv")
        for value in values
    ]
    return others[:OTHERS_MAX]


def address(path: str, *parts: Iterable[tuple[str, str]]) -> str:
    """Return the path with these parameters."""
    pairs = [pair for part in parts for pair in part]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _columns(shape: TableShape, asked: Sequence[str]) -> tuple[str, ...]:
    named = {name for text in asked[: len(shape.columns)] for name in text.split(".")}
    if named.isdisjoint(shape.columns):
        return shape.shown
    return tuple(name for name in shape.columns if name in named or name in shape.fixed)


def _page(text: str, size: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 1  # noqa: PLR2004 - nine digits are past any bound
    return min(max(1, number), OFFSET_MAX // size + 1)


def _plain(text: str) -> str:
    """Return text without what a database or a terminal would stumble over."""
    return "".join(letter for letter in text if letter.isprintable())
