"""Turns what repeats on a wall clock into half-open intervals of instants.

Local times that clocks skip are moved forward by the gap, those shown twice mean the first
(RFC 5545 3.3.5): nothing is dropped because a clock was moved, so no protection is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from itertools import chain

from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.engine.recurrence_rules import RecurrenceRule
from scuderia.freeze.engine.recurrences import wall_times
from scuderia.freeze.nouns import (
    BadRecurrence,
    EndKind,
    Interval,
    Length,
    TooManyOccurrences,
    WallTime,
)

OCCURRENCES_MAX = 100_000
_MARGIN = timedelta(days=3)
"""More than any clock was ever moved: Samoa left out a whole day."""
_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """What repeats: DTSTART in a zone, a rule, dates beside it, dates left out.

    zone       for wall times without an offset of their own
    left_out   EXDATE: wall times as written, or instants where they were written in UTC
    """

    first: WallTime
    zone: tzinfo
    length: Length
    rule: RecurrenceRule | None = None
    beside: tuple[WallTime | AwareDatetime, ...] = ()
    left_out: tuple[WallTime | AwareDatetime, ...] = ()


def instant_at(at: WallTime | AwareDatetime, zone: tzinfo) -> AwareDatetime:
    """Return the instant of a wall time in `zone`; an aware one is merely told in UTC."""
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    return at.replace(tzinfo=zone, fold=0).astimezone(UTC)


def end_of(first: WallTime | AwareDatetime, length: Length, zone: tzinfo) -> AwareDatetime:
    """Return the instant at which what starts at `first` ends."""
    start = instant_at(first, zone)
    if length.kind is EndKind.EXACT:
        return start + length.rest
    wall = first if first.tzinfo is None else first.astimezone(zone).replace(tzinfo=None)
    if length.kind is EndKind.WALL:
        # A night whose end a clock skips or repeats still ends after it began.
        return max(start, instant_at(wall + timedelta(days=length.days) + length.rest, zone))
    days_on = instant_at(wall + timedelta(days=length.days), zone) if length.days else start
    return days_on + length.rest


def occurrences(
    recurrence: Recurrence, *, since: AwareDatetime | None, before: AwareDatetime | None
) -> list[Interval]:
    """Return the occurrences that touch [since, before), in order, none twice.

    since, before   UTC; None: no bound. A rule without COUNT or UNTIL needs `before`
    raises          TooManyOccurrences, BadRecurrence: endless and unbounded
    """
    rule = recurrence.rule
    if rule is not None and before is None and rule.count is None and rule.until is None:
        raise BadRecurrence("the rule has no end", remedy="Say --to, or give it COUNT or UNTIL.")
    left_out = frozenset(recurrence.left_out)
    found: set[Interval] = set()
    for wall in chain(_of_the_rule(recurrence, since, before), recurrence.beside):
        start = instant_at(wall, recurrence.zone)
        if wall in left_out or start in left_out:
            continue
        one = Interval(start, end_of(wall, recurrence.length, recurrence.zone))
        if _touches(one, since, before):
            found.add(one)
        if len(found) > OCCURRENCES_MAX:
            raise TooManyOccurrences(f"more than {OCCURRENCES_MAX:,} occurrences in the window")
    return sorted(found)


def _of_the_rule(
    recurrence: Recurrence, since: AwareDatetime | None, before: AwareDatetime | None
) -> Iterable[WallTime]:
    rule, zone = recurrence.rule, recurrence.zone
    if rule is None:
        return [recurrence.first]
    longest = timedelta(days=recurrence.length.days) + recurrence.length.rest + _MARGIN
    named = wall_times(
        rule,
        recurrence.first,
        since=_wall(since, zone, -longest),
        before=_wall(before, zone, _MARGIN),
    )
    if not rule.until_is_utc or rule.until is None:
        return named
    last = rule.until.replace(tzinfo=UTC)
    return _up_to(named, last, zone)


def _up_to(named: Iterable[WallTime], last: AwareDatetime, zone: tzinfo) -> Iterable[WallTime]:
    for wall in named:
        start = instant_at(wall, zone)
        if start > last + _MARGIN:
            return
        if start <= last:
            yield wall


def _wall(at: AwareDatetime | None, zone: tzinfo, by: timedelta) -> WallTime | None:
    return None if at is None else at.astimezone(zone).replace(tzinfo=None) + by


def _touches(one: Interval, since: AwareDatetime | None, before: AwareDatetime | None) -> bool:
    """Say whether it lies in the window; one without length, whether its start does."""
    if before is not None and one.start >= before:
        return False
    if since is None:
        return True
    return one.end > since or (one.end == one.start and one.start >= since)
