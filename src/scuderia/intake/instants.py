"""Reads an instant as a file writes it; what may mean two things is refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.errors import BadInput
from scuderia.intake.records import Flaw
from scuderia.intake.time_hints import hint_for

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)
EPOCHS = {"epoch-s": 1_000_000, "epoch-ms": 1_000, "epoch-us": 1}
"""Formats by name, as microseconds a unit; epoch-ns and excel stand beside them."""
NAMED_FORMATS = (*EPOCHS, "epoch-ns", "excel")
_EXCEL_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's days have no zone; the profile has
_DAY_US = 86_400_000_000
_TEXT_MAX = 64
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"|(\d{4})(\d\d)(\d\d)(?:[Tt](\d\d)(\d\d)(?:(\d\d)(?:[.,](\d{1,9}))?)?)?"
)
_OFFSET = re.compile(r"[ ]?([Zz]|UTC|GMT|([+-])(\d\d)(?::?(\d\d))?(?: UTC)?)")
_ZONE = re.compile(r" ?\[([A-Za-z0-9_+/-]{1,60})\]| ([A-Za-z_]+/[A-Za-z0-9_+/-]{1,60})")
_WRITE_ISO = "Write ISO 8601 with an offset, e.g. 2026-07-24T00:00:00Z, or say --time-format."
_LATE = "If so late an end means that it lasts, say --open-from 2099-01-01T00:00:00Z."
_EARLY = "If it means that nothing is known yet, say --empty FIELD="
_ZONE_BY_LETTER = re.compile(r"%[HMSfIpTX](?:\.%f)?\s*(Z|UTC|GMT)\s*\Z")
_RUN_OF_NUMBERS = re.compile(r"(?:%[YmdHMSjIy]){2,}")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")


class UnknownTimeZone(BadInput):
    """There is no such time zone."""

    code = "INTAKE-007"
    remedy = "Write an IANA name such as Europe/Rome or America/Denver, or UTC."


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRules:
    """How a profile says that instants are written; zones are IANA names, "" for none."""

    time_zone: str = ""
    bare_date_zone: str = ""
    time_format: str = ""


@lru_cache(maxsize=1_024)
def zone_of(name: str) -> tzinfo:
    """Return the time zone.

    raises   UnknownTimeZone
    """
    if name in ("UTC", "Z", "utc"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UnknownTimeZone(f"there is no time zone {name[:60]!r}") from None


def instant_reader(rules: TimeRules) -> Callable[[str], AwareDatetime]:
    """Return the function that reads one cell as an instant in UTC; it raises Flaw.

    raises   BadInput: an unknown zone, or a format that would read what is not there
    """
    for name in filter(None, (rules.time_zone, rules.bare_date_zone)):
        zone_of(name)
    _refuse_format(rules.time_format)
    _refuse_two_zones(rules)

    def read(text: str) -> AwareDatetime:
        at = _fast(text) or _read(text.strip(), rules)
        if not FIRST <= at < LAST:
            raise _outside(text, at, "")
        return at

    def read_as_named(text: str) -> AwareDatetime:
        return _read_named(text.strip()[:_TEXT_MAX], rules)

    return read_as_named if rules.time_format else read


def _refuse_format(time_format: str) -> None:
    if not time_format or time_format in NAMED_FORMATS:
        return
    remedy = f"Write e.g. '%d.%m.%Y %H:%M', or one of {', '.join(NAMED_FORMATS)}."
    if "%Z" in time_format:
        raise BadInput("--time-format %Z reads no zone", remedy="Use %z, or --time-zone.")
    try:
        datetime.strptime("", time_format)  # noqa: DTZ007 - only whether the signs are known
    except (ValueError, re.error) as error:
        if "does not match" not in str(error) and "unconverted" not in str(error):
            raise BadInput(f"--time-format {time_format[:60]!r} is none", remedy=remedy) from None
    if not re.search(r"%[YyGcDxs]", time_format):
        raise BadInput(f"--time-format {time_format[:60]!r} has no year", remedy=remedy)


def _refuse_two_zones(rules: TimeRules) -> None:
    """Refuse a format that ends in Z, UTC or GMT beside another zone: strptime reads past them."""
    match = _ZONE_BY_LETTER.search(rules.time_format)
    if match and rules.time_zone and zone_of(rules.time_zone) is not UTC:
        said = f"--time-format ends in {match[1]}, and --time-zone is {rules.time_zone[:60]}"
        raise BadInput(said, remedy=f"Say --time-zone UTC, if {match[1]} is true.")


def _outside(text: str, at: AwareDatetime, first: str) -> Flaw:
    remedy = _LATE if at >= LAST else f"{_EARLY}{text[:_TEXT_MAX]}."
    return Flaw("", f"{text[:40]!r} lies outside 1970 to 2200", first + remedy)


def _fast(text: str) -> AwareDatetime | None:
    """Return what the standard library reads safely: YYYY-MM-DD, T, time of day, offset."""
    if (
        text[4:5] != "-"
        or text[7:8] != "-"
        or text[10:11] not in ("T", " ")
        or len(text) > _TEXT_MAX
    ):
        return None
    try:
        at = datetime.fromisoformat(text)
        return None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read(text: str, rules: TimeRules) -> AwareDatetime:
    match = _ISO.match(text)
    if match is None or len(text) > _TEXT_MAX:
        raise _unreadable(text)
    rest = text[match.end() :]
    offset, rest = _offset(rest)
    zone, rest = _zone(text, rest)
    if rest:
        raise _unreadable(text)
    parts = match.groups()
    year, month, day, hour, minute, second, fraction = parts[:7] if parts[0] else parts[7:]
    try:
        local = datetime(int(year), int(month), int(day))  # noqa: DTZ001 - the zone follows
        local += _time_of_day(text, hour, minute, second, fraction)
    except (ValueError, OverflowError):
        raise _unreadable(text) from None
    return _placed(text, local, offset, zone or _zone_by_rules(rules, is_bare=hour is None))


def _zone_by_rules(rules: TimeRules, *, is_bare: bool) -> tzinfo | None:
    name = rules.time_zone or (rules.bare_date_zone if is_bare else "")
    return zone_of(name) if name else None


def _offset(rest: str) -> tuple[timedelta | None, str]:
    match = _OFFSET.match(rest)
    if match is None:
        return None, rest
    if match[2] is None:
        return timedelta(0), rest[match.end() :]
    size = timedelta(hours=int(match[3]), minutes=int(match[4] or 0))
    return (-size if match[2] == "-" else size), rest[match.end() :]


def _zone(text: str, rest: str) -> tuple[tzinfo | None, str]:
    match = _ZONE.match(rest)
    if match is None:
        return None, rest
    try:
        return zone_of(match[1] or match[2]), rest[match.end() :]
    except UnknownTimeZone as error:
        raise Flaw("", f"{text[:_TEXT_MAX]!r}: {error.message}", error.remedy) from None


def _time_of_day(
    text: str, hour: str | None, minute: str | None, second: str | None, fraction: str | None
) -> timedelta:
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    micro = int((fraction or "0").ljust(6, "0")[:6])
    is_midnight = h == 24 and m == s == micro == 0  # noqa: PLR2004 - ISO 8601's end of the day
    is_leap = (m, s) == (59, 60)
    if (h > 23 and not is_midnight) or m > 59 or (s > 59 and not is_leap):  # noqa: PLR2004 - a clock
        raise _unreadable(text)
    return timedelta(hours=h, minutes=m, seconds=s, microseconds=micro)


def _placed(
    text: str, local: datetime, offset: timedelta | None, zone: tzinfo | None
) -> AwareDatetime:
    if offset is not None:
        try:
            at = (local - offset).replace(tzinfo=UTC)
        except OverflowError:
            raise _unreadable(text) from None
        return at
    if zone is None:
        said = f"{text[:_TEXT_MAX]!r} has no time zone"
        raise Flaw("", said, "Say which it is in, e.g. --time-zone UTC, or write the offset.")
    return in_zone(text, local, zone)


def in_zone(text: str, local: datetime, zone: tzinfo) -> AwareDatetime:
    """Return the instant at which the clocks of `zone` showed `local` (naive).

    raises   Flaw: they showed it twice, or never
    """
    try:
        first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        before, after = first.utcoffset(), second.utcoffset()
        at = first.astimezone(UTC)
    except OverflowError:
        raise _unreadable(text) from None
    if before is None or after is None or before == after:
        return at
    times = "twice" if before > after else "never"
    said = f"{text[:_TEXT_MAX]!r} happened {times} in {zone}"
    raise Flaw("", said, "Write the offset, e.g. +02:00: the clocks were changed then.")


def _read_named(text: str, rules: TimeRules) -> AwareDatetime:
    try:
        if rules.time_format in NAMED_FORMATS:
            at = _counted(text, rules)
        else:
            at = _formatted(text, rules)
    except (ValueError, OverflowError, InvalidOperation):
        said = f"{text!r} is not written as --time-format {rules.time_format}"
        raise Flaw("", said, "Write it so, or say another --time-format.") from None
    if not FIRST <= at < LAST:
        raise _outside(text, at, "Is --time-format right? ")
    return at


def _counted(text: str, rules: TimeRules) -> AwareDatetime:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    if rules.time_format == "excel":
        local = _EXCEL_DAY_0 + timedelta(microseconds=round(number * _DAY_US, -3).__int__())
        is_bare = number == number.to_integral_value()
        return _placed(text, local, None, _zone_by_rules(rules, is_bare=is_bare))
    scale = EPOCHS.get(rules.time_format)
    microseconds = number / 1_000 if scale is None else number * scale
    return FIRST + timedelta(microseconds=int(microseconds // 1))


def _formatted(text: str, rules: TimeRules) -> AwareDatetime:
    at = datetime.strptime(text, rules.time_format)  # noqa: DTZ007 - the zone follows
    for run in _RUN_OF_NUMBERS.findall(rules.time_format):
        if at.strftime(run) not in text:  # %Y%m%d takes 2026711
            raise ValueError(text)
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    if not re.search(r"%[fzcxX]", rules.time_format):
        again = _LEADING_ZEROS.sub("", at.strftime(rules.time_format)).lower().split()
        if again != _LEADING_ZEROS.sub("", text).lower().split():
            raise ValueError(text)
    is_bare = not re.search(r"%[HIMSpc]", rules.time_format)
    return _placed(text, at, None, _zone_by_rules(rules, is_bare=is_bare))


def _unreadable(text: str) -> Flaw:
    said, remedy = hint_for(text)
    return Flaw("", said or f"{text[:_TEXT_MAX]!r} is no ISO 8601 instant", remedy or _WRITE_ISO)
