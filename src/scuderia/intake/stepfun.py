"""Reads the StepFun fault trace: events in days become faults with a start and an end.

The one reader of this layout: events pair by node and fault type, in the order of their time,
whatever their order in the file.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.safe_text import plain_words
from scuderia.basics.units import DAY_S
from scuderia.intake.records import Bad, Flaw, Row, as_raw

DAY_0 = datetime(2024, 3, 30, tzinfo=UTC)
DAYS_MAX = 36_500
_PARTS = ("fault_type.Level", "fault_type.Class", "fault_type.Desc")
COLUMNS = ("node_id", "event_time", "event_type", *_PARTS)
ROW_COLUMNS = ("node", "start", "end", "cause")
_PART_CHARACTERS_MAX = 64
_MEND = "Write node_id, event_time (days), event_type and fault_type {Level, Class, Desc}."


class Fault(NamedTuple):
    """One fault of a node; `number` is the record in which it began. Whole seconds after day 0."""

    number: int
    node: str
    start_s: int
    end_s: int
    cause: str
    raw: str


@dataclass(frozen=True, slots=True)
class _Event:
    number: int
    node: str
    cause: str
    at_s: int
    is_start: bool
    raw: str


def is_stepfun(columns: Iterable[str]) -> bool:
    """Say whether records with these columns are events of the trace."""
    return set(COLUMNS) <= set(columns)


def read_faults(rows: Iterable[Row | Bad]) -> Iterator[Fault | Bad]:
    """Yield each fault that began and ended, and each event that cannot be paired or read."""
    stays: dict[tuple[str, str], list[_Event]] = {}
    for row in rows:
        if isinstance(row, Bad):
            yield row
            continue
        try:
            event = _event(row)
        except Flaw as flaw:
            yield Bad(row.number, flaw.field, flaw.reason, flaw.remedy, as_raw(row))
        else:
            stays.setdefault((event.node, event.cause), []).append(event)
    for events in stays.values():
        yield from _paired(sorted(events, key=lambda event: event.at_s))


def fault_rows(rows: Iterable[Row | Bad], day_0: AwareDatetime = DAY_0) -> Iterator[Row | Bad]:
    """Yield the faults as rows of node, start, end and cause; instants in UTC."""
    for fault in read_faults(rows):
        if isinstance(fault, Bad):
            yield fault
            continue
        start, end = (day_0 + timedelta(seconds=at_s) for at_s in (fault.start_s, fault.end_s))
        cells = (fault.node, start.isoformat(), end.isoformat(), fault.cause)
        yield Row(fault.number, ROW_COLUMNS, cells, fault.raw)


def _event(row: Row) -> _Event:
    cells = dict(zip(row.columns, row.cells, strict=True))
    for name in COLUMNS:
        if not (cells.get(name) or "").strip():
            raise Flaw(name, "it is missing", _MEND)
    kind = cells["event_type"] or ""
    if kind not in ("fault_start", "fault_end"):
        raise Flaw("event_type", f"{kind[:40]!r} is unknown", "Write fault_start or fault_end.")
    parts = (plain_words(cells[part] or "", limit=_PART_CHARACTERS_MAX) for part in _PARTS)
    return _Event(
        number=row.number,
        node=cells["node_id"] or "",
        cause=" / ".join(parts),
        at_s=round(_day(cells["event_time"] or "") * DAY_S),
        is_start=kind == "fault_start",
        raw=as_raw(row),
    )


def _day(text: str) -> float:
    try:
        day = float(text[:40])
    except ValueError:
        said = f"{text[:40]!r} is not a number"
        raise Flaw("event_time", said, "Write days, e.g. 3.8955.") from None
    if not math.isfinite(day) or not 0 <= day <= DAYS_MAX:
        raise Flaw("event_time", f"{text[:40]!r} is no time", f"Write days from 0 to {DAYS_MAX}.")
    return day


def _paired(events: list[_Event]) -> Iterator[Fault | Bad]:
    """Pair one stay's events; of those of one second, the one that fits comes first."""
    opened: _Event | None = None
    left = events[::-1]
    while left:
        event = _next(left, wants_end=opened is not None)
        if event.is_start and opened is not None:
            said = f"this fault of {event.node} already began in record {opened.number}"
            yield _bad(event, said, "Add the missing fault_end, or remove the second start.")
        elif event.is_start:
            opened = event
        elif opened is None:
            said = f"this fault of {event.node} ends without having begun"
            yield _bad(event, said, "Add its fault_start, or remove the end.")
        else:
            raw = f"{opened.raw}\n{event.raw}"
            yield Fault(opened.number, event.node, opened.at_s, event.at_s, event.cause, raw)
            opened = None
    if opened is not None:
        said = f"the fault of {opened.node} never ends"
        yield _bad(opened, said, "Add its fault_end, or import a table, where an end may be empty.")


def _next(left: list[_Event], *, wants_end: bool) -> _Event:
    place = len(left) - 1
    while place >= 0 and left[place].at_s == left[-1].at_s:
        if left[place].is_start is not wants_end:
            return left.pop(place)
        place -= 1
    return left.pop()


def _bad(event: _Event, said: str, remedy: str) -> Bad:
    return Bad(event.number, "event_type", said, remedy, event.raw)
