"""Looks at an opened file and hands it to the reader that fits."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scuderia.intake.archives import OpenFile
from scuderia.intake.profiles import Profile
from scuderia.intake.readers.delimited import DelimitedReader
from scuderia.intake.readers.encodings import UNDECODABLE, encoding_of
from scuderia.intake.readers.guarded import guarded_rows
from scuderia.intake.readers.icalendar_events import MARK, EventReader
from scuderia.intake.readers.json_records import (
    JsonDocumentReader,
    JsonLinesReader,
    looks_like_lines,
)
from scuderia.intake.records import Bad, FileUnreadable, Row

_SAMPLE = 1 << 16
_PARQUET, _ZIP, _OLD_WORKBOOK = b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", " ": "space"}


@dataclass(slots=True)
class Records:
    """The records of a file.

    columns   the names that the file shows; for JSON those of its first records
    shape     what the file is, in words: "CSV, comma, UTF-8"
    """

    columns: tuple[str, ...]
    shape: str
    rows: Iterator[Row | Bad]


@contextmanager
def open_records(file: OpenFile, profile: Profile) -> Iterator[Records]:
    """Open the records of the file by what its bytes show and the profile says.

    raises   FileUnreadable
    """
    kind = binary_kind(file)
    if kind:
        with guarded_rows(
            kind, file.plain_path(), file=file.name, sheet=profile.sheet, limits=file.limits
        ) as table:
            packed = f", {file.packing}" if file.packing else ""
            yield Records(table.columns, table.shape + packed, iter(table))
        return
    encoding = encoding_of(file.head, named=profile.encoding, file=file.name)
    opened = file.stream()
    with io.TextIOWrapper(opened, encoding=encoding, errors=UNDECODABLE, newline="") as stream:
        yield _text_records(file, stream, encoding, profile)


def binary_kind(file: OpenFile) -> str:
    """Return "parquet" or "workbook", or nothing for text."""
    if file.head.startswith(_OLD_WORKBOOK):
        said = f"{file.name}: it is a workbook of the old kind (.xls)"
        raise FileUnreadable(said, remedy="Save it as .xlsx or CSV.")
    if file.head.startswith(_PARQUET):
        return "parquet"
    return "workbook" if file.head.startswith(_ZIP) else ""


def _text_records(
    file: OpenFile, stream: io.TextIOWrapper, encoding: str, profile: Profile
) -> Records:
    head = file.head.decode(encoding, "replace")
    said = f"{encoding.upper()}{', ' + file.packing if file.packing else ''}"
    sample = file.head[:_SAMPLE]
    limits = file.limits
    if not head.strip():
        raise FileUnreadable(f"{file.name}: it is empty", remedy="Give a file with rows.")
    if head.lstrip("\ufeff \t\r\n")[: len(MARK)].upper() == MARK:
        events = EventReader(stream, file=file.name, limits=limits)
        return Records(events.columns, f"iCalendar, {said}", iter(events))
    if profile.delimiter or profile.header or head.lstrip()[:1] not in ("{", "["):
        table = DelimitedReader(
            stream,
            file=file.name,
            encoding=encoding,
            sample=sample,
            delimiter=profile.delimiter,
            header=profile.header,
            limits=limits,
        )
        sign = _SIGNS.get(table.delimiter, repr(table.delimiter))
        return Records(table.columns, f"delimited text, {sign}, {said}", iter(table))
    if not profile.records and looks_like_lines(head):
        lines = JsonLinesReader(stream, encoding=encoding, sample=sample, limits=limits)
        return Records(lines.columns, f"JSON Lines, {said}", iter(lines))
    document = JsonDocumentReader(
        stream, file=file.name, encoding=encoding, at=profile.records, limits=limits
    )
    return Records(document.columns, f"one JSON document, {said}", iter(document))
