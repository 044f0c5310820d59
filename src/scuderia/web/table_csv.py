"""A table as a spreadsheet: the rows its address asks for, safe to open, bounded, streamed."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.http import HttpRequest, StreamingHttpResponse

from scuderia.web.table_state import read_state
from scuderia.web.tables import Ask, SortKey, Source, TableColumn, TableSpec, is_csv_asked

RowT = TypeVar("RowT")
ROWS_MAX = 10_000
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def first_csv(
    request: HttpRequest, *tables: tuple[TableSpec[Any], Source[Any]]
) -> StreamingHttpResponse | None:
    """Return whichever of a page's tables the address asks for as CSV; None if it asks for none."""
    sheets = (csv_answer(spec, source, request) for spec, source in tables)
    return next((sheet for sheet in sheets if sheet), None)


class _Line:
    """What csv writes to: it hands each line straight back."""

    def write(self, line: str, /) -> str:
        return line


def csv_answer(
    spec: TableSpec[RowT], source: Source[RowT], request: HttpRequest
) -> StreamingHttpResponse | None:
    """Return the table's rows as CSV where the address asks for them, else None.

    Every column is in it, whichever are shown; the rows are those of all pages, up to ROWS_MAX.
    They are read in one go, so that no row is doubled or lost between pages; the text is streamed.
    """
    if not is_csv_asked(spec, request.GET):
        return None
    state = replace(read_state(spec.shape, request.GET), page=1, cursor="")
    found = source(Ask(state, 0, ROWS_MAX))
    name = spec.name or request.path.strip("/").replace("/", "-") or "now"
    safe_name = "".join(letter for letter in name if letter.isalnum() or letter in "-_.")
    return StreamingHttpResponse(
        csv_lines(spec.columns, found.rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{safe_name or "rows"}.csv"',
            "Cache-Control": "private, no-store",
            "X-Rows-Left-Out": "yes" if found.more else "no",
        },
    )


def csv_lines(columns: Sequence[TableColumn[RowT]], rows: Sequence[RowT]) -> Iterator[str]:
    """Yield the heading and then one line a row."""
    writer = csv.writer(_Line())
    yield writer.writerow([safe(column.label) for column in columns])
    for row in rows:
        yield writer.writerow([safe(_plain(column, row)) for column in columns])


def safe(value: SortKey) -> str:
    """Return a value as a spreadsheet may read it: text can never begin a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
    text = value.replace("\x00", "")
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _plain(column: TableColumn[RowT], row: RowT) -> SortKey:
    if column.plain is not None:
        return column.plain(row)
    if column.numeric and column.order is not None:
        return column.order(row)
    cell = column.cell(row)
    return cell.at if cell.kind == "instant" and not cell.text else cell.text
