"""Keeps the read records of one import in a temporary SQLite file, so that memory stays flat."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from scuderia.intake.fields import FieldSpec, FieldType, Record, Value
from scuderia.intake.instants import FIRST
from scuderia.intake.records import (
    FIELD_OF_WHOLE_RECORD,
    Bad,
    FileUnreadable,
    Flaw,
    Limits,
    kept_raw,
)

_BATCH = 5_000
_MICROSECOND = timedelta(microseconds=1)
_TABLES = """
CREATE TABLE good (
    place INTEGER PRIMARY KEY, number INTEGER NOT NULL, sorted INTEGER NOT NULL,
    identity TEXT NOT NULL, raw TEXT{values});
CREATE TABLE objection (
    number INTEGER NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL);
CREATE TABLE bad (
    number INTEGER NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL,
    raw TEXT NOT NULL);
"""


class Staging:
    """Good and bad records of one file, on disk; `order` is an instant field, or "".

    Each field has a column of its own: v0, v1, … An instant is kept in microseconds.
    """

    def __init__(
        self, folder: Path, fields: Sequence[FieldSpec], *, order: str, limits: Limits
    ) -> None:
        self._names = [spec.name for spec in fields]
        self._restore = [
            (spec.name, _RESTORED[spec.type]) for spec in fields if spec.type in _RESTORED
        ]
        self._instants = [
            place for place, spec in enumerate(fields) if spec.type is FieldType.INSTANT
        ]
        self._order = self._names.index(order) if order else -1
        self._limits = limits
        self._columns = "".join(f", v{place}" for place in range(len(fields)))
        self._db = sqlite3.connect(folder / "staging.sqlite3", isolation_level=None)
        tables = _TABLES.format(values=self._columns)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + tables)
        self._db.execute("BEGIN")
        self._insert = (
            f"INSERT INTO good (number, sorted, identity, raw{self._columns}) "  # noqa: S608 - v0, v1
            f"VALUES (?, ?, ?, ?{', ?' * len(fields)})"
        )
        self._good: list[tuple[Value, ...]] = []
        self._count = 0

    def close(self) -> None:
        """Forget everything; the folder is removed by whoever made it."""
        self._db.close()

    def add(self, record: Record, identity: str, raw: str | None) -> None:
        """Keep a record that could be read; `raw` is None for all but the first of a row."""
        self._count += 1
        if self._count > self._limits.rows:
            said = f"it comes to more than {self._limits.rows} records"
            raise FileUnreadable(said, remedy="Split it into smaller files.")
        values = record.values
        kept = [values[name] for name in self._names]
        for place in self._instants:
            if isinstance(at := kept[place], datetime):
                kept[place] = (at - FIRST) // _MICROSECOND
        at = kept[self._order] if self._order >= 0 else None
        where = record.number if at is None else at
        text = None if raw is None else kept_raw(raw, self._limits)
        self._good.append((record.number, where, identity, text, *kept))
        if len(self._good) >= _BATCH:
            self._flush()

    def add_bad(self, bad: Bad) -> None:
        """Keep a record that could not be read."""
        raw = kept_raw(bad.raw, self._limits)
        self._db.execute("INSERT INTO bad VALUES (?, ?, ?, ?, ?)", (*bad[:4], raw))

    def note_objection(self, number: int, flaw: Flaw) -> None:
        """Note that the kind cannot book a row; it stays until `refuse_objected`."""
        row = (number, flaw.field, flaw.reason, flaw.remedy)
        self._db.execute("INSERT INTO objection VALUES (?, ?, ?, ?)", row)

    def refuse_objected(self) -> None:
        """Move every row that the kind objected to to the bad."""
        rows = self._db.execute("SELECT number, field, reason, remedy FROM objection")
        while batch := rows.fetchmany(_BATCH):
            for entry in batch:
                self.refuse(*entry)

    def refuse(self, number: int, field: str, reason: str, remedy: str) -> None:
        """Move all records of a row to the bad."""
        self._flush()
        find = "SELECT COUNT(*), MAX(raw) FROM good WHERE number = ?"
        count, raw = self._db.execute(find, (number,)).fetchone()
        if count:
            self._db.execute("DELETE FROM good WHERE number = ?", (number,))
            self.add_bad(Bad(number, field, reason, remedy, raw or ""))

    def refuse_doubles(self, *, keep_first: bool = False) -> None:
        """Move to the bad: each repetition of a record, and all that contradict each other.

        keep_first   of those that contradict each other too, the first stays
        """
        self._flush()
        self._db.execute("CREATE INDEX by_identity ON good (identity)")
        self._db.execute("CREATE INDEX by_number ON good (number)")
        self._db.execute(
            "CREATE TEMP TABLE doubled AS SELECT identity, MIN(number), MAX(number)"
            " FROM good GROUP BY identity HAVING COUNT(*) > 1"
        )
        doubled = self._db.execute("SELECT * FROM doubled")
        find = f"SELECT number{self._columns} FROM good WHERE identity = ? ORDER BY place"  # noqa: S608 - v0, v1
        while batch := doubled.fetchmany(_BATCH):
            for identity, first, last in batch:
                numbers, contents = [], set()
                for number, *values in self._db.execute(find, (identity,)):
                    numbers.append(number)
                    contents.add(tuple(values))
                if keep_first or len(contents) == 1:
                    self._refuse_repeated(numbers[1:], first, is_same=len(contents) == 1)
                else:
                    self._refuse_contradicting(numbers, first, last)

    def _refuse_repeated(self, numbers: list[int], first: int, *, is_same: bool) -> None:
        same = "the same record" if is_same else "the same fact with other words"
        for number in numbers:
            said = f"{same} stands in the file already, as record {first}"
            self.refuse(number, FIELD_OF_WHOLE_RECORD, said, "Remove one of the two.")

    def _refuse_contradicting(self, numbers: list[int], first: int, last: int) -> None:
        for number in dict.fromkeys(numbers):
            other = first if number != first else last
            said = f"record {other} says otherwise of the same fact"
            self.refuse(number, FIELD_OF_WHOLE_RECORD, said, "Keep the one that is true.")

    def count_good(self) -> int:
        """Return how many records could be read so far."""
        self._flush()
        return int(self._db.execute("SELECT COUNT(*) FROM good").fetchone()[0])

    def count_bad(self) -> int:
        """Return how many records are bad so far."""
        return int(self._db.execute("SELECT COUNT(*) FROM bad").fetchone()[0])

    def good(self) -> Iterator[tuple[Record, str]]:
        """Yield (record, identity) in the kind's order."""
        self._flush()
        names, restore = self._names, self._restore
        rows = self._db.execute(
            f"SELECT number, identity{self._columns} FROM good ORDER BY sorted, place"  # noqa: S608
        )
        while batch := rows.fetchmany(_BATCH):
            for number, identity, *kept in batch:
                values = dict(zip(names, kept, strict=True))
                for name, restored in restore:
                    if (value := values[name]) is not None:
                        values[name] = restored(value)
                yield Record(number, values), identity

    def bad(self, limit: int = -1) -> Iterator[Bad]:
        """Yield the bad records in the file's order."""
        query = "SELECT number, field, reason, remedy, raw FROM bad ORDER BY number, rowid LIMIT ?"
        for row in self._db.execute(query, (limit,)):
            yield Bad(*row)

    def _flush(self) -> None:
        self._db.executemany(self._insert, self._good)
        self._good = []


_RESTORED: dict[FieldType, Callable[[int], Value]] = {
    FieldType.INSTANT: lambda microseconds: FIRST + timedelta(microseconds=microseconds),
    FieldType.FLAG: bool,
}
