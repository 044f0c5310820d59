"""Reads a Parquet file or a workbook in a process of its own, and writes its rows as JSON lines.

Run by readers/guarded.py alone: a hostile file may make a library take all memory, loop or crash,
and then only this process ends. Says {"columns", "shape"}, then [number, cells] a row, then
{"end": rows}; or {"error", "remedy"}. Asked for columns, it says [rows, [bytes of each column]]
some rows at a time, and behind that line, for each column, the cells' lengths in bytes as 32-bit
whole numbers (-1 for null) and their UTF-8 end to end: a third of what JSON costs.
"""

import io
import json
import re
import resource
import sys
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

_BATCH_ROWS = 4_096
_CHUNK = 1 << 20
_OVERLAP = 4_096
_UNCALCULATED = re.compile(rb"(?:</f>|<f[^<>]*/>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")


class Unreadable(Exception):  # noqa: N818 - it ends this process, in words
    """The file cannot be read as what it claims to be."""

    def __init__(self, said: str, remedy: str) -> None:
        super().__init__(said)
        self.said, self.remedy = said, remedy


def main(asked: dict[str, Any]) -> int:
    """Read what `asked` names: kind, path, sheet, memory_bytes, cpu_s, part_bytes, columns."""
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory_bytes"], asked["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (asked["cpu_s"], asked["cpu_s"]))
    warnings.simplefilter("ignore")
    try:
        for entry in READERS[asked["kind"]](asked):
            say(entry)
    except Unreadable as error:
        say({"error": error.said, "remedy": error.remedy})
    except (MemoryError, ImportError):  # a library that does not fit does not load
        return 1
    except Exception as error:  # noqa: BLE001 - any fault of a library becomes words for the parent
        said = f"it is broken: {type(error).__name__}: {str(error)[:200]}"
        say({"error": said, "remedy": "Write it again, or save it as CSV."})
    return 0


def say(entry: object) -> None:
    """Write one line for the parent, or bytes that a line announced."""
    if isinstance(entry, bytes):
        sys.stdout.buffer.write(entry)
    else:
        sys.stdout.buffer.write(json.dumps(entry).encode("ascii") + b"\n")


def parquet_rows(asked: dict[str, Any]) -> Iterator[object]:
    """Yield what a Parquet file holds; structures become dotted columns."""
    import pyarrow as pa
    from pyarrow import parquet

    pa.set_cpu_count(1)
    file = parquet.ParquetFile(asked["path"])
    number, said = 0, False
    empty = [pa.RecordBatch.from_pylist([], schema=file.schema_arrow)]
    for batches in (file.iter_batches(_BATCH_ROWS, use_threads=False), empty):
        for batch in batches:
            table = flattened(pa.Table.from_batches([batch]))
            if not said:
                refuse_columns(table.column_names, asked)
                yield {"columns": table.column_names, "shape": "Parquet"}
                said = True
            columns = [cells_of(column) for column in table.columns]
            for cells in zip(*columns, strict=True):
                number += 1
                yield [number, cells]
    yield {"end": number}


def parquet_columns(asked: dict[str, Any]) -> Iterator[object]:
    """Yield some columns of a Parquet file, whole; every column's name comes first."""
    import pyarrow as pa
    from pyarrow import parquet

    pa.set_cpu_count(1)
    file = parquet.ParquetFile(asked["path"])
    named = [name for field in file.schema_arrow for name in dotted_names(field)]
    refuse_columns(named, asked)
    yield {"columns": named, "shape": "Parquet"}
    if not set(asked["only"]) <= set(named):
        return
    number = 0
    for batch in file.iter_batches(_BATCH_ROWS, use_threads=False, columns=asked["only"]):
        table = flattened(pa.Table.from_batches([batch]))
        columns = [packed(table.column(name)) for name in asked["only"]]
        yield [len(table), [len(column) for column in columns]]
        yield from columns
        number += len(table)
    yield {"end": number}


def dotted_names(field: Any) -> list[str]:
    """Return the columns that a column becomes: a structure as many as it has leaves."""
    import pyarrow as pa

    if not pa.types.is_struct(field.type):
        return [field.name]
    return [f"{field.name}.{name}" for inner in field.type for name in dotted_names(inner)]


