"""Reads Parquet and workbooks through a child process with bounds on memory and CPU time."""

import json
import os
import subprocess
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from scuderia.intake.records import FIELD_OF_WHOLE_RECORD, Bad, FileUnreadable, Limits, Row

_CHILD = "scuderia.intake.readers.binary_child"
_LINE_WORTH = 8
_ONE_THREAD = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}


class _ChildLines:
    """What the child says, line by line; it must say at the end how many rows there were."""

    def __init__(self, lines: IO[bytes], *, file: str, limits: Limits) -> None:
        self._lines, self._file, self._limits = lines, file, limits
        head = self._next()
        if not isinstance(head, dict) or "columns" not in head:
            raise self._broken()
        self.columns: tuple[str, ...] = tuple(head["columns"])
        self.shape = str(head["shape"])

    def _next(self) -> dict[str, Any] | list[Any] | None:
        longest = _LINE_WORTH * self._limits.line_characters
        line = self._lines.readline(longest)
        if not line:
            return None
        if not line.endswith(b"\n"):
            raise FileUnreadable(f"{self._file}: a row of it has more than {longest} characters")
        entry: dict[str, Any] | list[Any] = json.loads(line)
        if isinstance(entry, dict) and "error" in entry:
            raise FileUnreadable(f"{self._file}: {entry['error']}", remedy=entry["remedy"])
        return entry

    def _require_end(self, entry: object, count: int) -> None:
        if not isinstance(entry, dict) or entry.get("end") != count:
            raise self._broken()

    def _broken(self) -> FileUnreadable:
        limits = self._limits
        said = (
            f"{self._file}: reading it took more than {limits.child_memory_bytes >> 20} MiB or "
            f"{limits.child_cpu_s} s, or broke off"
        )
        return FileUnreadable(said, remedy="Split it, or save it as CSV; nothing was imported.")


class GuardedReader(_ChildLines):
    """Iterates over the rows that the child writes."""

    def __iter__(self) -> Iterator[Row | Bad]:
        count, width = 0, len(self.columns)
        while isinstance(entry := self._next(), list) and entry:
            count += 1
            row = Row(entry[0], self.columns, tuple(entry[1]), None)
            if len(row.cells) == width:
                yield row
            else:
                said = f"{len(row.cells)} cells, the header has {width}"
                raw = json.dumps(entry[1], ensure_ascii=False)
                yield Bad(row.number, FIELD_OF_WHOLE_RECORD, said, "Name every column.", raw)
        self._require_end(entry, count)


class GuardedColumns(_ChildLines):
    """Iterates over pieces of the columns asked for: one list of cells for each of them."""

    def __iter__(self) -> Iterator[list[list[str | None]]]:
        count = 0
        while isinstance(entry := self._next(), list) and entry:
            rows, sizes = entry
            yield [self._cells(size, rows, count) for size in sizes]
            count += rows
        self._require_end(entry, count)

    def _cells(self, size: int, rows: int, before: int) -> list[str | None]:
        raw = self._lines.read(size)
        if len(raw) < size:
            raise self._broken()
        lengths = array("i", raw[: 4 * rows])
        if max(lengths, default=0) > (longest := _LINE_WORTH * self._limits.line_characters):
            raise FileUnreadable(f"{self._file}: a row of it has more than {longest} characters")
        text, place = raw[4 * rows :], 0
        plain = text.decode("ascii") if text.isascii() else None
        cells: list[str | None] = []
        for number, length in enumerate(lengths, before + 1):
            if length < 0:
                cells.append(None)
                continue
            end = place + length
            cells.append(plain[place:end] if plain else self._decoded(text[place:end], number))
            place = end
        return cells

    def _decoded(self, raw: bytes, number: int) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            said = f"{self._file}, record {number}: its text is not UTF-8"
            raise FileUnreadable(said, remedy="Write it again as UTF-8.", record=number) from None


@contextmanager
def guarded_rows(
    kind: str, path: Path, *, file: str, sheet: str, limits: Limits
) -> Iterator[GuardedReader]:
    """Start the child on a plain file; end it when the block ends.

    kind     "parquet" or "workbook"
    raises   FileUnreadable, now or while reading
    """
    asked = {"kind": kind, "sheet": sheet}
    with _child(asked, path, file=file, limits=limits) as lines:
        yield GuardedReader(lines, file=file, limits=limits)


@contextmanager
def guarded_columns(
    path: Path, only: Sequence[str], *, file: str, limits: Limits
) -> Iterator[GuardedColumns]:
    """Do the same for some columns of a Parquet file, at a fifth of the cost of its rows.

    raises   FileUnreadable, now or while reading, and while reading where a column is absent
    """
    asked = {"kind": "parquet columns", "only": list(only)}
    with _child(asked, path, file=file, limits=limits) as lines:
        yield GuardedColumns(lines, file=file, limits=limits)


@contextmanager
def _child(
    said: Mapping[str, object], path: Path, *, file: str, limits: Limits
) -> Iterator[IO[bytes]]:
    asked = {
        **said,
        "path": str(path.absolute()),
        "memory_bytes": limits.child_memory_bytes,
        "cpu_s": limits.child_cpu_s,
        "part_bytes": limits.workbook_part_bytes,
        "columns": limits.columns,
    }
    child = subprocess.Popen(  # noqa: S603 - our own module, by the running interpreter
        [sys.executable, "-m", _CHILD, json.dumps(asked)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_ONE_THREAD},
    )
    try:
        if child.stdout is None:
            raise FileUnreadable(f"{file}: its reader did not start")
        yield child.stdout
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()
