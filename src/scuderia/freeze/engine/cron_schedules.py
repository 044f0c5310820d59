"""Reads a five-field cron schedule as Argo CD does, and finds when it is next due.

Argo CD's own reader decides here, not the usual crontab: Sunday is 0 and never 7, `5/10` means from
5 on, `?` is `*`, and where the day or the weekday is a bare `*` both must fit, else one is enough.
"""

from dataclasses import dataclass
from datetime import timedelta

from scuderia.basics.errors import BadInput
from scuderia.freeze.nouns import WallTime

_YEARS_AHEAD = 5
_SCHEDULE_MAX = 400
_ANY = frozenset("*?")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


class BadSchedule(BadInput):
    """A cron schedule cannot be read."""

    code = "FREEZE-020"
    remedy = "Write minute, hour, day, month and weekday (0 is Sunday), e.g. 0 22 * * 1-5."


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, tuple(_MONTHS)),
    _Field("weekday", 0, 6, tuple(_WEEKDAYS)),
)


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """When something is due on a wall clock: at second 0 of what every field names.

    weekdays    0 is Sunday
    both_days   the day and the weekday must fit; else one of the two is enough
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    both_days: bool

    def next_after(self, at: WallTime) -> WallTime | None:
        """Return the first time later than `at`; None: none until the fifth year after its own."""
        earliest = (at + timedelta(seconds=1)).replace(microsecond=0)
        day = earliest.replace(hour=0, minute=0, second=0)
        last_year = earliest.year + _YEARS_AHEAD
        while day.year <= last_year:
            if self._is_due_on(day):
                found = self._first_of(day, earliest)
                if found is not None:
                    return found
            day += timedelta(days=1)
        return None

    def _is_due_on(self, day: WallTime) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_date and by_weekday if self.both_days else by_date or by_weekday

    def _first_of(self, day: WallTime, earliest: WallTime) -> WallTime | None:
        for hour in self.hours:
            for minute in self.minutes:
                found = day.replace(hour=hour, minute=minute)
                if found >= earliest:
                    return found
        return None


def parse_schedule(text: str) -> CronSchedule:
    """Read minute, hour, day of the month, month and weekday.

    raises   BadSchedule: names the field
    """
    parts = text.split() if len(text) <= _SCHEDULE_MAX else []
    if len(parts) != len(_FIELDS):
        raise BadSchedule(f"{text[:60]!r} has not the five fields of a schedule")
    read = [_values(part, field) for part, field in zip(parts, _FIELDS, strict=True)]
    (minutes, _), (hours, _), (days, any_day), (months, _), (weekdays, any_weekday) = read
    return CronSchedule(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=days,
        months=months,
        weekdays=weekdays,
        both_days=any_day or any_weekday,
    )


def _values(text: str, field: _Field) -> tuple[frozenset[int], bool]:
    """Return what a field names, and whether a bare `*` stands in it; empty items are nothing."""
    found: set[int] = set()
    any_of_them = False
    for item in filter(None, text.split(",")):
        values, is_any = _item(item, field)
        found.update(values)
        any_of_them |= is_any
    return frozenset(found), any_of_them


def _item(item: str, field: _Field) -> tuple[range, bool]:
    span, slash, step_text = item.partition("/")
    low_text, dash, high_text = span.partition("-")
    step = _number(step_text, field) if slash else 1
    if step == 0:
        raise _bad(item, field, "its step is 0")
    if low_text in _ANY:
        return range(field.low, field.high + 1, step), step == 1
    low = _named(low_text, field)
    high = _named(high_text, field) if dash else field.high if slash else low
    if not field.low <= low <= high <= field.high:
        raise _bad(item, field, f"it lies between {field.low} and {field.high}, ascending")
    return range(low, high + 1, step), False


def _named(text: str, field: _Field) -> int:
    if text.lower() in field.names:
        return field.low + field.names.index(text.lower())
    return _number(text, field)


def _number(text: str, field: _Field) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len("2147483647")):
        raise _bad(text, field, "it is no number")
    return int(text)


def _bad(text: str, field: _Field, words: str) -> BadSchedule:
    return BadSchedule(f"the {field.name} {text[:40]!r} cannot be read: {words}")
