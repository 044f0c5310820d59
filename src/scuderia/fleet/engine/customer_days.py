"""Which days a customer has: each begins at midnight by the clocks that count it that day; pure.

A day is 23 or 25 hours long when clocks change. Where another zone counts from some day on, the
day before it ends when that one begins, so that no second is in two days or in none.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from scuderia.fleet.engine.ledger import Days
from scuderia.fleet.nouns import BEGINNING
from scuderia.intake.records import Flaw

LAST_DAY = date(2199, 12, 31)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Whose clocks count the days: (first day, zone) by day; the first zone counts before too."""

    zones: tuple[tuple[date, ZoneInfo], ...] = ((BEGINNING, ZoneInfo("UTC")),)

    def zone_on(self, day: date) -> ZoneInfo:
        """Return the zone that counts the day."""
        held = self.zones[0][1]
        for first, zone in self.zones:
            if first > day:
                break
            held = zone
        return held

    def begins(self, day: date) -> int:
        """Return the first second of the day; where clocks skip midnight, the second after."""
        zone = self.zone_on(day)
        return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())

    def day_of(self, second: int) -> date:
        """Return the day that the Unix second is in."""
        day = datetime.fromtimestamp(second, UTC).date() - _DAY
        while self.begins(day + _DAY) <= second:
            day += _DAY
        return day


def calendar_in(zone: str) -> Calendar:
    """Return the calendar of one IANA zone."""
    return Calendar(((BEGINNING, ZoneInfo(zone)),))


def local_days(start: int, end: int, calendar: Calendar) -> Days:
    """Return the days that touch [start, end), cut at its ends; one that was skipped is none."""
    day = calendar.day_of(start)
    dates: list[date] = []
    edges: list[int] = [start]
    while edges[-1] < end:
        closes = min(end, calendar.begins(day + _DAY))
        if closes > edges[-1]:
            dates.append(day)
            edges.append(closes)
        day += _DAY
    return Days(tuple(dates), np.array(edges, dtype=np.int64))


@lru_cache(maxsize=256)
def complete_days(start: int, end: int, calendar: Calendar) -> Days:
    """Return the days that lie wholly inside [start, end); kept, for pages ask again."""
    days = local_days(start, end, calendar)
    whole = [
        place
        for place, day in enumerate(days.dates)
        if days.edges[place] == calendar.begins(day)
        and days.edges[place + 1] == calendar.begins(day + _DAY)
    ]
    if not whole:
        return Days((), np.array([start], dtype=np.int64))
    return Days(tuple(days.dates[place] for place in whole), days.edges[whole[0] : whole[-1] + 2])


def read_day(text: str, field: str) -> date:
    """Return the day that is written; what is empty means from the beginning.

    raises   Flaw
    """
    if not text:
        return BEGINNING
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not BEGINNING <= day <= LAST_DAY:
        said = f"{text[:40]!r} is no day"
        raise Flaw(field, said, "Write it as 2026-07-01; leave it empty for from the beginning.")
    return day
