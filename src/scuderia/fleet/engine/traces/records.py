"""What every trace format comes down to: good outages, and bad records with their reasons."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import BadInput

RAW_KEPT = 500
FIRST_SECOND = 0
LAST_SECOND = 7_258_118_400  # the year 2200
_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,127}")


class TraceUnreadable(BadInput):
    """The file as a whole is not a trace of outages."""

    code = "FLEET-012"
    remedy = "Check that this is the right, whole file; docs/importing.md describes the formats."


class RecordRefused(BadInput):
    """One record of a trace cannot be booked; nothing of the file was."""

    code = "FLEET-013"
    remedy = "Mend the record, or keep the good ones with --on-error quarantine."


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be booked: its number (from 1), its field, why, and what it said."""

    record: int
    field: str
    reason: str
    remedy: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class TraceOutage:
    """One outage as a file told it; `record` is where it began there. Unix seconds."""

    record: int
    node: str
    start: int
    end: int | None
    cause: str
    planned: bool
    detected: int | None = None

    @property
    def last_second(self) -> int:
        """Return the last second that the outage speaks of."""
        return max(self.start, self.end or self.start, self.detected or self.start)


@dataclass(slots=True)
class Trace:
    """What was read from one file; `bad` is empty when every record could be booked."""

    trace_format: str
    records: int = 0
    outages: list[TraceOutage] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)

    def refuse(self, record: int, where: str, reason: str, remedy: str, raw: object = "") -> None:
        """Remember that a record cannot be booked, and why."""
        self.bad.append(BadRecord(record, where, reason, remedy, str(raw)[:RAW_KEPT]))


class Flaw(Exception):  # noqa: N818 - a word for inside the parsers; it never leaves them
    """A field that cannot be read; becomes a BadRecord."""

    def __init__(self, where: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.where, self.reason, self.remedy = where, reason, remedy


def read_node(value: object, where: str) -> str:
    """Return a node's name.

    raises   Flaw: not text, or outlandish
    """
    if not isinstance(value, str) or not _NODE.fullmatch(value):
        said = f"{str(value)[:80]!r} is no node name"
        raise Flaw(where, said, "Use letters, digits and . _ @ -, at most 128 of them.")
    return value


def read_second(value: object, where: str) -> int:
    """Return an ISO 8601 instant with its offset as a Unix second.

    raises   Flaw: not text, unreadable, without an offset, or outside 1970 to 2200
    """
    remedy = "Write ISO 8601 with an offset, e.g. 2026-07-24T00:00:00Z."
    if not isinstance(value, str):
        raise Flaw(where, f"{str(value)[:80]!r} is not an instant", remedy)
    try:
        second = int(parse_instant(value.strip()[:64], field=where).timestamp() // 1)
    except (BadInput, OverflowError, ValueError) as error:
        raise Flaw(where, str(error)[:200], remedy) from None
    if not FIRST_SECOND <= second < LAST_SECOND:
        raise Flaw(where, f"{value[:40]!r} lies outside 1970 to 2200", remedy)
    return second


def second_of(at: AwareDatetime) -> int:
    """Return the whole Unix second that `at` falls in."""
    return int(at.timestamp() // 1)


def refuse_first(bad: Iterable[BadRecord], *, file: str) -> None:
    """Raise RecordRefused for the first bad record, saying how many more there are."""
    ordered = sorted(bad, key=lambda entry: entry.record)
    if not ordered:
        return
    first, more = ordered[0], len(ordered) - 1
    tail = f" ({more} more bad records)" if more else ""
    raise RecordRefused(
        f"{file}, record {first.record}, field {first.field}: {first.reason}{tail}",
        remedy=f"{first.remedy} Or keep the good records with --on-error quarantine.",
        file=file,
        record=first.record,
        field=first.field,
        bad_records=len(ordered),
    )