def packed(column: Any) -> bytes:
    """Return a column as its lengths and its text, all of them end to end.

    Arrow's functions are called only where a column needs them: loading them costs 0.2 s.
    """
    import numpy as np
    import pyarrow as pa

    text = column.combine_chunks()
    is_large = pa.types.is_large_string(text.type)
    if not is_large and not pa.types.is_string(text.type):
        cells = [None if cell is None else cell.encode() for cell in cells_of(column)]
        sizes = np.array([-1 if cell is None else len(cell) for cell in cells], np.int32)
        return sizes.tobytes() + b"".join(cell for cell in cells if cell)
    absent = np.zeros(len(text), bool)
    if text.null_count:
        absent = np.array(text.is_null().to_pylist(), bool)
        text = text.fill_null("")
    _, places, raw = text.buffers()
    bounds = np.frombuffer(places, np.int64 if is_large else np.int32)
    bounds = bounds[text.offset :][: len(text) + 1]
    lengths = np.where(absent, -1, np.diff(bounds)).astype(np.int32)
    return lengths.tobytes() + bytes(memoryview(raw or b"")[bounds[0] : bounds[-1]])


def flattened(table: Any) -> Any:
    """Return the table with its structures as dotted columns."""
    import pyarrow as pa

    while any(pa.types.is_struct(column.type) for column in table.columns):
        table = table.flatten()
    return table


def cells_of(column: Any) -> list[str | None]:
    """Return a column's cells as text; instants with a zone keep it."""
    import pyarrow as pa

    try:
        return list(column.cast(pa.string()).to_pylist())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return [as_text(value) for value in column.to_pylist()]


def workbook_rows(asked: dict[str, Any]) -> Iterator[object]:
    """Yield what one sheet of a workbook holds; its first filled row names the columns."""
    import openpyxl

    refuse_parts(asked)
    opened = io.FileIO(asked["path"])  # by name, the library looks at the ending
    book = openpyxl.load_workbook(opened, read_only=True, data_only=True)
    sheet = chosen_sheet(book, asked["sheet"])
    refuse_uncalculated(asked["path"], sheet)
    sheet.reset_dimensions()
    columns: list[str] = []
    count = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = trimmed([as_text(value) for value in values])
        if not cells:
            continue
        if not columns:
            columns = [(cell or "").strip() for cell in cells]
            refuse_columns(columns, asked)
            yield {"columns": columns, "shape": f"workbook, sheet {sheet.title}"}
            continue
        count += 1
        yield [number, [*cells, *[None] * (len(columns) - len(cells))]]
    if not columns:
        raise Unreadable("its sheet is empty", "Name the --sheet with the rows.")
    yield {"end": count}


def refuse_parts(asked: dict[str, Any]) -> None:
    """Refuse a workbook whose parts unpack to too much, before anything opens it."""
    with zipfile.ZipFile(asked["path"]) as archive:
        if any(part.file_size > asked["part_bytes"] for part in archive.infolist()):
            said = f"a part of the workbook unpacks to more than {asked['part_bytes']} bytes"
            raise Unreadable(said, "Save the sheet as CSV.")


def chosen_sheet(book: Any, wanted: str) -> Any:
    """Return the sheet of that name, or the only one."""
    names = [sheet.title for sheet in book.worksheets]
    if wanted in names:
        return book[wanted]
    if len(names) == 1 and not wanted:
        return book.worksheets[0]
    said = f"its sheets are {', '.join(name[:40] for name in names[:8])}"
    raise Unreadable(said, "Say which one: --sheet NAME.")


def refuse_uncalculated(path: str, sheet: Any) -> None:
    """Refuse formulas without a kept result: the library would read them as nothing."""
    name = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
    with zipfile.ZipFile(path) as archive, archive.open(name) as part:
        tail = b""
        while chunk := part.read(_CHUNK):
            if _UNCALCULATED.search(tail + chunk):
                said = "it holds formulas that were never calculated"
                raise Unreadable(said, "Open it in a spreadsheet program, save it, and try again.")
            tail = chunk[-_OVERLAP:]


def refuse_columns(columns: Sequence[str], asked: dict[str, Any]) -> None:
    """Refuse a table that is too wide."""
    if len(columns) > asked["columns"]:
        said = f"it has {len(columns)} columns; {asked['columns']} are read"
        raise Unreadable(said, "Keep the columns needed.")


def trimmed(cells: list[str | None]) -> list[str | None]:
    """Return the cells without the empty ones at the end."""
    while cells and not (cells[-1] or "").strip():
        cells.pop()
    return cells


def as_text(value: object) -> str | None:
    """Return a cell as text; a date of a workbook has no zone, and stays without."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004
        return str(int(value))
    if isinstance(value, list | dict):
        return json.dumps(value, default=as_text, ensure_ascii=False)
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


READERS = {
    "parquet": parquet_rows,
    "parquet columns": parquet_columns,
    "workbook": workbook_rows,
}


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
