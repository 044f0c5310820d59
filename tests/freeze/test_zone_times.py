"""When a zone is in force: wall times as typed, to instants, across the days clocks are moved."""

from datetime import UTC, datetime

import pytest

from scuderia.freeze.engine.wall_times import UnclearInstant
from scuderia.freeze.engine.zone_asked import read_times, span_to_come
from scuderia.freeze.engine.zone_times import NEVER, intervals_of, span_of
from scuderia.freeze.nouns import BadZone
from scuderia.intake.instants import UnknownTimeZone
from tests.freeze.small_fleet import NOW, asked

FAR = datetime(2030, 1, 1, tzinfo=UTC)


def instants(**typed):
    times, _ = read_times(asked(**typed))
    return [
        (f"{datetime.fromtimestamp(start, UTC):%m-%d %H:%M}",
         f"{datetime.fromtimestamp(end, UTC):%m-%d %H:%M}")
        for start, end in intervals_of(times, before=FAR)
    ]  # fmt: skip


def test_a_zone_lasts_from_wall_time_to_wall_time():
    assert instants() == [("07-24 07:00", "07-31 07:00")]


@pytest.mark.parametrize(
    ("end_kind", "ends"),
    [
        ("wall", ["10-24 02:00", "10-25 03:00", "10-26 03:00"]),
        ("nominal", ["10-24 02:00", "10-25 03:00", "10-26 03:00"]),
        ("exact", ["10-24 02:00", "10-25 02:00", "10-26 03:00"]),
    ],
)
def test_the_ends_of_what_repeats_follow_by_their_kind_when_clocks_go_back(end_kind, ends):
    told = instants(
        start="2026-10-23 04:00 Europe/Berlin",
        end="2026-10-24 04:00 Europe/Berlin",
        rrule="FREQ=DAILY;COUNT=3",
        end_kind=end_kind,
    )
    assert [end for _, end in told] == ends


def test_a_night_that_repeats_ends_at_its_wall_time_and_exactly_as_long():
    night = {
        "start": "2026-10-23 22:00 Europe/Berlin",
        "end": "2026-10-24 04:00 Europe/Berlin",
        "rrule": "FREQ=DAILY;COUNT=2",
    }
    assert instants(**night, end_kind="wall")[1] == ("10-24 20:00", "10-25 03:00")
    assert instants(**night, end_kind="nominal")[1] == ("10-24 20:00", "10-25 02:00")


def test_dates_are_left_out_and_put_beside():
    told = instants(
        start="2026-07-24 22:00 UTC",
        end="2026-07-25 02:00 UTC",
        rrule="FREQ=DAILY;COUNT=3",
        exdates=("2026-07-25 22:00 UTC",),
        rdates=("2026-08-01 22:00 UTC",),
    )
    assert [start for start, _ in told] == ["07-24 22:00", "07-26 22:00", "08-01 22:00"]


def test_what_nobody_bounded_is_never_open_again():
    times, _ = read_times(asked(end="", open_end=True))
    assert span_of(times).end == NEVER
    assert [end for _, end in intervals_of(times, before=FAR)] == [int(NEVER.timestamp())]
    weekly, _ = read_times(asked(rrule="FREQ=WEEKLY"))
    *_, (start, end) = intervals_of(weekly, before=FAR)
    assert (start, end) == (int(FAR.timestamp()), int(NEVER.timestamp()))


@pytest.mark.parametrize(
    ("typed", "error", "words"),
    [
        ({"start": "2026-07-24"}, UnclearInstant, "no time of day"),
        ({"start": "2026-07-24 America/Los_Angeles"}, UnclearInstant, "no time of day"),
        ({"start": "2026-07-24 00:00"}, UnclearInstant, "no time zone"),
        ({"start": "2026-07-24T00:00:00-07:00"}, UnclearInstant, "an offset and no time zone"),
        ({"start": "2026-07-24 00:00 Mars/Olympus"}, UnknownTimeZone, "Mars"),
        ({"end": "2026-07-31 00:00"}, UnclearInstant, "no time zone"),
        ({"end": "2026-07-31 00:00 UTC"}, BadZone, "end is in UTC and the start in America"),
        ({"end": ""}, BadZone, "say an end, or that it is open"),
        ({"open_end": True}, BadZone, "say an end, or that it is open"),
        ({"end": "", "open_end": True}, BadZone, "needs a date of review"),
        ({"rrule": "FREQ=WEEKLY"}, BadZone, "needs a date of review"),
        ({"end": "", "open_end": True, "review": "2026-08-01"}, UnclearInstant, "no time of day"),
        (
            {"end": "", "open_end": True, "review": "2026-07-21 09:00 UTC"},
            BadZone,
            "review lies before the zone begins",
        ),
        ({"end": "2026-07-24 00:00 America/Los_Angeles"}, BadZone, "ends before it starts"),
        ({"end": "2036-07-24 00:00 America/Los_Angeles"}, BadZone, "lasts more than"),
        (
            {"start": "2026-07-01 00:00 UTC", "end": "2026-07-20 12:00 UTC"},
            BadZone,
            "its time has passed",
        ),
        ({"end_kind": "vague"}, BadZone, "no kind of end"),
        (
            {"end": "", "open_end": True, "review": "2026-08-01T00:00Z", "rrule": "FREQ=DAILY"},
            BadZone,
            "what repeats has ends",
        ),
    ],
)
def test_what_could_mean_two_things_or_never_ends_is_refused(typed, error, words):
    with pytest.raises(error, match=words):
        span_to_come(*read_times(asked(**typed)), NOW)
