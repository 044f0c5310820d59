"""Reads an RFC 5545 recurrence rule; what the standard forbids is refused by its part."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from scuderia.freeze.nouns import BadRecurrence, WallTime

T = TypeVar("T")
FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_TEXT_MAX = 2_000
_INTERVAL_MAX = 100_000
_COUNT_MAX = 100_000
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_LIST_MAX = 400
_RANGES: dict[str, tuple[int, int, bool]] = {
    "BYSECOND": (0, 60, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
"""Least, most, and whether counting from the end by a minus sign is allowed."""


@dataclass(frozen=True, slots=True)
class DayOfWeek:
    """A weekday, Monday 0; `nth` of its month or year, from the end if below 0; 0: each."""

    weekday: int
    nth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceRule:
    """One RRULE. An empty tuple: the part is absent.

    until      the last start that counts, as written; `until_is_utc` says whether it ended in Z,
               `until_is_date` whether it was a bare date, which counts whole
    """

    freq: str
    interval: int = 1
    count: int | None = None
    until: WallTime | None = None
    until_is_utc: bool = False
    until_is_date: bool = False
    week_start: int = 0
    seconds: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    days_of_week: tuple[DayOfWeek, ...] = ()
    days_of_month: tuple[int, ...] = ()
    days_of_year: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()


def parse_rule(text: str) -> RecurrenceRule:
    """Read `FREQ=...;...`, with or without `RRULE:` before it.

    raises   BadRecurrence: names the part that is wrong
    """
    parts = _split(text)
    freq = parts.pop("FREQ", "")
    if freq not in FREQUENCIES:
        raise BadRecurrence(f"FREQ is {freq[:20]!r}, not one of {', '.join(FREQUENCIES)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadRecurrence("COUNT and UNTIL stand together", remedy="Keep one of the two.")
    until = parts.pop("UNTIL", "")
    rule = RecurrenceRule(
        freq=freq,
        interval=_whole(parts, "INTERVAL", _INTERVAL_MAX) or 1,
        count=_whole(parts, "COUNT", _COUNT_MAX),
        until=parse_wall_time(until.removesuffix("Z"), "UNTIL") if until else None,
        until_is_utc=until.endswith("Z"),
        until_is_date=len(until) == len("19970902"),
        week_start=_weekday(parts.pop("WKST", "MO")),
        days_of_week=_days_of_week(parts.pop("BYDAY", "")),
        seconds=tuple(sorted({min(one, 59) for one in _numbers(parts, "BYSECOND")})),
        minutes=_numbers(parts, "BYMINUTE"),
        hours=_numbers(parts, "BYHOUR"),
        days_of_month=_numbers(parts, "BYMONTHDAY"),
        days_of_year=_numbers(parts, "BYYEARDAY"),
        weeks=_numbers(parts, "BYWEEKNO"),
        months=_numbers(parts, "BYMONTH"),
        positions=_numbers(parts, "BYSETPOS"),
    )
    if parts:
        raise BadRecurrence(f"{next(iter(parts))[:20]!r} is no part of a recurrence rule")
    _refuse_together(rule)
    return rule


def parse_wall_time(text: str, field: str) -> WallTime:
    """Read 20260724T000000 or 20260724, or the same with dashes and colons.

    raises   BadRecurrence
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None:
        raise BadRecurrence(
            f"{field} is not a local date and time: {text[:40]!r}",
            remedy="Write 20260724T000000, or 20260724T000000Z for UTC.",
        ) from None
    return at.replace(microsecond=0)


def _split(text: str) -> dict[str, str]:
    if len(text) > _TEXT_MAX:
        raise BadRecurrence(f"the rule has {len(text)} characters, more than {_TEXT_MAX}")
    parts: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").rstrip(";").split(";"):
        name, equals, value = part.strip().partition("=")
        if not equals or not value:
            raise BadRecurrence(f"{part[:40]!r} is not NAME=VALUE")
        if name in parts:
            raise BadRecurrence(f"{name[:20]} is given twice")
        parts[name] = value
    return parts


def _whole(parts: dict[str, str], name: str, most: int) -> int | None:
    text = parts.pop(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= most:
        raise BadRecurrence(f"{name} is {text[:20]!r}, not a whole number from 1 to {most}")
    return int(text)


def _numbers(parts: dict[str, str], name: str) -> tuple[int, ...]:
    least, most, signed = _RANGES[name]
    return _list(parts.pop(name, ""), name, lambda one: _number(one, name, least, most, signed))


def _number(text: str, name: str, least: int, most: int, signed: bool) -> int:  # noqa: FBT001
    sign = r"[+-]?" if signed else ""
    if re.fullmatch(sign + r"\d{1,4}", text, re.ASCII) and least <= abs(int(text)) <= most:
        return int(text)
    raise BadRecurrence(
        f"{name} holds {text[:20]!r}, not a number from {least} to {most}"
        + (" or from the end, -1 being the last" if signed else "")
    )


def _days_of_week(text: str) -> tuple[DayOfWeek, ...]:
    return _list(text, "BYDAY", _day_of_week)


def _day_of_week(text: str) -> DayOfWeek:
    match = _DAY.fullmatch(text)
    if match is None or (match[1] and not 1 <= abs(int(match[1])) <= 53):  # noqa: PLR2004 - weeks
        raise BadRecurrence(f"BYDAY holds {text[:20]!r}, not a day such as MO, 2TU or -1FR")
    return DayOfWeek(WEEKDAYS.index(match[2]), int(match[1] or 0))


def _weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise BadRecurrence(f"WKST is {text[:20]!r}, not one of {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(text)


def _list(text: str, name: str, read: Callable[[str], T]) -> tuple[T, ...]:
    found = dict.fromkeys(read(one) for one in text.split(",")) if text else {}
    if len(found) > _LIST_MAX:
        raise BadRecurrence(f"{name} has more than {_LIST_MAX} values")
    return tuple(found)


def _refuse_together(rule: RecurrenceRule) -> None:
    """Refuse what RFC 5545 3.3.10 says MUST NOT stand together."""
    slower = ("YEARLY", "MONTHLY")
    numbered = any(day.nth for day in rule.days_of_week)
    wrong = {
        f"BYWEEKNO beside FREQ={rule.freq}": bool(rule.weeks) and rule.freq != "YEARLY",
        f"BYYEARDAY beside FREQ={rule.freq}": bool(rule.days_of_year)
        and rule.freq in ("MONTHLY", "WEEKLY", "DAILY"),
        "BYMONTHDAY beside FREQ=WEEKLY": bool(rule.days_of_month) and rule.freq == "WEEKLY",
        f"a numbered BYDAY beside FREQ={rule.freq}": numbered and rule.freq not in slower,
        "a numbered BYDAY beside BYWEEKNO": numbered and bool(rule.weeks),
        "BYSETPOS without another BY part": bool(rule.positions) and not _any_by_part(rule),
    }
    for what, is_so in wrong.items():
        if is_so:
            raise BadRecurrence(f"{what} means nothing (RFC 5545 3.3.10)")


def _any_by_part(rule: RecurrenceRule) -> bool:
    clock = rule.seconds or rule.minutes or rule.hours
    return bool(clock or rule.days_of_week or rule.days_of_month or rule.days_of_year) or bool(
        rule.weeks or rule.months
    )


def last_start(rule: RecurrenceRule) -> WallTime | None:
    """Return UNTIL as the last wall time that counts; None without one, or where it is UTC."""
    if rule.until is None or rule.until_is_utc:
        return None
    return rule.until + timedelta(days=1, seconds=-1) if rule.until_is_date else rule.until
