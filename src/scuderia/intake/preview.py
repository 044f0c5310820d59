"""What an import understood: each column, the first rows, and what looks odd; of bounded size."""

from dataclasses import dataclass, field
from datetime import datetime

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.safe_text import plain_words
from scuderia.intake.fields import FieldSpec, FieldType, Record, Value
from scuderia.intake.mapping import Mapping, likely_column
from scuderia.intake.oddities import InstantSightings, NameSightings
from scuderia.intake.records import Row

ROWS_SHOWN = 20
NOTHING = "\N{EN DASH}"
_TEXT_MAX = 60


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """One field: the column it came from, and the file's first cell beside what it became."""

    field: str
    column: str
    found: str
    understood: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person reads before they say yes.

    unknown   columns that nobody reads
    rows      (record number, one text a field) of the first records
    odd       sentences about what looks wrong though it could be read
    """

    columns: tuple[ColumnUse, ...]
    unknown: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    odd: tuple[str, ...]


@dataclass(slots=True)
class Sightings:
    """Collects, record by record, what the preview tells."""

    fields: tuple[FieldSpec, ...]
    mapping: Mapping
    now: AwareDatetime
    rows: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    first: Row | None = None
    first_values: dict[str, Value] = field(default_factory=dict)
    _instants: list[tuple[str, InstantSightings]] = field(default_factory=list)
    _names: list[tuple[str, NameSightings]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for spec in self.fields:
            if spec.type is FieldType.INSTANT:
                self._instants.append((spec.name, InstantSightings(spec.name, self.now)))
            elif spec.type is FieldType.NAME:
                self._names.append((spec.name, NameSightings(spec.name)))

    def see(self, row: Row, record: Record) -> None:
        """Note one record that could be read."""
        values = record.values
        for name, sightings in self._instants:
            at = values[name]
            if isinstance(at, datetime):
                sightings.see(at, record.number)
        for name, spelled in self._names:
            if (text := values[name]) is not None:
                spelled.see(str(text))
        if len(self.rows) < ROWS_SHOWN:
            shown = tuple(as_words(values[spec.name]) for spec in self.fields)
            self.rows.append((record.number, shown))
        if self.first is None:
            self.first, self.first_values = row, dict(values)

    def preview(self) -> Preview:
        """Return what was noted."""
        odd = [*self._odd_columns()]
        for _, sightings in self._instants:
            odd += sightings.oddities()
        for _, spelled in self._names:
            odd += spelled.oddities()
        return Preview(
            columns=tuple(self._column(spec) for spec in self.fields),
            unknown=tuple(plain_words(name, limit=_TEXT_MAX) for name in self.mapping.unknown),
            rows=tuple(self.rows),
            odd=tuple(odd),
        )

    def _column(self, spec: FieldSpec) -> ColumnUse:
        column = self.mapping.used.get(spec.name) or self.mapping.counted.get(spec.name, "")
        found = NOTHING
        if self.first is not None and column in self.first.columns:
            cell = self.first.cells[self.first.columns.index(column)]
            found = plain_words(cell or NOTHING, limit=_TEXT_MAX)
        understood = as_words(self.first_values.get(spec.name))
        return ColumnUse(spec.name, plain_words(column, limit=_TEXT_MAX), found, understood)

    def _odd_columns(self) -> list[str]:
        odd = []
        unknown = self.mapping.unknown
        for name in self.mapping.absent:
            likely = plain_words(likely_column(name, unknown), limit=_TEXT_MAX)
            if likely:
                odd.append(
                    f"no column {name!r}, so it is unknown in every record; "
                    f"the column {likely!r} is not read: is it --map {name}={likely}?"
                )
        return odd


def as_words(value: Value) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return plain_words(str(value), limit=_TEXT_MAX)
