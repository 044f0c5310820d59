"""The freeze room's words: intervals, ends of occurrences, recurrences."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput

WallTime: TypeAlias = datetime
"""A date and time of day as a clock on the wall shows it: no zone, no offset."""

LOCAL_TIMES = "RFC 5545 3.3.5"
"""The reading of local times that clocks skip (moved forward) or show twice (the first one)."""


class BadRecurrence(BadInput):
    """A recurrence rule, or a date beside it, cannot be read or means nothing."""

    code = "FREEZE-001"
    remedy = 'Write RFC 5545, e.g. --rrule "FREQ=WEEKLY;BYDAY=FR;COUNT=10".'


class TooManyOccurrences(BadInput):
    """A recurrence has more occurrences in the window than anyone can mean."""

    code = "FREEZE-002"
    remedy = "Narrow --from and --to, or give the rule a COUNT or an UNTIL."


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The instants from `start` up to, not including, `end`; both in UTC."""

    start: AwareDatetime
    end: AwareDatetime

    def overlaps(self, other: "Interval") -> bool:
        """Say whether some instant lies in both."""
        return self.start < other.end and other.start < self.end


class EndKind(StrEnum):
    """How the end of each occurrence follows from its start, where days have 23 or 25 hours.

    WALL      the same time of day, so many dates later: "until 04:00"
    NOMINAL   RFC 5545 DURATION: days by the wall clock, then hours and minutes exactly
    EXACT     RFC 5545 DTEND: as many seconds as the first occurrence has
    """

    WALL = "wall"
    NOMINAL = "nominal"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Length:
    """How long each occurrence is: `days` by the wall clock and `rest` beside them, by kind.

    WALL     days, and rest on the wall clock as well
    NOMINAL  days on the wall clock, rest in elapsed seconds
    EXACT    days is 0, rest in elapsed seconds
    """

    kind: EndKind
    days: int
    rest: timedelta
