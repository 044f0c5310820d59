"""What a kind of file must say, and who books it: the contract between the intake and a room."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeAlias, TypeVar

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.intake.records import Flaw

Value: TypeAlias = str | int | float | bool | datetime | None
"""A field as understood; a datetime is aware and UTC; None where the file says nothing."""

CHANGES_KEPT = 1_000

RowT = TypeVar("RowT")


class FieldType(StrEnum):
    """How a cell is understood."""

    TEXT = "text"
    NAME = "name"  # letters, digits and . _ @ -; hostlists and the name rules of a profile hold
    INSTANT = "instant"
    FLAG = "flag"
    WHOLE = "whole number"
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of a kind.

    needs_column    the file must have a column for it
    may_be_empty    a cell may say nothing
    counted_from    an instant that may be given as a duration after that field
    characters_max  longer text is refused, never cut
    """

    name: str
    type: FieldType = FieldType.TEXT
    needs_column: bool = False
    may_be_empty: bool = True
    counted_from: str = ""
    characters_max: int = 200


@dataclass(frozen=True, slots=True)
class Record:
    """One record as understood, before the kind makes it a row of its own.

    number   where it stands in the file, from 1
    values   every field of the kind
    """

    number: int
    values: Mapping[str, Value]

    def text(self, name: str) -> str:
        """Return a text or name; empty where the file says nothing."""
        value = self.values[name]
        return "" if value is None else str(value)

    def instant(self, name: str) -> AwareDatetime | None:
        """Return an instant in UTC, or None."""
        value = self.values[name]
        return value if isinstance(value, datetime) else None

    def required_instant(self, name: str) -> AwareDatetime:
        """Return an instant in UTC.

        raises   Flaw: the file says none
        """
        value = self.instant(name)
        if value is None:
            raise Flaw(name, "it is empty", "Write an instant.")
        return value

    def flag(self, name: str) -> bool | None:
        """Return yes, no or None."""
        value = self.values[name]
        return value if isinstance(value, bool) else None

    def whole(self, name: str) -> int | None:
        """Return a whole number, or None."""
        value = self.values[name]
        return value if isinstance(value, int) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a kind notes about the file that it books."""

    name: str
    sha256: str
    shape: str
    records: int
    bad: int
    profile: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """A known fact that the file says otherwise: what stood there, and what stands there now."""

    number: int
    identity: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Objection:
    """A record that the kind cannot book beside what it already holds."""

    number: int
    flaw: Flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitReport:
    """What the kind did; `changes` are the first CHANGES_KEPT of the amended.

    kept        known facts that stay as a person put them, though the file says otherwise
    left_alone  the first CHANGES_KEPT of what the file says of those
    retracted   facts that a person took off the books for good; they are not booked again
    odd         sentences about what looks wrong beside what was held, though it is booked
    """

    added: int = 0
    amended: int = 0
    unchanged: int = 0
    kept: int = 0
    retracted: int = 0
    changes: tuple[Change, ...] = ()
    left_alone: tuple[Change, ...] = ()
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Numbered(Generic[RowT]):
    """A row of the kind with its place in the file and its identity."""

    number: int
    identity: str
    row: RowT


class ImportKind(Protocol[RowT]):
    """A kind of file. `read` and `identity` are pure, and may be called twice for one record."""

    @property
    def name(self) -> str:
        """Return what a person writes after `import`."""
        ...

    @property
    def fields(self) -> tuple[FieldSpec, ...]:
        """Return the fields, in the order in which a preview shows them."""
        ...

    @property
    def order(self) -> str:
        """Return the instant field that rows are handed over in the order of, or ""."""
        ...

    def read(self, record: Record) -> RowT:
        """Return the row.

        raises   Flaw: the fields contradict each other
        """
        ...

    def identity(self, row: RowT) -> str:
        """Return what makes the row the same fact when it comes again; at most 200 characters."""
        ...

    def check(self, rows: Iterable[Numbered[RowT]]) -> Iterator[Objection]:
        """Yield what cannot be booked beside other rows or what is held; writes nothing."""
        ...

    def commit(
        self,
        rows: Iterable[Numbered[RowT]],
        *,
        facts: FileFacts,
        actor: Actor,
        now: AwareDatetime,
        dry_run: bool,
    ) -> CommitReport:
        """Book all rows or none, supersede known facts that changed, and audit it.

        dry_run   say what it would come to, and leave no trace of it
        """
        ...
