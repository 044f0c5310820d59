"""The one table: columns over a room's frozen rows, laid out as its address asks. Knows no room."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from django.http import HttpRequest, QueryDict

from scuderia.web.components import Cell, Column, Field, Pager, Row, Table
from scuderia.web.table_state import (
    OFFSET_MAX,
    SIZES,
    TableShape,
    TableState,
    address,
    other_params,
    read_state,
    write_state,
)

RowT = TypeVar("RowT")
SortKey = str | int | float | bool | datetime | None
FEW = 8  # rows that are seen at a glance need no filter


@dataclass(frozen=True, slots=True)
class TableColumn(Generic[RowT]):
    """One column: how it is called in the address, headed, drawn and put in order.

    order    what rows are sorted by; None: the column cannot be sorted. None values stand last
    first    "-" where the first press should show the greatest first
    plain    what a spreadsheet gets; None: the order of a numeric column, else the cell's text
    shown    whether it is shown unasked; the first column always is
    """

    name: str
    label: str
    cell: Callable[[RowT], Cell]
    order: Callable[[RowT], SortKey] | None = None
    numeric: bool = False
    first: str = ""
    plain: Callable[[RowT], SortKey] | None = None
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Facet(Generic[RowT]):
    """One choice that narrows a table; `value` says which choice a row belongs to."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...]
    value: Callable[[RowT], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec(Generic[RowT]):
    """What a table shows and how it may be asked.

    name      begins its parameters where a page holds several tables; "" where it is the one
    order     the order unasked, "-" before the name for descending; "" is the source's own
    sorts     False: the source has one order, e.g. because it is paged by cursor
    searched  the words in the filter box; "": rows cannot be filtered by words
    item      a template that draws one row in place of a table's line; it is given `item`,
              which is what `drawn` makes of the row
    """

    caption: str
    columns: tuple[TableColumn[RowT], ...]
    key: Callable[[RowT], str]
    version: Callable[[RowT], str] = lambda row: ""  # noqa: ARG005 - rows that never change
    name: str = ""
    facets: tuple[Facet[RowT], ...] = ()
    order: str = ""
    sorts: bool = True
    size: int = 50
    searched: str = "Filter"
    item: str = ""
    drawn: Callable[[RowT], object] | None = None

    @property
    def shape(self) -> TableShape:
        """Return what its address may say."""
        names = tuple(column.name for column in self.columns)
        return TableShape(
            prefix=self.name,
            columns=names,
            shown=tuple(column.name for column in self.columns if column.shown),
            fixed=names[:1],
            sortable=tuple(c.name for c in self.columns if c.order and self.sorts),
            facets={facet.name: tuple(v for v, _ in facet.choices) for facet in self.facets},
            order=self.order,
            size=self.size,
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """What a source is asked for: which rows, in which order, from where on."""

    state: TableState
    offset: int
    limit: int

    @property
    def chosen(self) -> dict[str, str]:
        """Return the value of each facet that is set."""
        return dict(self.state.chosen)


@dataclass(frozen=True, slots=True)
class Slice(Generic[RowT]):
    """What a source answers; `total` None is unknown, `cursor` is where the next page begins."""

    rows: Sequence[RowT]
    more: bool = False
    total: int | None = None
    cursor: str = ""


class Source(Protocol[RowT]):
    """Where a table's rows come from; it asks a query that knows who reads."""

    def __call__(self, ask: Ask, /) -> Slice[RowT]:
        """Return the rows asked for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One box to tick or option to take in a table's view."""

    value: str
    label: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTable:
    """A table as its template draws it; `items` are what `item` is given, row by row."""

    name: str
    id: str
    caption: str
    path: str
    table: Table
    items: tuple[object, ...]
    item: str
    pager: Pager
    words: str
    words_param: str
    searched: str
    facets: tuple[Field, ...]
    kept: tuple[tuple[str, str], ...]
    view_kept: tuple[tuple[str, str], ...]
    orders: tuple[Choice, ...]
    order_param: str
    sizes: tuple[Choice, ...]
    size_param: str
    columns: tuple[Choice, ...]
    columns_param: str
    is_filtered: bool
    clear_href: str
    csv_href: str

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing at all, whatever is asked."""
        return not self.items and not self.is_filtered and not self.pager.before

    @property
    def is_long(self) -> bool:
        """Say whether there is enough to be worth filtering."""
        paged = self.is_filtered or self.pager.before or self.pager.after
        return bool(paged) or len(self.items) > FEW


def open_table(
    spec: TableSpec[RowT], source: Source[RowT], request: HttpRequest, *, path: str = ""
) -> DataTable:
    """Return the table as the request's address asks for it: one page of rows, no more.

    path   the page's own address, where that is not the request's, as after a refused form
    """
    shape, query = spec.shape, request.GET
    state = read_state(shape, query)
    found = source(Ask(state, state.offset, state.size))
    others = other_params(shape, query)

    def url(changed: TableState, *more: tuple[str, str]) -> str:
        return address(path or request.path, others, write_state(shape, changed), more)

    fresh = replace(state, page=1, cursor="")
    bare = replace(fresh, words="", chosen=())
    viewed = replace(fresh, order=shape.order, size=shape.size, columns=shape.shown)
    return DataTable(
        name=spec.name or "rows",
        id=f"table-{spec.name or 'rows'}",
        caption=spec.caption,
        path=path or request.path,
        table=_table(spec, state, found.rows, url),
        items=tuple(map(spec.drawn, found.rows)) if spec.drawn else tuple(found.rows),
        item=spec.item,
        pager=_pager(state, found, url),
        words=state.words,
        words_param=shape.param("q"),
        searched=spec.searched,
        facets=_facets(spec, state),
        kept=(*others, *write_state(shape, bare)),
        view_kept=(*others, *write_state(shape, viewed)),
        orders=_orders(spec, state),
        order_param=shape.param("sort"),
        sizes=tuple(Choice(str(n), f"{n} rows", n == state.size) for n in _sizes(spec)),
        size_param=shape.param("size"),
        columns=tuple(Choice(c.name, c.label, c.name in state.columns) for c in spec.columns),
        columns_param=shape.param("cols"),
        is_filtered=state.is_filtered,
        clear_href=url(bare),
        csv_href=url(fresh, (shape.param("csv"), "1")),
    )


def rows_in_memory(
    spec: TableSpec[RowT], rows: Sequence[RowT] | Callable[[], Sequence[RowT]]
) -> Source[RowT]:
    """Return a source over rows read as a whole: few, bounded, or computed so anyway.

    rows   or what reads them, which is called once somebody asks
    """

    def source(ask: Ask) -> Slice[RowT]:
        read = rows() if callable(rows) else rows
        kept = _ordered(spec, _matching(spec, read, ask.state), ask.state.order)
        offset = ask.offset if ask.offset < len(kept) else 0
        shown = kept[offset : offset + ask.limit]
        return Slice(shown, more=offset + ask.limit < len(kept), total=len(kept))

    return source


def pages_of(read: Callable[[Ask], Sequence[RowT]]) -> Source[RowT]:
    """Return a source over a query that filters, orders and cuts by itself.

    read   returns the rows from `ask.offset` on, up to `ask.limit`; it is asked for one more than
           is shown, which says whether there is a next page
    """

    def source(ask: Ask) -> Slice[RowT]:
        rows = read(replace(ask, limit=ask.limit + 1))
        more = len(rows) > ask.limit and ask.offset + ask.limit <= OFFSET_MAX
        return Slice(rows[: ask.limit], more=more)

    return source


def is_csv_asked(spec: TableSpec[RowT], query: QueryDict) -> bool:
    """Say whether the address asks for this table as a spreadsheet."""
    return bool(query.get(spec.shape.param("csv")))


def _matching(spec: TableSpec[RowT], rows: Sequence[RowT], state: TableState) -> Sequence[RowT]:
    if not state.is_filtered:
        return rows
    wanted, chosen = state.words.casefold().split(), dict(state.chosen)
    facets = [(facet, chosen[facet.name]) for facet in spec.facets if facet.name in chosen]
    return [
        row
        for row in rows
        if all(facet.value(row) == value for facet, value in facets) and _says(spec, row, wanted)
    ]


def _says(spec: TableSpec[RowT], row: RowT, wanted: Sequence[str]) -> bool:
    if not wanted:
        return True
    said = " ".join(column.cell(row).text for column in spec.columns).casefold()
    return all(word in said for word in wanted)


def _ordered(spec: TableSpec[RowT], rows: Sequence[RowT], order: str) -> Sequence[RowT]:
    """Return the rows in order; ties keep the source's own order, the unknown stand last."""
    by = next((c.order for c in spec.columns if c.name == order.removeprefix("-")), None)
    if by is None:
        return rows
    keyed = [(_comparable(by(row)), row) for row in rows]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0], reverse=order.startswith("-"))  # type: ignore[arg-type,return-value]
    return [row for _, row in known] + [row for key, row in keyed if key is None]


