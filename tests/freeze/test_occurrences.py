"""Occurrences as instants: clocks that skip and repeat, in every zone there is."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from typer.testing import CliRunner

from scuderia.freeze.commands.occurrences import app
from scuderia.freeze.engine.occurrences import Recurrence, instant_at, occurrences
from scuderia.freeze.engine.recurrence_rules import parse_rule
from scuderia.freeze.engine.wall_times import UnclearInstant, read_instant
from scuderia.freeze.nouns import BadRecurrence, EndKind, Length, TooManyOccurrences
from scuderia.freeze.queries.occurrences import OccurrencesAsked, list_occurrences
from scuderia.intake.instants import UnknownTimeZone

NEW_YORK = "America/New_York"
MINUTE = timedelta(minutes=1)


def listed(**asked: object) -> list[tuple[str, str]]:
    rows = list_occurrences(OccurrencesAsked(**asked))
    return [(f"{row.start:%m-%dT%H:%M}", f"{row.end:%m-%dT%H:%M}") for row in rows]


def test_a_start_that_the_clock_skips_is_moved_forward_and_never_dropped():
    found = listed(dtstart="20070311T023000", tzid=NEW_YORK, rrule="FREQ=DAILY;COUNT=3")
    assert found == [(at, at) for at in ("03-11T07:30", "03-12T06:30", "03-13T06:30")]


def test_a_start_that_the_clock_shows_twice_is_the_first():
    found = listed(dtstart="20071104T013000", tzid=NEW_YORK, duration="PT1H")
    assert found == [("11-04T05:30", "11-04T06:30")]


def test_a_day_of_the_wall_clock_and_24_hours_differ_when_clocks_change():
    asked = {"dtstart": "20261024T120000", "tzid": "Europe/London", "rrule": "FREQ=DAILY;COUNT=2"}
    assert listed(**asked, duration="P1D") == [
        ("10-24T11:00", "10-25T12:00"),
        ("10-25T12:00", "10-26T12:00"),
    ]
    assert listed(**asked, duration="PT24H") == [
        ("10-24T11:00", "10-25T11:00"),
        ("10-25T12:00", "10-26T12:00"),
    ]
    assert listed(**asked, dtend="20261025T120000")[1] == ("10-25T12:00", "10-26T13:00")


def test_dates_beside_the_rule_and_left_out():
    asked = {
        "dtstart": "19970902T090000",
        "tzid": NEW_YORK,
        "rrule": "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
    }
    window = {"since": "1997-01-01", "before": "1998-12-31"}
    assert listed(**asked, exdates=("19970902T090000,19980313T090000",), **window) == [
        ("02-13T14:00", "02-13T14:00"),
        ("11-13T14:00", "11-13T14:00"),
    ]
    left = listed(
        **asked,
        exdates=("19980213T140000Z", "19981113T090000"),
        rdates=("19980401T090000",),
        **window,
    )
    assert [start for start, _ in left] == ["03-13T14:00", "04-01T14:00"]


def test_until_in_utc_is_inclusive_to_the_second():
    asked = {"dtstart": "19970902T090000", "tzid": NEW_YORK}
    assert len(listed(**asked, rrule="FREQ=DAILY;UNTIL=19970904T130000Z")) == 3
    assert len(listed(**asked, rrule="FREQ=DAILY;UNTIL=19970904T125959Z")) == 2
    assert len(listed(**asked, rrule="FREQ=DAILY;UNTIL=19970904")) == 3


def test_what_is_still_on_when_the_window_opens_is_in_it():
    asked = {"dtstart": "20260101T000000Z", "rrule": "FREQ=WEEKLY", "duration": "P3D"}
    window = {"since": "2026-01-10T12:00:00Z", "before": "2026-01-15T00:00:00Z"}
    assert listed(**asked, **window) == [("01-08T00:00", "01-11T00:00")]


def test_a_recurrence_of_long_ago_costs_what_the_window_holds():
    asked = {"dtstart": "19700101T000000Z", "rrule": "FREQ=MINUTELY"}
    window = {"since": "2026-01-01T00:00:00Z", "before": "2026-01-01T00:05:00Z"}
    assert len(listed(**asked, **window)) == 5


@pytest.mark.parametrize(
    ("asked", "refusal", "told"),
    [
        ({"dtstart": "20260101T000000"}, UnclearInstant, "no time zone"),
        ({"dtstart": "20260101T000000", "tzid": "Mars/Base"}, UnknownTimeZone, "Mars"),
        ({"dtstart": "soon", "tzid": "UTC"}, BadRecurrence, "--dtstart"),
        ({"dtstart": "20260101T000000Z", "rrule": "FREQ=DAILY"}, BadRecurrence, "no end"),
        ({"dtstart": "20260101T000000Z", "duration": "P"}, BadRecurrence, "--duration"),
        ({"dtstart": "20260101T000000Z", "duration": "1h"}, BadRecurrence, "--duration"),
        ({"dtstart": "20260102T000000Z", "dtend": "20260101T000000Z"}, BadRecurrence, "before"),
        (
            {"dtstart": "20260101T000000Z", "dtend": "20260102T000000Z", "duration": "P1D"},
            BadRecurrence,
            "together",
        ),
        (
            {"dtstart": "20260101T000000Z", "rrule": "FREQ=SECONDLY", "before": "2026-02-01"},
            TooManyOccurrences,
            "100,000",
        ),
    ],
)
def test_what_is_unclear_is_refused(asked, refusal, told):
    with pytest.raises(refusal, match=told):
        list_occurrences(OccurrencesAsked(**asked))


def test_the_command_prints_a_list_of_instants_in_utc():
    words = ["--dtstart", "20070311T023000", "--tzid", NEW_YORK, "--rrule", "FREQ=DAILY;COUNT=2"]
    result = CliRunner().invoke(
        app, [*words, "--from", "2007-03-12", "--to", "2007-03-13", "--json"]
    )
    assert json.loads(result.stdout) == [
        {"start": "2007-03-12T06:30:00+00:00", "end": "2007-03-12T06:30:00+00:00"}
    ]
    told = CliRunner().invoke(app, words).stdout
    assert "2007-03-11T07:30:00Z" in told
    assert "3.3.5" in told


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-07-24 00:00 America/Los_Angeles", datetime(2026, 7, 24, 7, tzinfo=UTC)),
        ("2026-07-24T00:00 UTC", datetime(2026, 7, 24, tzinfo=UTC)),
        ("2026-07-24T00:00:00Z", datetime(2026, 7, 24, tzinfo=UTC)),
        ("2026-07-24T00:00:00-07:00", datetime(2026, 7, 24, 7, tzinfo=UTC)),
        ("20260724T000000 Asia/Kathmandu", datetime(2026, 7, 23, 18, 15, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_with_its_zone(text, at):
    assert read_instant(text, field="--from") == at


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("2026-07-24", UnclearInstant),
        ("July 24th", UnclearInstant),
        ("2026-07-24 America/Los_Angeles", UnclearInstant),
        ("2026-07-24 00:00", UnclearInstant),
        ("2026-07-24 00:00 America/Los_Angles", UnknownTimeZone),
        ("2026-02-30 00:00 UTC", UnclearInstant),
    ],
)
def test_an_instant_without_time_or_zone_is_refused(text, refusal):
    with pytest.raises(refusal):
        read_instant(text, field="--from")


# ---- every zone, every transition -------------------------------------------------------------


def transitions(zone: ZoneInfo) -> list[datetime]:
    """Return the UTC instants, to the minute, at which the zone's offset changes in 2020-2040."""
    at, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 12, 31, tzinfo=UTC)
    found = []
    step = timedelta(days=1)
    while at < end:
        low, high = at, at + step
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            while high - low > MINUTE:
                middle = low + MINUTE * ((high - low) // MINUTE // 2)
                same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        at += step
    return found


def shown(zone: ZoneInfo, around: datetime, reach: timedelta) -> dict[datetime, datetime]:
    """Return, for each wall time shown around an instant, the first instant that shows it."""
    table: dict[datetime, datetime] = {}
    at = around - reach
    while at < around + reach:
        table.setdefault(at.astimezone(zone).replace(tzinfo=None), at)
        at += MINUTE
    return table


def oracle(
    table: dict[datetime, datetime], wall: datetime, zone: ZoneInfo, change: datetime
) -> datetime:
    """Return the instant by looking it up; one never shown counts from before the change."""
    if wall in table:
        return table[wall]
    before = (change - MINUTE).astimezone(zone).utcoffset()
    return (wall - before).replace(tzinfo=UTC)


def wrong_minutes(name: str) -> list[str]:
    zone = ZoneInfo(name)
    wrong = []
    for change in transitions(zone):
        table = shown(zone, change, timedelta(hours=5))
        wall = (change - timedelta(hours=2)).astimezone(zone).replace(tzinfo=None)
        last = (change + timedelta(hours=2)).astimezone(zone).replace(tzinfo=None)
        while wall <= last:
            if instant_at(wall, zone) != oracle(table, wall, zone, change):
                wrong.append(f"{name} {wall}")
            wall += MINUTE
    return wrong


@pytest.mark.parametrize(
    "name", [NEW_YORK, "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza"]
)
def test_no_minute_around_a_change_of_clocks_is_wrong(name):
    assert wrong_minutes(name) == []


@pytest.mark.long
def test_no_minute_around_any_change_of_any_zone_until_2040_is_wrong():
    zones = sorted(available_timezones())
    assert len(zones) > 400
    changes = {name: tuple(transitions(ZoneInfo(name))) for name in zones}
    assert sum(map(len, changes.values())) > 5_000
    told_apart = {(tuple(offsets(ZoneInfo(name), at))): name for name, at in changes.items()}
    assert [one for name in told_apart.values() for one in wrong_minutes(name)] == []


def offsets(zone: ZoneInfo, changes: tuple[datetime, ...]) -> list[object]:
    """Return what tells zones of one clock from others: when it changes, and to what."""
    first = datetime(2020, 1, 1, tzinfo=UTC)
    return [(at, at.astimezone(zone).utcoffset()) for at in (first, *changes)]


@pytest.mark.parametrize("name", [NEW_YORK, "Europe/London", "Australia/Lord_Howe", "Asia/Gaza"])
@pytest.mark.parametrize(
    ("opens", "closes"), [((1, 30), (4, 0)), ((23, 0), (2, 15)), ((0, 0), (0, 0))]
)
def test_a_nightly_zone_holds_every_minute_of_its_wall_clock(name, opens, closes):
    """Each night from `opens` to `closes`, told minute by minute by what a clock there shows."""
    zone = ZoneInfo(name)
    for change in transitions(zone)[:6]:
        day = change.astimezone(zone).date() - timedelta(days=2)
        start = datetime.combine(day, time(*opens))
        end = datetime.combine(day, time(*closes))
        end += timedelta(days=0 if end > start else 1)
        length = Length(
            EndKind.WALL, (end.date() - day).days, end - datetime.combine(end.date(), start.time())
        )
        nights = occurrences(
            Recurrence(
                first=start, zone=zone, length=length, rule=parse_rule("FREQ=DAILY;COUNT=5")
            ),
            since=None,
            before=None,
        )
        table = shown(zone, change, timedelta(days=4))
        for number, night in enumerate(nights):
            shift = timedelta(days=number)
            assert night.start == oracle(table, start + shift, zone, change)
            assert night.end == oracle(table, end + shift, zone, change)


def test_a_day_left_out_of_the_calendar_keeps_its_protection():
    """Samoa had no 30 December 2011: what should start then starts when the day would have."""
    found = listed(
        dtstart="20111229T100000", tzid="Pacific/Apia", rrule="FREQ=DAILY;COUNT=3", duration="PT1H"
    )
    assert [start for start, _ in found] == ["12-29T20:00", "12-30T20:00"]
    assert date(2011, 12, 30) == date.fromisoformat("2011-12-30")
