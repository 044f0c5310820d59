"""Reads an instant as people write it: a wall time with its zone, or UTC; never without."""

import re
from datetime import UTC, datetime, tzinfo

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.freeze.engine.occurrences import instant_at
from scuderia.freeze.nouns import WallTime
from scuderia.intake.instants import zone_of

_ZONED = re.compile(r"(\S+(?:[ T]\d\S*)?) +([A-Za-z][A-Za-z0-9_+/-]{1,60})")
_TEXT_MAX = 120


class UnclearInstant(BadInput):
    """A date without a time of day, or a time without a zone: it could be many instants."""

    code = "FREEZE-003"
    remedy = 'Write date, time and zone, e.g. "2026-07-24 00:00 America/Los_Angeles".'


def read_instant(
    text: str, *, field: str, zone: tzinfo | None = None, day_is_enough: bool = False
) -> AwareDatetime:
    """Read `2026-07-24 00:00 America/Los_Angeles`, or an ISO 8601 instant that says Z or an offset.

    zone            for what says none; None: it is refused
    day_is_enough   a bare date means its midnight in the zone
    raises          UnclearInstant, UnknownTimeZone
    """
    at, named = _read(text, field=field, day_is_enough=day_is_enough)
    zone = zone_of(named) if named else zone
    if at.tzinfo is None and zone is None:
        raise _unclear(field, text, "says no time zone")
    return at.astimezone(UTC) if at.tzinfo else instant_at(at, zone or UTC)


def read_wall_time(text: str, *, field: str) -> tuple[WallTime, str]:
    """Read the same and keep what the clock on the wall shows, beside the zone's IANA name.

    raises   UnclearInstant: no time of day, no zone, or an offset, which is no zone: it says
             nothing of the days on which clocks are moved
             UnknownTimeZone
    """
    at, named = _read(text, field=field)
    if at.tzinfo is not None:
        if at.utcoffset():
            raise _unclear(field, text, "says an offset and no time zone")
        return at.astimezone(UTC).replace(tzinfo=None), "UTC"
    if not named:
        raise _unclear(field, text, "says no time zone")
    zone_of(named)
    return at, named


def _read(text: str, *, field: str, day_is_enough: bool = False) -> tuple[datetime, str]:
    """Return the date and time as written, and the name of the zone beside it, "" if none."""
    written, named = text.strip()[:_TEXT_MAX], ""
    match = _ZONED.fullmatch(written)
    if match:
        written, named = match[1], match[2]
    at = _parsed(written, field)
    if len(written) <= len("2026-07-24") and "T" not in written and not day_is_enough:
        raise _unclear(field, text, "says no time of day")
    return at, named


def _parsed(text: str, field: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        raise UnclearInstant(f"{field} is no date and time: {text[:40]!r}") from None


def _unclear(field: str, text: str, why: str) -> UnclearInstant:
    return UnclearInstant(f"{field} {text[:40]!r} {why}", field=field)


def read_clock(text: str) -> str:
    """Return a time of day as HH:MM.

    raises   UnclearInstant
    """
    try:
        return datetime.strptime(text.strip(), "%H:%M").strftime("%H:%M")  # noqa: DTZ007
    except ValueError:
        said = f"{text[:40]!r} is no time of day"
        raise UnclearInstant(said, remedy="Write HH:MM, from 00:00 to 23:59.") from None
