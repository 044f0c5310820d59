"""Keeps the read records of one import in a temporary SQLite file, so that memory stays flat."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
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
    identity TEXT NOT NULL, said TEXT NOT NULL);
CREATE TABLE raw (number INTEGER PRIMARY KEY, raw TEXT NOT NULL);
CREATE TABLE objection (
    number INTEGER NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL);
CREATE TABLE bad (
    number INTEGER NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL, remedy TEXT NOT NULL,
    raw TEXT NOT NULL);
"""


class Staging:
    """Good and bad records of one file, on disk; `order` is an instant field, or ""."""

    def __init__(
        self, folder: Path, fields: Sequence[FieldSpec], *, order: str, limits: Limits
    ) -> None:
        self._names = [spec.name for spec in fields]
        self._instants = [spec.name for spec in fields if spec.type is FieldType.INSTANT]
        self._order, self._limits = order, limits
        self._db = sqlite3.connect(folder / "staging.sqlite3", isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        self._db.execute("BEGIN")
        self._good: list[tuple[int, int, str, str]] = []
        self._count = 0
        self._raw: list[tuple[int, str]] = []

    def close(self) -> None:
        """Forget everything; the folder is removed by whoever made it."""
        self._db.close()

    def add(self, record: Record, identity: str) -> None:
        """Keep a record that could be read."""
        values = record.values
        at = values[self._order] if self._order else None
        sorted_at = (at - FIRST) // _MICROSECOND if isinstance(at, datetime) else record.number
        said = json.dumps(self._kept(values))
        self._count += 1
        if self._count > self._limits.rows:
            said = f"it comes to more than {self._limits.rows} records"
            raise FileUnreadable(said, remedy="Split it into smaller files.")
        self._good.append((record.number, sorted_at, identity, said))
        if len(self._good) >= _BATCH:
            self._flush()

    def add_raw(self, number: int, raw: str) -> None:
        """Keep what stood in the file for a row with good records."""
        self._raw.append((number, kept_raw(raw, self._limits)))

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
        gone = self._db.execute("DELETE FROM good WHERE number = ?", (number,))
        if gone.rowcount:
            found = self._db.execute("SELECT raw FROM raw WHERE number = ?", (number,)).fetchone()
            self.add_bad(Bad(number, field, reason, remedy, found[0] if found else ""))

    def refuse_doubles(self) -> None:
        """Move to the bad: each repetition of a record, and all that contradict each other."""
        self._flush()
        self._db.execute("CREATE INDEX by_identity ON good (identity)")
        self._db.execute("CREATE INDEX by_number ON good (number)")
        self._db.execute(
            "CREATE TEMP TABLE doubled AS SELECT identity, COUNT(DISTINCT said), MIN(number),"
            " MAX(number) FROM good GROUP BY identity HAVING COUNT(*) > 1"
        )
        doubled = self._db.execute("SELECT * FROM doubled")
        while batch := doubled.fetchmany(_BATCH):
            for identity, contents, first, last in batch:
                rows = self._db.execute(
                    "SELECT number FROM good WHERE identity = ? ORDER BY place", (identity,)
                )
                numbers = [number for (number,) in rows]
                self._refuse_group(numbers, first, last, is_repeated=contents == 1)

    def _refuse_group(
        self, numbers: list[int], first: int, last: int, *, is_repeated: bool
    ) -> None:
        if is_repeated:
            for number in numbers[1:]:
                said = f"the same record stands in the file already, as record {first}"
                self.refuse(number, FIELD_OF_WHOLE_RECORD, said, "Remove one of the two.")
            return
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
        rows = self._db.execute("SELECT number, identity, said FROM good ORDER BY sorted, place")
        while batch := rows.fetchmany(_BATCH):
            for number, identity, said in batch:
                yield Record(number, self._values(json.loads(said))), identity

    def bad(self, limit: int = -1) -> Iterator[Bad]:
        """Yield the bad records in the file's order."""
        query = "SELECT number, field, reason, remedy, raw FROM bad ORDER BY number, rowid LIMIT ?"
        for row in self._db.execute(query, (limit,)):
            yield Bad(*row)

    def _kept(self, values: Mapping[str, Value]) -> list[object]:
        kept = dict(values)
        for name in self._instants:
            if isinstance(at := kept[name], datetime):
                kept[name] = (at - FIRST) // _MICROSECOND
        return [kept[name] for name in self._names]

    def _values(self, kept: list[Value]) -> dict[str, Value]:
        values = dict(zip(self._names, kept, strict=True))
        for name in self._instants:
            if isinstance(microseconds := values[name], int):
                values[name] = FIRST + timedelta(microseconds=microseconds)
        return values

    def _flush(self) -> None:
        self._db.executemany(
            "INSERT INTO good (number, sorted, identity, said) VALUES (?, ?, ?, ?)", self._good
        )
        self._db.executemany("INSERT OR IGNORE INTO raw VALUES (?, ?)", self._raw)
        self._good, self._raw = [], []
