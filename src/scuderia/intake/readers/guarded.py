"""Reads Parquet and workbooks through a child process with bounds on memory and CPU time."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from scuderia.intake.records import FIELD_OF_WHOLE_RECORD, Bad, FileUnreadable, Limits, Row

_CHILD = "scuderia.intake.readers.binary_child"
_LINE_WORTH = 8
_ONE_THREAD = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}


class GuardedReader:
    """Iterates over the rows that the child writes; it must say at the end how many there were."""

    def __init__(self, lines: IO[str], *, file: str, limits: Limits) -> None:
        self._lines, self._file, self._limits = lines, file, limits
        head = self._next()
        if not isinstance(head, dict) or "columns" not in head:
            raise self._broken()
        self.columns: tuple[str, ...] = tuple(head["columns"])
        self.shape = str(head["shape"])

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
        if not isinstance(entry, dict) or entry.get("end") != count:
            raise self._broken()

    def _next(self) -> dict[str, Any] | list[Any] | None:
        longest = _LINE_WORTH * self._limits.line_characters
        line = self._lines.readline(longest)
        if not line:
            return None
        if not line.endswith("\n"):
            raise FileUnreadable(f"{self._file}: a row of it has more than {longest} characters")
        entry: dict[str, Any] | list[Any] = json.loads(line)
        if isinstance(entry, dict) and "error" in entry:
            raise FileUnreadable(f"{self._file}: {entry['error']}", remedy=entry["remedy"])
        return entry

    def _broken(self) -> FileUnreadable:
        limits = self._limits
        said = (
            f"{self._file}: reading it took more than {limits.child_memory_bytes >> 20} MiB or "
            f"{limits.child_cpu_s} s, or broke off"
        )
        return FileUnreadable(said, remedy="Split it, or save it as CSV; nothing was imported.")


@contextmanager
def guarded_rows(
    kind: str, path: Path, *, file: str, sheet: str, limits: Limits
) -> Iterator[GuardedReader]:
    """Start the child on a plain file; end it when the block ends.

    kind     "parquet" or "workbook"
    raises   FileUnreadable, now or while reading
    """
    asked = {
        "kind": kind,
        "path": str(path.absolute()),
        "sheet": sheet,
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
        encoding="ascii",
        env={**os.environ, **_ONE_THREAD},
    )
    try:
        if child.stdout is None:
            raise FileUnreadable(f"{file}: its reader did not start")
        yield GuardedReader(child.stdout, file=file, limits=limits)
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()
