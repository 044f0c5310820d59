"""Reads a zone as a person typed it: its times, its end or that it is open, its classes."""

from collections.abc import Sequence
from datetime import datetime

from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.engine.gate import class_of
from scuderia.freeze.engine.wall_times import read_instant, read_wall_time
from scuderia.freeze.engine.zone_times import ZoneSpan, span_of
from scuderia.freeze.nouns import (
    BadZone,
    EndKind,
    UpdateClass,
    WallTime,
    ZoneAsked,
    ZoneTimes,
)

DATES_MAX = 2_000
WORDS_MAX = 200
RULE_MAX = 2_000
_END_KINDS = "Say wall, nominal or exact."


def read_times(asked: ZoneAsked) -> tuple[ZoneTimes, AwareDatetime | None]:
    """Return when the zone is to be in force, and when its open end is reviewed.

    raises   BadZone, UnclearInstant, UnknownTimeZone
    """
    first, zone = read_wall_time(asked.start, field="start")
    if len(asked.exdates) + len(asked.rdates) > DATES_MAX or len(asked.rrule) > RULE_MAX:
        raise BadZone(f"the rule is too long, or more than {DATES_MAX:,} dates stand beside it")
    times = ZoneTimes(
        time_zone=zone,
        first=first,
        until=read_end(asked.end, open_end=asked.open_end, zone=zone),
        end_kind=_end_kind(asked.end_kind),
        rrule=asked.rrule.strip(),
        exdates=tuple(_in_zone(one, zone, "exdate") for one in asked.exdates),
        rdates=tuple(_in_zone(one, zone, "rdate") for one in asked.rdates),
    )
    return times, read_review(asked.review)


def read_review(text: str) -> AwareDatetime | None:
    """Return when an open end is looked at again; None where nothing was typed."""
    return read_instant(text, field="review") if text else None


def read_end(text: str, *, open_end: bool, zone: str) -> WallTime | None:
    """Return the end; None where it is open, which is said and never left to silence.

    raises   BadZone: neither, or both; UnclearInstant
    """
    if bool(text) == open_end:
        raise BadZone("say an end, or that it is open and when that is reviewed", field="end")
    return _in_zone(text, zone, "end") if text else None


def span_to_come(times: ZoneTimes, review_at: AwareDatetime | None, now: AwareDatetime) -> ZoneSpan:
    """Return the zone's span, if it is not over and, where its end is open, will be reviewed.

    raises   BadZone, BadRecurrence, TooManyOccurrences
    """
    span = span_of(times)
    if span.end <= now:
        raise BadZone("its time has passed", field="end")
    if span.is_open and review_at is None:
        raise BadZone("an open end needs a date of review", field="review")
    if review_at is not None and review_at <= max(now, span.start):
        raise BadZone("the review lies before the zone begins, or has passed", field="review")
    return span


def read_classes(names: Sequence[str]) -> frozenset[str]:
    """Return the classes that the zone stops: all of them where none is named.

    raises   BadZone
    """
    found = {name: class_of(name) for name in names}
    for name, update_class in found.items():
        if update_class is None:
            known = ", ".join(one.value for one in UpdateClass)
            raise BadZone(f"no update class is called {name[:40]!r}", remedy=f"Say {known}.")
    return frozenset(one.value for one in found.values() if one) or frozenset(
        one.value for one in UpdateClass
    )


def require_words(asked: ZoneAsked) -> None:
    """Return if a reason stands there, and title and ticket are short.

    raises   BadZone
    """
    require_reason(asked.reason)
    if max(len(asked.title), len(asked.ticket)) > WORDS_MAX:
        raise BadZone(f"title and ticket have at most {WORDS_MAX} characters")


def require_reason(reason: str) -> None:
    """Return if there is one.

    raises   BadZone
    """
    if not reason.strip():
        raise BadZone("it says no reason", remedy="Say why with --reason; it is kept.")


def spelled(wall: WallTime | None) -> str:
    """Return a wall time as it is kept, "" for none."""
    return "" if wall is None else wall.isoformat(timespec="seconds")


def with_end(times: ZoneTimes, until: str) -> ZoneTimes:
    """Return the same with another end, as `spelled` writes it."""
    end = datetime.fromisoformat(until) if until else None
    return ZoneTimes(times.time_zone, times.first, end, times.end_kind)


def _in_zone(text: str, zone: str, field: str) -> WallTime:
    wall, named = read_wall_time(text, field=field)
    if named != zone:
        raise BadZone(f"{field} is in {named} and the start in {zone}", field=field)
    return wall


def _end_kind(text: str) -> EndKind:
    try:
        return EndKind(text)
    except ValueError:
        raise BadZone(f"no kind of end is called {text[:40]!r}", remedy=_END_KINDS) from None
