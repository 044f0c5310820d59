"""When a zone is in force: its wall times as instants; what nobody bounded is never open again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.engine.occurrences import Recurrence, instant_at, occurrences
from scuderia.freeze.engine.recurrence_rules import RecurrenceRule, parse_rule
from scuderia.freeze.nouns import BadZone, EndKind, Length, ZoneTimes
from scuderia.intake.instants import zone_of

NEVER = datetime(3058, 1, 1, tzinfo=UTC)
"""The end of what has none yet: later than any instant that the gate can be asked for."""
LENGTH_DAYS_MAX = 3 * 366


@dataclass(frozen=True, slots=True)
class ZoneSpan:
    """From when to when a zone is in force at all; `end` is NEVER while that is open."""

    start: AwareDatetime
    end: AwareDatetime

    @property
    def is_open(self) -> bool:
        """Say whether nobody knows its end."""
        return self.end == NEVER


def span_of(times: ZoneTimes) -> ZoneSpan:
    """Return the whole span of the zone.

    raises   BadZone: it ends before it starts, or lasts for years; BadRecurrence, UnknownTimeZone
    """
    refuse_bad_times(times)
    rule = _rule(times)
    start = instant_at(times.first, zone_of(times.time_zone))
    if times.until is None or (rule is not None and rule.count is None and rule.until is None):
        return ZoneSpan(start, NEVER)
    found = occurrences(_recurrence(times, rule), since=None, before=None)
    if not found:
        raise BadZone("the rule names no time at all")
    return ZoneSpan(found[0].start, max(one.end for one in found))


def refuse_bad_times(times: ZoneTimes) -> None:
    """Return if the first stretch is one, and an open end stands alone.

    raises   BadZone
    """
    if times.until is None:
        if times.rrule or times.rdates:
            raise BadZone("what repeats has ends: leave out the open end, or the rule")
        return
    zone = zone_of(times.time_zone)
    length = instant_at(times.until, zone) - instant_at(times.first, zone)
    if length <= timedelta(0):
        raise BadZone("it ends before it starts, or when it starts", field="until")
    if length > timedelta(days=LENGTH_DAYS_MAX):
        raise BadZone(f"it lasts more than {LENGTH_DAYS_MAX} days", field="until")


def intervals_of(times: ZoneTimes, *, before: AwareDatetime) -> list[tuple[int, int]]:
    """Return when it is in force, in Unix seconds.

    before   how far a rule without an end is spelled out; from there on it counts as in force
             without a break, so that what was not spelled out is closed and not open
    """
    span = span_of(times)
    if times.until is None:
        return [(_seconds(span.start), _seconds(NEVER))]
    bound = before if span.is_open else None
    found = occurrences(_recurrence(times, _rule(times)), since=None, before=bound)
    beyond = [(_seconds(before), _seconds(NEVER))] if span.is_open else []
    return [(_seconds(one.start), _seconds(one.end)) for one in found] + beyond


def _rule(times: ZoneTimes) -> RecurrenceRule | None:
    return parse_rule(times.rrule) if times.rrule else None


def _recurrence(times: ZoneTimes, rule: RecurrenceRule | None) -> Recurrence:
    return Recurrence(
        first=times.first,
        zone=zone_of(times.time_zone),
        length=_length(times),
        rule=rule,
        beside=times.rdates,
        left_out=times.exdates,
    )


def _length(times: ZoneTimes) -> Length:
    """Return how long each stretch is, by how its end follows from its start."""
    zone = zone_of(times.time_zone)
    assert times.until is not None  # noqa: S101 - asked of what ends
    if times.end_kind is EndKind.EXACT:
        rest = instant_at(times.until, zone) - instant_at(times.first, zone)
        return Length(EndKind.EXACT, 0, rest)
    days = (times.until.date() - times.first.date()).days
    wall = Length(EndKind.WALL, days, times.until - times.first - timedelta(days=days))
    if times.end_kind is EndKind.WALL:
        return wall
    whole, rest = divmod(times.until - times.first, timedelta(days=1))
    return Length(EndKind.NOMINAL, whole, rest)


def _seconds(at: AwareDatetime) -> int:
    return int(at.timestamp())
