"""What a recurrence comes to, in instants, from what was typed of it."""

import re
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo

from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.engine.occurrences import Recurrence, instant_at, occurrences
from scuderia.freeze.engine.recurrence_rules import parse_rule, parse_wall_time
from scuderia.freeze.engine.wall_times import UnclearInstant, read_instant
from scuderia.freeze.nouns import BadRecurrence, EndKind, Interval, Length, WallTime
from scuderia.intake.instants import zone_of

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W|(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,9})S)?)?)"
)
_DATES_MAX = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrencesAsked:
    """A recurrence as typed; empty text is what was left out.

    dtstart, dtend   20260724T000000 in `tzid`, or with Z at the end in UTC
    duration         RFC 5545: P1D, PT8H; not beside dtend. Neither: occurrences without length
    exdates, rdates  the same, commas between several
    since, before    the window [since, before): instants, or wall times in `tzid`
    """

    dtstart: str
    tzid: str = ""
    rrule: str = ""
    dtend: str = ""
    duration: str = ""
    exdates: tuple[str, ...] = ()
    rdates: tuple[str, ...] = ()
    since: str = ""
    before: str = ""


def list_occurrences(asked: OccurrencesAsked) -> list[Interval]:
    """Return the occurrences in the window, in order.

    raises   BadRecurrence, TooManyOccurrences, UnclearInstant, UnknownTimeZone
    """
    zone = zone_of(asked.tzid) if asked.tzid else None
    first = _one(asked.dtstart, "--dtstart", zone)
    where = zone or UTC
    return occurrences(
        Recurrence(
            # A start in UTC repeats in UTC, whatever zone stands beside it (RFC 5545 3.2.19).
            first=first.replace(tzinfo=None),
            zone=UTC if first.tzinfo else where,
            length=_length(asked, first, where),
            rule=parse_rule(asked.rrule) if asked.rrule else None,
            beside=_several(asked.rdates, "--rdate", zone),
            left_out=_several(asked.exdates, "--exdate", zone),
        ),
        since=_bound(asked.since, "--from", where),
        before=_bound(asked.before, "--to", where),
    )


def _bound(text: str, field: str, zone: tzinfo) -> AwareDatetime | None:
    return read_instant(text, field=field, zone=zone, day_is_enough=True) if text else None


def _one(text: str, field: str, zone: tzinfo | None) -> WallTime | AwareDatetime:
    """Read one date: aware in UTC if it ends in Z, else a wall time of `zone`."""
    written = text.strip()
    if written.endswith(("Z", "z")):
        return parse_wall_time(written[:-1], field).replace(tzinfo=UTC)
    if zone is None:
        raise UnclearInstant(f"{field} {written[:40]!r} says no time zone", remedy="Say --tzid.")
    return parse_wall_time(written, field)


def _several(
    texts: tuple[str, ...], field: str, zone: tzinfo | None
) -> tuple[WallTime | AwareDatetime, ...]:
    dates = [one for text in texts for one in text.split(",") if one.strip()]
    if len(dates) > _DATES_MAX:
        raise BadRecurrence(f"{field} holds {len(dates):,} dates, more than {_DATES_MAX:,}")
    return tuple(_one(one, field, zone) for one in dates)


def _length(asked: OccurrencesAsked, first: WallTime | AwareDatetime, zone: tzinfo) -> Length:
    if asked.dtend and asked.duration:
        raise BadRecurrence("--dtend and --duration stand together", remedy="Keep one of the two.")
    if asked.duration:
        return _nominal(asked.duration)
    if not asked.dtend:
        return Length(EndKind.EXACT, 0, timedelta(0))
    end = instant_at(_one(asked.dtend, "--dtend", zone), zone)
    length = end - instant_at(first, zone)
    if length < timedelta(0):
        raise BadRecurrence("--dtend lies before --dtstart", remedy="Give a later --dtend.")
    return Length(EndKind.EXACT, 0, length)


def _nominal(text: str) -> Length:
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None or not any(match.groups()):
        raise BadRecurrence(
            f"--duration is {text[:40]!r}", remedy="Write RFC 5545, e.g. P1D, PT8H or P1DT12H."
        )
    weeks, days, hours, minutes, seconds = (int(one or 0) for one in match.groups())
    rest = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return Length(EndKind.NOMINAL, weeks * 7 + days, rest)
