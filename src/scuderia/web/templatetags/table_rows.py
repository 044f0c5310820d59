"""A table's lines written at once: an include for each cell of a page would cost too much."""

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from scuderia.web.components import Cell, Column, Row, Table
from scuderia.web.templatetags.ui import instant

register = template.Library()
DRAWN_MAX = 1024


@register.simple_tag
def table_rows(table: Table) -> SafeString:
    """Write every line of the table; each cell names its column, for the cards of small screens."""
    return format_html_join("\n", "{}", ((_line(row, table.columns),) for row in table.rows))


def _line(row: Row, columns: tuple[Column, ...]) -> SafeString:
    key = (
        format_html(' data-key="{}" data-version="{}"', row.key, row.version)
        if row.key
        else SafeString("")
    )
    cells = format_html_join(
        "",
        '<td role="cell"{} data-label="{}">{}</td>',
        (
            (_class_of(column, cell), column.label, cell_html(cell))
            for column, cell in zip(columns, row.cells, strict=True)
        ),
    )
    return format_html('<tr role="row" data-row{}>{}</tr>', key, cells)


def _class_of(column: Column, cell: Cell) -> SafeString:
    if column.numeric:
        return SafeString(' class="table__number"')
    if cell.kind in ("instant", "state", "name"):
        return SafeString(' class="table__tight"')
    return SafeString("")


def cell_html(cell: Cell) -> SafeString | str:
    """Write one cell by its kind; text is escaped, always."""
    match cell.kind:
        case "state":
            return _state(cell.state, cell.text)
        case "instant":
            return instant(cell.at)
        case "bar":
            return _bar(cell.share, cell.state, cell.text)
        case "words" if not cell.href:
            return format_html('<span class="table__words">{}</span>', cell.text)
    mono = SafeString(' class="mono"') if cell.kind == "code" else SafeString("")
    if cell.href:
        return format_html('<a href="{}"{}>{}</a>', cell.href, mono, cell.text)
    return format_html("<span{}>{}</span>", mono, cell.text) if mono else cell.text


@lru_cache(maxsize=DRAWN_MAX)
def _state(state: str, word: str) -> SafeString:
    return render_to_string("ui/status.html", {"state": state, "word": word})


@lru_cache(maxsize=DRAWN_MAX)
def _bar(share: float | None, state: str, label: str) -> SafeString:
    return render_to_string("ui/bar.html", {"share": share, "state": state, "label": label})
