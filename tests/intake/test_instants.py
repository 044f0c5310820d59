"""Instants: read exactly, or refused with the flag that reads them; never guessed."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scuderia.basics.errors import BadInput
from scuderia.intake.instants import FIRST, LAST, TimeRules, UnknownTimeZone, instant_reader
from scuderia.intake.records import Flaw

JULY = datetime(2026, 7, 1, tzinfo=UTC)
read = instant_reader(TimeRules())


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-01T00:00:00Z",
        "2026-07-01t00:00:00z",
        "2026-07-01 00:00:00 UTC",
        "2026-07-01 00:00:00 +0000 UTC",
        "2026-07-01 00:00Z",
        "20260701T000000Z",
        "2026-06-30T24:00:00Z",
        "2026-06-30T23:59:60Z",
        "2026-07-01T02:00:00+02",
        "2026-07-01T02:00:00+0200",
        "2026-06-30T19:00:00-05:00",
        "2026-07-01T02:00:00 Europe/Rome",
        "2026-07-01T02:00:00[Europe/Rome]",
        "2026-07-01T02:00:00+02:00[Europe/Rome]",
        "  2026-07-01T00:00:00.000000000Z ",
    ],
)
def test_the_same_instant_is_read_from_each_writing(text):
    assert read(text) == JULY


def test_fractions_are_kept_to_the_microsecond():
    expected = JULY + timedelta(microseconds=123_456)
    assert read("2026-07-01T00:00:00.123456789Z") == expected
    assert read("2026-07-01T00:00:00,123456Z") == expected


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("2026-07-01T00:00:00", "has no time zone", "--time-zone"),
        ("2026-07-01", "has no time zone", "--time-zone"),
        ("1782864000", "looks like Unix seconds (2026-07-01T00:00:00", "--time-format epoch-s;"),
        ("1782864000000", "looks like Unix milliseconds (2026-07-01T", "--time-format epoch-ms"),
        ("1782864000000000", "Unix microseconds (2026-07-01T", "--time-format epoch-us"),
        ("1782864000000000000", "Unix nanoseconds (2026-07-01T", "--time-format epoch-ns"),
        ("46204", "an Excel day (2026-07-01)", "--time-format excel"),
        ("01.07.2026 00:00", "1 July or 7 January", "'%d.%m.%Y %H:%M' or"),
        ("13/07/2026", "no ISO 8601 instant", "Say --time-format '%d/%m/%Y', and"),
        ("7/1/2026 11:30 AM", "7 January or 1 July", "%I:%M %p"),
        ("Wed, 01 Jul 2026 00:00:00 +0000", "no ISO", "'%a, %d %b %Y %H:%M:%S %z'"),
        ("2026-W27", "is a week", "the day"),
        ("2026-07", "is a month", "the day"),
        ("2026-182", "no ISO", "'%Y-%j'"),
        ("2026-07-01 00:00:00 EST", "by letters", "the offset"),
        ("2026-07-01T00:00:00 Mars/Base", "no time zone 'Mars/Base'", "IANA"),
        ("Unknown", "is no instant", "--empty FIELD=Unknown"),
        ("2026-02-30T00:00:00Z", "no ISO", "Write ISO"),
        ("2026-07-01T25:00:00Z", "no ISO", "Write ISO"),
        ("2026-07-01T24:00:01Z", "no ISO", "Write ISO"),
        ("2026-07-01T12:60:00Z", "no ISO", "Write ISO"),
        ("2026-07-01T12:30:60Z", "no ISO", "Write ISO"),
        ("9999-12-31T00:00:00Z", "outside 1970 to 2200", "--open-from"),
        ("1969-12-31T23:59:59Z", "outside 1970 to 2200", ""),
        ("2200-01-01T00:00:00Z", "outside 1970 to 2200", ""),
        ("2026-07-01T00:00:00Z and more", "no ISO", "Write ISO"),
        ("x" * 10_000, "no ISO", "Write ISO"),
    ],
)
def test_what_is_no_plain_instant_is_named_with_the_flag_that_reads_it(text, said, remedy):
    with pytest.raises(Flaw) as flaw:
        read(text)
    assert said in flaw.value.reason
    assert remedy in flaw.value.remedy


def test_a_named_zone_holds_for_instants_without_one_and_not_for_others():
    rome = instant_reader(TimeRules(time_zone="Europe/Rome"))
    assert rome("2026-07-01 02:00:00") == rome("2026-07-01T00:00:00Z") == JULY
    bare = instant_reader(TimeRules(bare_date_zone="UTC"))
    assert bare("2026-07-01") == JULY
    with pytest.raises(Flaw, match="has no time zone"):
        bare("2026-07-01T00:00:00")


def test_a_time_that_happened_twice_or_never_is_refused():
    rome = instant_reader(TimeRules(time_zone="Europe/Rome"))
    with pytest.raises(Flaw, match="happened twice in Europe/Rome"):
        rome("2026-10-25T02:30:00")
    with pytest.raises(Flaw, match="happened never in Europe/Rome"):
        rome("2026-03-29T02:30:00")
    assert rome("2026-10-25T02:30:00+01:00") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert rome("2026-10-25T03:00:00") == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)
    assert rome("2026-10-25T01:59:59") == datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("epoch-s", "1782864000"),
        ("epoch-s", "1782864000.0"),
        ("epoch-ms", "1782864000000"),
        ("epoch-us", "1782864000000000"),
        ("epoch-ns", "1782864000000000999"),
        ("excel", "46204"),
        ("%d.%m.%Y %H:%M", "1.7.2026 00:00"),
        ("%m/%d/%Y %I:%M %p", "7/1/2026 12:00 AM"),
        ("%a, %d %b %Y %H:%M:%S %z", "Wed, 01 Jul 2026 02:00:00 +0200"),
        ("%Y%m%d", "20260701"),
    ],
)
def test_a_named_format_is_read(form, text):
    assert instant_reader(TimeRules(time_format=form, time_zone="UTC"))(text) == JULY


def test_excels_days_and_fractions_are_in_the_named_zone():
    excel = instant_reader(TimeRules(time_format="excel", time_zone="Europe/Rome"))
    assert excel("46204.5") == JULY + timedelta(hours=10)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%Y%m%d", "2026711"),
        ("%Y%m%d %z", "2026711 +0000"),
        ("%Y%m%d%H%M%S.%f", "2026070100000.5"),
        ("epoch-s", "soon"),
        ("epoch-s", "nan"),
        ("epoch-s", "99999999999999"),
        ("%d.%m.%Y", "2026-07-01"),
        ("excel", "1e400"),
    ],
)
def test_what_does_not_fit_the_named_format_is_refused(form, text):
    with pytest.raises(Flaw):
        instant_reader(TimeRules(time_format=form, time_zone="UTC"))(text)


def test_formats_and_zones_that_cannot_be_are_refused():
    for form in ("%Z %Y", "%q", "%H:%M"):
        with pytest.raises(BadInput):
            instant_reader(TimeRules(time_format=form))
    for zone in ("Mars/Base", "../../etc/passwd", "Europe", "/etc/localtime"):
        with pytest.raises(UnknownTimeZone):
            instant_reader(TimeRules(time_zone=zone))


@pytest.mark.parametrize("zone", ["Z", " UTC", " GMT"])
def test_a_format_that_ends_in_a_zone_is_never_read_in_another(zone):
    form, text = f"%Y-%m-%dT%H:%M:%S{zone}", f"2026-07-01T00:00:00{zone}"
    with pytest.raises(BadInput, match=f"ends in {zone.strip()}, and --time-zone is Europe/Rome"):
        instant_reader(TimeRules(time_format=form, time_zone="Europe/Rome"))
    assert instant_reader(TimeRules(time_format=form, time_zone="UTC"))(text) == JULY
    with pytest.raises(Flaw, match="has no time zone"):
        instant_reader(TimeRules(time_format=form))(text)


def test_the_zone_of_bare_dates_is_not_that_of_a_time_of_day():
    excel = instant_reader(TimeRules(time_format="excel", bare_date_zone="UTC"))
    assert excel("46204") == JULY
    with pytest.raises(Flaw, match="has no time zone"):
        excel("46204.5")


def test_an_instant_too_early_is_told_apart_from_one_too_late():
    read = instant_reader(TimeRules())
    with pytest.raises(Flaw) as early:
        read("0001-01-01T00:00:00Z")
    assert "--empty FIELD=0001-01-01T00:00:00Z" in early.value.remedy
    with pytest.raises(Flaw) as late:
        read("9999-12-31T23:59:59Z")
    assert "--open-from" in late.value.remedy


instants = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)).map(
    lambda at: at.replace(tzinfo=UTC)
)
whole_years = instants.filter(lambda at: FIRST + timedelta(1) < at < LAST - timedelta(1))


@given(whole_years, st.integers(-14 * 60, 14 * 60))
def test_any_offset_gives_the_same_instant(at, minutes):
    text = at.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
    assert read(text) == at
    assert read(text.replace("T", " ")) == at


def outcome(reader, text):
    try:
        return reader(text)
    except Flaw as flaw:
        return flaw


@given(whole_years)
def test_a_local_time_is_read_as_its_instant_or_refused_but_never_as_another(at):
    zone = ZoneInfo("America/Denver")
    local = at.astimezone(zone)
    reader = instant_reader(TimeRules(time_zone="America/Denver"))
    found = outcome(reader, local.replace(tzinfo=None).isoformat())
    if isinstance(found, Flaw):
        assert "twice" in found.reason
        assert local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    else:
        assert found == at


@given(st.text(max_size=80))
@example("2026-07-01T00:00:00+99:99")
@example("0000-00-00")
@example("".join(chr(0x660 + int(sign)) if sign.isdigit() else sign for sign in "2026-07-01"))
def test_any_text_is_an_instant_within_bounds_or_a_flaw(text):
    rules = (TimeRules(), TimeRules(time_zone="Europe/Rome"), TimeRules(time_format="epoch-s"))
    for rule in rules:
        found = outcome(instant_reader(rule), text)
        assert found.remedy if isinstance(found, Flaw) else FIRST <= found < LAST
