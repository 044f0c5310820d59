"""Reads iCalendar (RFC 5545): a record for each event, with the standard's own names as columns.

`icalendar` unfolds, unescapes and reads times; only one event is held at a time.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import TextIO

from icalendar import Event

from scuderia.intake.readers.line_feed import LineFeed, LineTooLong, RecordTooLong
from scuderia.intake.records import (
    FIELD_OF_WHOLE_RECORD,
    Bad,
    FileUnreadable,
    Limits,
    Row,
    kept_raw,
)

MARK = "BEGIN:VCALENDAR"
TEXTS = ("uid", "summary", "description", "location", "categories", "status", "url")
COLUMNS = (*TEXTS, "dtstart", "dtend", "duration_minutes")
_BEGIN, _END = "BEGIN:VEVENT", "END:VEVENT"
_REPEATS = ("RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
_MINUTE_S = 60


class _Unread(Exception):  # noqa: N818 - it never leaves this reader
    """An event that cannot be taken as one record: field, what was found, the remedy."""


class EventReader:
    """Iterates over the events of a text stream, numbered from 1."""

    columns = COLUMNS

    def __init__(self, stream: TextIO, *, file: str, limits: Limits) -> None:
        self._feed, self._file, self._limits = LineFeed(stream, limits), file, limits

    def __iter__(self) -> Iterator[Row | Bad]:
        """Yield each event as a row, or as a bad one with its own lines."""
        lines: list[str] = []
        number, inside = 0, False
        try:
            for line in self._feed:
                text = line.rstrip("\r\n")
                if not inside:
                    self._feed.taken.clear()
                if text.upper() == _BEGIN:
                    number, lines, inside = number + 1, [], True
                if inside:
                    lines.append(text)
                if inside and text.upper() == _END:
                    yield self._row(number, "\r\n".join(lines) + "\r\n")
                    inside = False
                    self._feed.taken.clear()
        except (LineTooLong, RecordTooLong):
            raise FileUnreadable(
                f"{self._file}: event {number} is longer than an event may be",
                remedy="Leave out attachments, or split the calendar.",
            ) from None
        if inside:
            said = f"{self._file}: event {number} has no {_END}, so the file is cut off"
            raise FileUnreadable(said, remedy="Fetch the whole calendar again.")

    def _row(self, number: int, raw: str) -> Row | Bad:
        try:
            return Row(number, COLUMNS, _cells(raw), raw)
        except _Unread as unread:
            field, reason, remedy = unread.args
            return Bad(number, field, reason, remedy, kept_raw(raw, self._limits))


def _cells(raw: str) -> tuple[str | None, ...]:
    """Return the cells of one event.

    raises   _Unread
    """
    try:
        event = Event.from_ical(raw)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        said = f"it is no event: {str(error)[:80]}"
        raise _Unread(FIELD_OF_WHOLE_RECORD, said, "Export the calendar again.") from None
    repeats = next((name for name in _REPEATS if name in event), None)
    if repeats:
        remedy = "Write each occurrence as an event of its own."
        raise _Unread(repeats.lower(), "the event repeats, and is not one record", remedy)
    start = _instant(event, "dtstart")
    end = _instant(event, "dtend")
    if end is None and start is not None and "DURATION" in event:
        end = start + event.decoded("duration")
    minutes = None if start is None or end is None else (end - start).total_seconds() / _MINUTE_S
    return (
        *(_text(event, name) for name in TEXTS),
        None if start is None else start.isoformat(),
        None if end is None else end.isoformat(),
        None if minutes is None else f"{minutes:g}",
    )


def _text(event: Event, name: str) -> str | None:
    value = event.get(name)
    if value is None:
        return None
    if name == "categories":
        parts = value if isinstance(value, list) else [value]
        return ",".join(text for part in parts for text in map(str, part.cats)) or None
    return str(value[0] if isinstance(value, list) else value)


def _instant(event: Event, name: str) -> datetime | None:
    """Return an instant of an event.

    raises   _Unread: a bare date, or a time in no zone or in one that nobody knows
    """
    if name not in event:
        return None
    value = event.decoded(name)
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.astimezone(UTC)
        remedy = "Write it in UTC (Z), or with a TZID of the IANA database."
        raise _Unread(name, "the time is in no zone that is known", remedy)
    if isinstance(value, date):
        remedy = "Write date and time, with Z or a TZID."
        raise _Unread(name, "it is a whole day, and says no time", remedy)
    raise _Unread(name, "it is no instant", "Write date and time, with Z or a TZID.")
