"""What every reader yields: rows of text with their place, or bad rows with their raw text."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from scuderia.basics.errors import BadInput

FIELD_OF_WHOLE_RECORD = "record"

Progress = Callable[[str, int, int], None]
"""Told (stage, done, whole): bytes while reading, rows after. Must not raise."""


def no_progress(_stage: str, _done: int, _whole: int) -> None:
    """Tell nobody."""


class FileUnreadable(BadInput):
    """The file as a whole cannot be read as records."""

    code = "INTAKE-001"
    remedy = "Check that this is the right, whole file; docs/importing.md describes the formats."


class Row(NamedTuple):
    """One record as text; a cell is None where the source says null or nothing.

    number    a line for text, an element for JSON, a row for Parquet and workbooks; from 1
    columns   the names that `cells` stand under; most readers hand out one and the same tuple
    raw       what stood in the file; None where the file is binary
    """

    number: int
    columns: tuple[str, ...]
    cells: tuple[str | None, ...]
    raw: str | None


class Bad(NamedTuple):
    """One record that cannot be read or booked: where, why, what to do, and what stood there."""

    number: int
    field: str
    reason: str
    remedy: str
    raw: str


def as_raw(row: Row) -> str:
    """Return what stood in the file, or for a binary file its cells as one JSON object."""
    if row.raw is not None:
        return row.raw
    return json.dumps(dict(zip(row.columns, row.cells, strict=True)), ensure_ascii=False)


class Flaw(Exception):  # noqa: N818 - a word between kinds and the pipeline; it never leaves them
    """A field that cannot be read; the pipeline makes it a Bad."""

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.field, self.reason, self.remedy = field, reason, remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of anything is read; characters, lines, bytes and CPU seconds."""

    line_characters: int = 1_000_000
    record_lines: int = 1_000
    columns: int = 512
    unpack_ratio: int = 200
    unpack_free_bytes: int = 64 << 20
    unpacked_bytes: int = 4 << 30
    document_bytes: int = 64 << 20
    workbook_part_bytes: int = 256 << 20
    child_memory_bytes: int = 2 << 30
    child_cpu_s: int = 60
    raw_characters: int = 65_536
    rows: int = 20_000_000
    column_characters: int = 400_000_000


def kept_raw(raw: str, limits: Limits) -> str:
    r"""Return raw text as UTF-8 can write it: undecodable bytes as \xNN, its length bounded."""
    text = raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if len(text) <= limits.raw_characters:
        return text
    return f"{text[: limits.raw_characters]}… ({len(text)} characters in all)"