def _comparable(key: SortKey) -> SortKey:
    return key.casefold() if isinstance(key, str) else key


def _table(
    spec: TableSpec[RowT],
    state: TableState,
    rows: Sequence[RowT],
    url: Callable[[TableState], str],
) -> Table:
    shown = [column for column in spec.columns if column.name in state.columns]
    heads = tuple(_head(spec, column, state, url) for column in shown)
    lines = tuple(
        Row(tuple(column.cell(row) for column in shown), spec.key(row), spec.version(row))
        for row in rows
    )
    return Table(spec.caption, heads, () if spec.item else lines)


def _head(
    spec: TableSpec[RowT],
    column: TableColumn[RowT],
    state: TableState,
    url: Callable[[TableState], str],
) -> Column:
    if column.order is None or not spec.sorts:
        return Column(column.label, column.numeric)
    up, down = column.name, f"-{column.name}"
    is_sorted = {up: "ascending", down: "descending"}.get(state.order, "")
    onward = {up: down, down: up}.get(state.order, f"{column.first}{column.name}")
    link = url(replace(state, order=onward, page=1, cursor=""))
    return Column(column.label, column.numeric, link, is_sorted)


def _pager(state: TableState, found: Slice[RowT], url: Callable[[TableState], str]) -> Pager:
    page = state.page if found.total is None or state.offset < max(found.total, 1) else 1
    offset = (page - 1) * state.size
    onward = replace(state, cursor=found.cursor) if found.cursor else replace(state, page=page + 1)
    back = replace(state, page=max(1, page - 1), cursor="")
    return Pager(
        first=offset + 1 if found.rows and not state.cursor else 0,
        last=offset + len(found.rows),
        total=found.total,
        before=url(back) if page > 1 or state.cursor else "",
        after=url(onward) if found.more else "",
        to_newest=bool(state.cursor),
    )


def _facets(spec: TableSpec[RowT], state: TableState) -> tuple[Field, ...]:
    chosen, shape = dict(state.chosen), spec.shape
    return tuple(
        Field(shape.param(facet.name), facet.label, "select", value=chosen.get(facet.name, ""),
              choices=(("", f"{facet.label}: any"), *facet.choices))
        for facet in spec.facets
    )  # fmt: skip


def _orders(spec: TableSpec[RowT], state: TableState) -> tuple[Choice, ...]:
    sortable = [column for column in spec.columns if column.order and spec.sorts]
    if not sortable:
        return ()
    unasked = () if spec.order else (Choice("", "As it comes", not state.order),)
    both = tuple(
        Choice(f"{sign}{column.name}", f"{column.label}, {word}",
               state.order == f"{sign}{column.name}")
        for column in sortable
        for sign, word in (("", "ascending"), ("-", "descending"))
    )  # fmt: skip
    return unasked + both


def _sizes(spec: TableSpec[RowT]) -> tuple[int, ...]:
    return tuple(sorted({*SIZES, spec.size}))
