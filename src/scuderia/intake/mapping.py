"""Which column says which field, and how a row of text becomes records of understood values."""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from scuderia.basics.errors import BadInput
from scuderia.basics.safe_text import plain_words
from scuderia.intake.fields import FieldSpec, FieldType, Record, Value
from scuderia.intake.hostlists import expand, is_hostlist
from scuderia.intake.profiles import Profile
from scuderia.intake.records import Flaw, Row
from scuderia.intake.values import after, cell_reader

_LISTED = 12
_LAYOUTS_KEPT = 512


class ColumnsMissing(BadInput):
    """The file does not name what the kind must have."""

    code = "INTAKE-002"
    remedy = "Say which column it is with --map FIELD=COLUMN."


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which column each field is read from.

    used      field -> column, in the kind's order
    counted   field -> the column of its duration
    absent    fields that no column says
    unknown   columns that nobody reads
    """

    used: dict[str, str]
    counted: dict[str, str]
    absent: tuple[str, ...]
    unknown: tuple[str, ...]


def map_columns(
    columns: tuple[str, ...], fields: tuple[FieldSpec, ...], profile: Profile, *, file: str
) -> Mapping:
    """Return the mapping; a column stands for the field of its name, whatever its capitals.

    raises   ColumnsMissing: a needed column, or one that the profile names, is absent or doubled
    """
    names = {spec.name for spec in fields}
    for field in (*profile.columns, *profile.durations, *profile.words, *profile.empty_words):
        if field not in names:
            remedy = f"Its fields are {', '.join(spec.name for spec in fields)}."
            raise ColumnsMissing(f"there is no field {field[:80]!r}", remedy=remedy)
    used: dict[str, str] = {}
    counted: dict[str, str] = {}
    for spec in fields:
        if spec.name in profile.durations:
            counted[spec.name] = _counted(spec, columns, profile, file)
        elif column := _column_of(spec.name, columns, profile, file):
            used[spec.name] = column
        elif spec.needs_column:
            raise _missing(spec, columns, file)
    taken = {*used.values(), *counted.values()}
    return Mapping(
        used=used,
        counted=counted,
        absent=tuple(s.name for s in fields if s.name not in used and s.name not in counted),
        unknown=tuple(name for name in columns if name and name not in taken),
    )


def _counted(spec: FieldSpec, columns: tuple[str, ...], profile: Profile, file: str) -> str:
    if not spec.counted_from:
        said = f"{spec.name!r} cannot be given as a duration"
        raise ColumnsMissing(said, remedy="Map it to its column.")
    return _found(profile.durations[spec.name], columns, file, spec.name)


def _column_of(field: str, columns: tuple[str, ...], profile: Profile, file: str) -> str:
    if field in profile.columns:
        return _found(profile.columns[field], columns, file, field)
    alike = [column for column in columns if column.strip().lower() == field]
    if len(alike) > 1 and field not in alike:
        said = f"{file}: the columns {alike[0]!r} and {alike[1]!r} are both {field!r}"
        raise ColumnsMissing(said, remedy=f"Say which one: --map {field}={alike[0]}.")
    chosen = field if field in alike else next(iter(alike), "")
    return _found(chosen, columns, file, field) if chosen else ""


def _found(column: str, columns: tuple[str, ...], file: str, field: str) -> str:
    times = columns.count(column)
    if times == 1:
        return column
    if times > 1:
        said = f"{file}: {times} columns are named {column[:80]!r}"
        raise ColumnsMissing(said, remedy="Give each column a name of its own.")
    said = f"{file}: no column {column[:80]!r} for {field!r}; it has {_listed(columns)}"
    raise ColumnsMissing(said, remedy=f"Say --map {field}=COLUMN with one of these.")


def _missing(spec: FieldSpec, columns: tuple[str, ...], file: str) -> ColumnsMissing:
    said = f"{file}: no column {spec.name!r}; it has {_listed(columns)}"
    if any(_looks_like_a_value(column) for column in columns):
        said = f"{file}: its first line looks like a row, not like names ({_listed(columns)})"
        return ColumnsMissing(said, remedy="Name them in order: --header node,start,end.")
    likely = likely_column(spec.name, columns)
    remedy = f"Say --map {spec.name}={likely or 'COLUMN'}."
    if spec.counted_from:
        remedy = f"{remedy[:-1]}, or --duration {spec.name}=COLUMN --duration-unit seconds."
    return ColumnsMissing(said, remedy=remedy)


def _looks_like_a_value(column: str) -> bool:
    return column[:4].isdigit() or column.lower() in {"true", "false"}


def _listed(columns: tuple[str, ...]) -> str:
    shown = ", ".join(plain_words(name, limit=40) for name in columns[:_LISTED] if name)
    return shown + (", …" if len(columns) > _LISTED else "") or "none"


def likely_column(field: str, columns: tuple[str, ...]) -> str:
    """Return the column that most looks like the field, or ""; for a remedy, never to read by."""
    within = [name for name in columns if field in name.lower() or (name and name.lower() in field)]
    return next(iter(within or difflib.get_close_matches(field, columns, 1)), "")


class _Layout(NamedTuple):
    """One set of columns: each field's place (None: absent) and the durations' places."""

    cells: tuple[tuple[FieldSpec, int | None, Callable[[str | None], Value]], ...]
    counted: tuple[tuple[FieldSpec, int | None], ...]


class RecordReader:
    """Makes records of rows; a file of JSON may have another set of columns in each row."""

    def __init__(
        self,
        columns: tuple[str, ...],
        fields: tuple[FieldSpec, ...],
        profile: Profile,
        *,
        file: str,
    ) -> None:
        self.mapping = map_columns(columns, fields, profile, file=file)
        self._fields, self._profile = fields, profile
        self._readers = {spec.name: cell_reader(spec, profile) for spec in fields}
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._last: tuple[tuple[str, ...], _Layout] = (columns, self._layout(columns))
        self._names = [spec.name for spec in fields if spec.type is FieldType.NAME]

    def read(self, row: Row) -> Iterator[Record]:
        """Yield the records of the row: one, or one for each name of its hostlist.

        raises   Flaw
        """
        columns, layout = self._last
        if row.columns is not columns:
            layout = self._layout(row.columns)
            self._last = (row.columns, layout)
        if self._profile.names.hostlists:
            for cells in self._spread(row.cells, layout):
                yield Record(row.number, self._values(cells, layout))
        else:
            yield Record(row.number, self._values(row.cells, layout))

    def _layout(self, columns: tuple[str, ...]) -> _Layout:
        known = self._layouts.get(columns)
        if known is None:
            places = {name: place for place, name in enumerate(columns)}
            mapping = self.mapping
            known = _Layout(
                tuple(
                    (spec, places.get(mapping.used.get(spec.name, "")), self._readers[spec.name])
                    for spec in self._fields
                    if spec.name not in mapping.counted
                ),
                tuple(
                    (spec, places.get(mapping.counted[spec.name]))
                    for spec in self._fields
                    if spec.name in mapping.counted
                ),
            )
            if len(self._layouts) < _LAYOUTS_KEPT:
                self._layouts[columns] = known
        return known

    def _values(self, cells: tuple[str | None, ...], layout: _Layout) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for spec, place, read in layout.cells:
            if place is None:
                values[spec.name] = self._absent(spec)
            else:
                values[spec.name] = read(cells[place])
        for spec, place in layout.counted:
            text = "" if place is None else (cells[place] or "").strip()
            values[spec.name] = self._after(spec, values[spec.counted_from], text)
        return values

    def _absent(self, spec: FieldSpec) -> Value:
        if spec.needs_column or not spec.may_be_empty:
            raise Flaw(spec.name, "it is missing", f"Write {spec.name} in every record.")
        return None

    def _after(self, spec: FieldSpec, start: Value, text: str) -> Value:
        if not text or text in self._profile.empty_words.get(spec.name, ()):
            return None
        if not isinstance(start, datetime):
            raise Flaw(spec.name, f"{spec.counted_from} is empty", "A duration needs its start.")
        try:
            return after(start, text, self._profile.duration_unit)
        except Flaw as flaw:
            raise Flaw(spec.name, flaw.reason, flaw.remedy) from None

    def _spread(
        self, cells: tuple[str | None, ...], layout: _Layout
    ) -> Iterator[tuple[str | None, ...]]:
        for spec, place, _ in layout.cells:
            if (
                spec.type is not FieldType.NAME
                or place is None
                or not is_hostlist(cells[place] or "")
            ):
                continue
            try:
                names = expand(cells[place] or "")
            except Flaw as flaw:
                raise Flaw(spec.name, flaw.reason, flaw.remedy) from None
            for name in names:
                yield (*cells[:place], name, *cells[place + 1 :])
            return
        yield cells
