"""Reads whole columns of a file as text, for work that needs all rows at once and books none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scuderia.basics.errors import BadInput
from scuderia.intake.archives import OpenFile, Source, open_source
from scuderia.intake.mapping import ColumnsMissing
from scuderia.intake.profiles import Profile
from scuderia.intake.readers.guarded import guarded_columns
from scuderia.intake.readers.open_records import binary_kind, open_records
from scuderia.intake.records import Bad, FileUnreadable, Limits, Row

_NAMES_TOLD = 12

_Pieces = Iterator[Sequence[Sequence[str | None]]]


class RowUnreadable(BadInput):
    """One record of a file that is needed whole cannot be read."""

    code = "INTAKE-009"
    remedy = "Mend the record, and try again."


@dataclass(frozen=True, slots=True)
class FileColumns:
    """Some columns of one file, row by row in the file's order.

    columns   name -> cells; None where the source says null or nothing
    """

    file: str
    sha256: str
    shape: str
    columns: dict[str, list[str | None]]


def read_columns(path: Path, names: Sequence[str], limits: Limits | None = None) -> FileColumns:
    """Read these columns of a Parquet, JSON Lines, JSON, CSV or XLSX file, packed or not.

    raises   FileUnreadable; ColumnsMissing; RowUnreadable naming file, record and field
    """
    bounds = limits or Limits()
    with open_source(Source.of_path(path), limits=bounds) as file:
        with _pieces(file, list(dict.fromkeys(names))) as (shape, pieces):
            columns = _gathered(pieces, names, file)
        file.require_unchanged()
        return FileColumns(file.name, file.sha256, shape, columns)


def _gathered(pieces: _Pieces, names: Sequence[str], file: OpenFile) -> dict[str, list[str | None]]:
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    characters = 0
    for piece in pieces:
        for cells, held in zip(piece, columns.values(), strict=True):
            held.extend(cells)
            characters += sum(len(cell) for cell in cells if cell)
        if characters > file.limits.column_characters:
            said = f"{file.name}: the columns hold over {file.limits.column_characters} characters"
            raise FileUnreadable(said, remedy="Split it into smaller files.")
        if len(held) > file.limits.rows:
            said = f"{file.name}: it holds more than {file.limits.rows} records"
            raise FileUnreadable(said, remedy="Split it into smaller files.")
    return columns


@contextmanager
def _pieces(file: OpenFile, names: list[str]) -> Iterator[tuple[str, _Pieces]]:
    if binary_kind(file) == "parquet":
        path = file.plain_path()
        with guarded_columns(path, names, file=file.name, limits=file.limits) as table:
            _require(names, table.columns, file.name)
            yield table.shape, iter(table)
        return
    with open_records(file, Profile()) as records:
        _require(names, records.columns, file.name)
        yield records.shape, _of_rows(records.rows, names, file.name)


def _of_rows(rows: Iterator[Row | Bad], names: list[str], file: str) -> _Pieces:
    layout: tuple[str, ...] = ()
    places: list[int | None] = []
    for row in rows:
        if isinstance(row, Bad):
            said = f"{file}, record {row.number}, field {row.field}: {row.reason}"
            raise RowUnreadable(said, remedy=row.remedy, file=file, record=row.number)
        if row.columns is not layout:
            layout = row.columns
            places = [layout.index(name) if name in layout else None for name in names]
        yield [[None if at is None else row.cells[at]] for at in places]


def _require(names: list[str], columns: tuple[str, ...], file: str) -> None:
    for name in names:
        times = columns.count(name)
        if times != 1:
            told = ", ".join(column[:40] for column in columns[:_NAMES_TOLD])
            said = (
                f"{file}: {'no' if not times else f'{times}'} column {name[:80]!r}; it has {told}"
            )
            raise ColumnsMissing(said, remedy="Name one column that the file has, once.")
