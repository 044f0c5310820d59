"""Peers' published bugs of time, scope and precedence: each one's rule shows it, ours does not.

Every case restates in a few lines the rule that its report describes (not the peer's code), shows
it to be wrong, and asks ours the same. Where a report says no more than "wrong", the case says
which reading of it is shown.
"""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from scuderia.freeze.engine.argocd import SyncWindow, is_active
from scuderia.freeze.engine.gate import Circumstances, decide
from scuderia.freeze.engine.wall_times import UnclearInstant, read_instant
from scuderia.freeze.engine.zone_index import ZoneIndex, compile_zones
from scuderia.freeze.nouns import AskedUpdate, Ground, Interval, UpdateClass, ZoneCover
from scuderia.freeze.queries.argocd import (
    BadAppProject,
    SyncQuestion,
    ask_windows,
    read_app_project,
)
from scuderia.freeze.queries.occurrences import OccurrencesAsked, list_occurrences
from scuderia.intake.instants import UnknownTimeZone

LONDON, NEW_YORK, LOS_ANGELES = "Europe/London", "America/New_York", "America/Los_Angeles"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
FIRMWARE = frozenset({UpdateClass.FIRMWARE})


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def listed(year: int = 2026, **asked: str | tuple[str, ...]) -> list[Interval]:
    window = {"since": f"{year}-01-01T00:00:00Z", "before": f"{year + 2}-01-01T00:00:00Z"}
    return list_occurrences(OccurrencesAsked(**asked, **window))


def zone(intervals: list[Interval], name: str = "z") -> ZoneCover:
    spans = tuple((int(one.start.timestamp()), int(one.end.timestamp())) for one in intervals)
    return ZoneCover(name, frozenset({"n"}), FIRMWARE, spans)


def frozen(intervals: list[Interval]) -> Callable[[datetime], bool]:
    """Ours: whether an update of one second is refused, by the gate itself."""
    index = compile_zones([zone(intervals)], ["n"])
    return lambda when: not is_allowed(index, when)


def is_allowed(index: ZoneIndex, start: datetime, *, seconds: int = 1, now: int = 0) -> bool:
    update = AskedUpdate(("n",), "firmware", int(start.timestamp()), seconds)
    return decide(index, update, Circumstances(now=now)).allowed


def daily(start: str, tzid: str, **more: str) -> list[Interval]:
    return listed(dtstart=start, tzid=tzid, rrule="FREQ=DAILY", **more)


def minutes(day: date, zone_name: str) -> list[datetime]:
    first = datetime.combine(day, time(0), ZoneInfo(zone_name)).astimezone(UTC)
    last = datetime.combine(day + DAY, time(0), ZoneInfo(zone_name)).astimezone(UTC)
    return [first + step * MINUTE for step in range(int((last - first) / MINUTE))]


def argo(**window: object) -> SyncWindow:
    told = {"kind": "deny", "applications": ["*"], **window}
    return read_app_project(json.dumps({"spec": {"syncWindows": [told]}}).encode()).windows[0]


def argo_asked(*windows: dict[str, object], **asked: object) -> bool:
    read = read_app_project(json.dumps({"spec": {"syncWindows": windows}}).encode())
    question = SyncQuestion(application="a", at=f"{NOON:%Y-%m-%dT%H:%M:%SZ}", **asked)
    return ask_windows(read, question).can_sync


def argo_active(*windows: dict[str, object]) -> list[SyncWindow]:
    return [one for one in (argo(**window) for window in windows) if is_active(one, NOON, NOON)]


# Windows past midnight, and their last minute.


def test_kured_204_a_window_from_21_to_5_never_matches():
    def kured(when: datetime) -> bool:
        return time(21) <= when.time() <= time(5)

    ours = frozen(daily("20260101T210000", "UTC", dtend="20260102T050000"))
    for text, expected in (("23:00", True), ("03:00", True), ("04:59", True), ("12:00", False)):
        when = at(f"2026-07-02T{text}")
        assert kured(when) is False
        assert ours(when) is expected


def test_spinnaker_orca_1344_59_seconds_before_midnight_are_open():
    def spinnaker(when: datetime) -> bool:
        return time(0) <= when.time() <= time(23, 59)

    ours = frozen(daily("20260101T000000", "UTC", duration="P1D"))
    when = at("2026-07-01T23:59:30")
    assert (spinnaker(when), ours(when)) == (False, True)


def test_suse_rebootmgr_10_one_second_early():
    def rebootmgr(when: datetime) -> bool:
        return when >= at("2026-07-02T00:00:00") - timedelta(seconds=1)

    index = compile_zones([zone([Interval(at("2026-07-01"), at("2026-07-02"))])], ["n"])
    early, sharp = at("2026-07-01T23:59:59"), at("2026-07-02T00:00:00")
    assert (rebootmgr(early), is_allowed(index, early)) == (True, False)
    assert is_allowed(index, sharp) is True


# One zone for everyone, an offset in place of a zone, or no zone at all.


def test_spinnaker_one_zone_for_the_whole_server():
    def spinnaker(when: datetime) -> bool:
        return time(9) <= when.astimezone(ZoneInfo(LOS_ANGELES)).time() < time(17)

    ours = frozen(daily("20260101T090000", LONDON, dtend="20260101T170000"))
    ten_in_london = at("2026-07-01T10:00:00", LONDON)
    assert (spinnaker(ten_in_london), ours(ten_in_london)) == (False, True)


def test_karpenter_3074_schedules_are_utc_only():
    def karpenter(when: datetime) -> bool:
        return time(9) <= when.time() < time(17)

    ours = frozen(daily("20260101T090000", LOS_ANGELES, dtend="20260101T170000"))
    afternoon, night = (at(f"2026-07-01T{hour}:00", LOS_ANGELES) for hour in ("16", "03"))
    assert (karpenter(afternoon), ours(afternoon)) == (False, True)
    assert (karpenter(night), ours(night)) == (True, False)


def test_aks_a_fixed_offset_is_an_hour_off_for_half_the_year():
    def aks(when: datetime) -> bool:
        return time(20) <= (when + HOUR).time() < time(22)

    ours = frozen(daily("20260701T200000", LONDON, dtend="20260701T220000"))
    summer, winter = (at(f"2026-{day}T21:30", LONDON) for day in ("07-01", "12-01"))
    assert (aks(summer), ours(summer)) == (True, True)
    assert (aks(winter), ours(winter)) == (False, True)


def test_azure_devops_docs_8675_business_hours_by_the_standard_offset():
    def azure_devops(when: datetime) -> bool:
        return time(9) <= (when - 5 * HOUR).time() < time(17)

    ours = frozen(daily("20260101T090000", NEW_YORK, dtend="20260101T170000"))
    nine = at("2026-07-01T09:30", NEW_YORK)
    assert (azure_devops(nine), ours(nine)) == (False, True)
    after_work = at("2026-07-01T17:30", NEW_YORK)
    assert (azure_devops(after_work), ours(after_work)) == (True, False)


def test_argo_cd_an_unknown_zone_becomes_utc_in_silence():
    def argo_zone(name: str) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError):
            return ZoneInfo("UTC")

    assert argo_zone("America/Los_Angles") == ZoneInfo("UTC")
    with pytest.raises(UnknownTimeZone):
        listed(dtstart="20260101T000000", tzid="America/Los_Angles")
    with pytest.raises(BadAppProject, match="window 0, timeZone"):
        argo(schedule="0 0 * * *", duration="1h", timeZone="America/Los_Angles")


def test_argo_cd_3831_one_text_is_two_instants():
    text = "2026-07-01 22:00"
    assert at(text, LOS_ANGELES) != at(text, "UTC")
    with pytest.raises(UnclearInstant):
        read_instant(text, field="--from")


def test_a_bare_date_is_the_wrong_day_somewhere():
    read_as_utc = Interval(at("2026-07-24"), at("2026-07-25"))
    evening = at("2026-07-24T18:00", LOS_ANGELES)
    assert not read_as_utc.start <= evening < read_as_utc.end
    with pytest.raises(UnclearInstant):
        read_instant("2026-07-24", field="--from")
    with pytest.raises(UnclearInstant):
        read_instant("2026-07-24 America/Los_Angeles", field="--from")


# Days on which clocks change.


def test_argo_cd_reads_the_offset_from_now_whatever_day_is_asked_about():
    window = argo(schedule="0 0 * * *", duration="1h", timeZone=LONDON)
    ours = frozen(daily("20260101T000000", LONDON, duration="PT1H"))
    july = at("2026-07-15T12:00")
    december = minutes(date(2026, 12, 1), LONDON)
    wrong = [one for one in december if is_active(window, one, july) is not ours(one)]
    # 23:00 to 01:00 but for the start itself, 59 of them on the day before in London's winter.
    assert len(wrong) > 60
    assert sum(ours(one) for one in december) == 60


@pytest.mark.parametrize(
    ("day", "start", "length", "minutes_at_argo"),
    [
        (date(2026, 3, 29), "01:30", 1, range(25, 32)),
        (date(2026, 10, 25), "01:30", 1, range(85, 92)),
        (date(2026, 3, 29), "00:00", 4, range(175, 185)),
        (date(2026, 10, 25), "00:00", 4, range(295, 305)),
    ],
)
def test_argo_cd_a_deny_is_too_short_or_too_long_where_clocks_change(
    day, start, length, minutes_at_argo
):
    hour, minute = start.split(":")
    window = argo(schedule=f"{minute} {hour} * * *", duration=f"{length}h", timeZone=LONDON)
    ours = frozen(daily(f"20260101T{hour}{minute}00", LONDON, duration=f"PT{length}H"))
    of_the_day = minutes(day, LONDON)
    assert sum(is_active(window, one, one) for one in of_the_day) in minutes_at_argo
    assert sum(ours(one) for one in of_the_day) == length * 60


def test_rundeck_6879_what_starts_in_the_skipped_hour_never_runs():
    def rundeck(when: datetime) -> bool:
        wall = when.astimezone(ZoneInfo("Europe/Berlin"))
        return (wall.hour, wall.minute) == (2, 30)

    day = date(2026, 3, 29)
    assert sum(rundeck(one) for one in minutes(day, "Europe/Berlin")) == 0
    starts = [one.start for one in daily("20260101T023000", "Europe/Berlin", duration="PT1H")]
    assert [one for one in starts if one.date() == day] == [at("2026-03-29T01:30")]


def test_octopus_7433_what_starts_in_the_repeated_hour_starts_twice():
    """The report's loop of triggers, shown as its simplest form: the wall clock is compared."""

    def octopus(when: datetime) -> bool:
        wall = when.astimezone(ZoneInfo(NEW_YORK))
        return (wall.hour, wall.minute) == (1, 30)

    day = date(2026, 11, 1)
    assert sum(octopus(one) for one in minutes(day, NEW_YORK)) == 2
    starts = [one.start for one in daily("20260101T013000", NEW_YORK, duration="PT1H")]
    assert [one for one in starts if one.date() == day] == [at("2026-11-01T05:30")]


def test_azurerm_32918_a_start_that_clocks_skip_is_no_error():
    def azure(wall: datetime, zone_name: str) -> datetime:
        instant = wall.replace(tzinfo=ZoneInfo(zone_name)).astimezone(UTC)
        if instant.astimezone(ZoneInfo(zone_name)).replace(tzinfo=None) != wall:
            raise ValueError("InvalidMaintenanceWindow")
        return instant

    with pytest.raises(ValueError, match="InvalidMaintenanceWindow"):
        azure(datetime.fromisoformat("2026-03-08T02:30"), NEW_YORK)
    first = listed(dtstart="20260308T023000", tzid=NEW_YORK, duration="PT1H")
    assert first == [Interval(at("2026-03-08T07:30"), at("2026-03-08T08:30"))]


# Weekdays, dates and the date line.


def test_octopus_9291_a_weekly_freeze_is_a_day_off_across_the_date_line():
    def octopus(when: datetime) -> bool:
        return when.weekday() == 0 and time(20) <= when.time() < time(22)

    ours = frozen(listed(dtstart="20260706T080000", tzid="Pacific/Auckland",
                         rrule="FREQ=WEEKLY;BYDAY=MO", duration="PT2H"))  # fmt: skip
    monday, tuesday = (at(f"2026-07-{day}T09:00", "Pacific/Auckland") for day in (13, 14))
    assert (octopus(monday), ours(monday)) == (False, True)
    assert (octopus(tuesday), ours(tuesday)) == (True, False)


def test_octopus_9262_a_weekday_freeze_on_the_wrong_days():
    """The report says that the days are wrong; shown as the weekday taken from UTC."""

    def octopus(when: datetime) -> bool:
        return when.weekday() < 5

    rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
    ours = frozen(listed(dtstart="20260105T000000", tzid=LOS_ANGELES, rrule=rule, duration="P1D"))
    friday, sunday = (at(f"2026-07-{day}T18:00", LOS_ANGELES) for day in (10, 12))
    assert (octopus(friday), ours(friday)) == (False, True)
    assert (octopus(sunday), ours(sunday)) == (True, False)


def test_octopus_9779_the_third_saturday_of_a_freeze_that_starts_on_a_tuesday():
    first = datetime.fromisoformat("2026-07-14T00:00")

    def octopus(day: date) -> bool:
        return day.weekday() == first.weekday() and 15 <= day.day <= 21

    found = listed(dtstart="20260714T000000", tzid="UTC", duration="P1D",
                   rrule="FREQ=MONTHLY;BYDAY=3SA;COUNT=2")  # fmt: skip
    assert [one.start.date() for one in found] == [date(2026, 7, 18), date(2026, 8, 15)]
    assert not any(octopus(one.start.date()) for one in found)


def test_a_day_that_a_zone_left_out_protects_the_next_one():
    apia = "Pacific/Apia"
    stored_offset = timedelta(hours=-10)
    noon_31st = at("2011-12-31T12:00", apia)
    by_offset = (noon_31st + stored_offset).replace(tzinfo=None)
    assert by_offset.date() == date(2011, 12, 30)
    left_out = listed(2011, dtstart="20111230T120000", tzid=apia, duration="PT1H")
    assert left_out == [Interval(noon_31st, noon_31st + HOUR)]


def test_an_until_of_a_date_counts_its_day():
    def midnight(start: datetime) -> bool:
        return start <= datetime.fromisoformat("2026-07-03T00:00")

    assert not midnight(datetime.fromisoformat("2026-07-03T09:00"))
    days = listed(dtstart="20260701T090000", tzid=NEW_YORK, rrule="FREQ=DAILY;UNTIL=20260703")
    assert [one.start.day for one in days] == [1, 2, 3]


def test_gitlab_247110_and_kured_387_a_cron_has_no_year():
    window = argo(schedule="0 0 24 7 *", duration="24h", timeZone="UTC")
    ours = frozen([Interval(at("2026-07-24"), at("2026-07-25"))])
    this_year, next_year = at("2026-07-24T12:00"), at("2027-07-24T12:00")
    assert is_active(window, this_year, this_year) is ours(this_year) is True
    assert (is_active(window, next_year, next_year), ours(next_year)) == (True, False)


def test_gke_an_exclusion_does_not_repeat():
    def gke(when: datetime) -> bool:
        return at("2026-12-20") <= when < at("2027-01-03")

    ours = frozen(
        listed(dtstart="20261220T000000", tzid="UTC", rrule="FREQ=YEARLY", duration="P14D")
    )
    first, second = at("2026-12-25"), at("2027-12-25")
    assert gke(first) is ours(first) is True
    assert (gke(second), ours(second)) == (False, True)


def test_argo_cd_a_schedule_that_is_never_due_is_always_active():
    window = argo(schedule="0 0 30 2 *", duration="1h")
    when = at("2026-07-01T12:00")
    assert is_active(window, when, when) is True
    rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"
    found = listed(dtstart="20260101T000000", tzid="UTC", rrule=rule, duration="PT1H")
    assert found == []


# The wrong instant, or an instant in place of an interval.


def test_argo_cd_the_first_instant_is_open():
    window = argo(schedule="0 22 * * *", duration="1h")
    ours = frozen(daily("20260101T220000", "UTC", duration="PT1H"))
    sharp, over = at("2026-07-01T22:00"), at("2026-07-01T23:00")
    assert (is_active(window, sharp, sharp), ours(sharp)) == (False, True)
    assert ours(over) is False


def test_octopus_9621_a_freeze_of_the_future_blocks_today():
    def octopus(when: datetime) -> bool:
        return when < at("2026-08-02")

    ours = frozen([Interval(at("2026-08-01"), at("2026-08-02"))])
    today = at("2026-07-01T12:00")
    assert (octopus(today), ours(today)) == (True, False)


def test_octopus_9599_the_scheduled_time_is_not_the_time_that_is_tested():
    freeze = Interval(at("2026-08-01"), at("2026-08-02"))

    def octopus(now: datetime, scheduled: datetime) -> bool:
        """The report: whoever schedules is stopped by what is frozen while the form is open."""
        assert scheduled > now
        return not freeze.start <= now < freeze.end

    index = compile_zones([zone([freeze])], ["n"])
    during, before, after = at("2026-08-01T12:00"), at("2026-07-01"), at("2026-08-03")
    for now, scheduled, expected in ((during, after, True), (before, during, False)):
        assert octopus(now, scheduled) is not expected
        assert is_allowed(index, scheduled, now=int(now.timestamp())) is expected


def test_a_flash_ten_minutes_before_midnight_runs_into_the_freeze():
    freeze = Interval(at("2026-07-24"), at("2026-07-25"))
    start = at("2026-07-23T23:50")

    def by_its_start(when: datetime) -> bool:
        return not freeze.start <= when < freeze.end

    index = compile_zones([zone([freeze])], ["n"])
    assert by_its_start(start) is True
    assert is_allowed(index, start, seconds=45 * 60) is False
    assert is_allowed(index, start, seconds=10 * 60) is True


# Precedence and scope.


ON = {"schedule": "0 11 * * *", "duration": "2h", "applications": ["*"]}
OFF = {"schedule": "0 15 * * *", "duration": "2h", "applications": ["*"]}


def test_argo_cd_10425_two_allows_deny_each_other():
    windows = ({"kind": "allow", **ON}, {"kind": "allow", **OFF})

    def argo_then() -> bool:
        return len(argo_active(*windows)) == len(windows)

    assert (argo_then(), argo_asked(*windows)) == (False, True)


def test_argo_cd_one_manual_sync_opened_every_closed_allow():
    windows = [{"kind": "allow", **OFF, "manualSync": one} for one in (True, False)]

    def argo_then() -> bool:
        return any(argo(**window).manual_sync for window in windows)

    assert (argo_then(), argo_asked(*windows, manual=True)) == (True, False)


def test_argo_cd_5590_a_deny_blocks_outside_its_window():
    """The report's own window; the rule is that something which allows must be active."""
    deny = {"kind": "deny", "schedule": "2 13 * * *", "duration": "1h", "applications": ["*"]}

    def argo_then() -> bool:
        return any(window.kind == "allow" for window in argo_active(deny))

    assert (argo_then(), argo_asked(deny)) == (False, True)


def test_karpenter_2183_and_1939_a_budget_for_the_night_leaves_the_day_open():
    def karpenter(hour: int) -> int:
        budgets = [(range(6), 10)]
        return min((nodes for hours, nodes in budgets if hour in hours), default=1_000)

    ours = frozen(daily("20260101T060000", "UTC", dtend="20260102T000000"))
    assert (karpenter(3), karpenter(12)) == (10, 1_000)
    assert ours(at("2026-07-01T12:00")) is True
    assert ours(at("2026-07-01T03:00")) is False


def test_octopus_8793_an_override_reaches_every_freeze_that_objects():
    freeze = [Interval(at("2026-07-24"), at("2026-07-25"))]
    index = compile_zones([zone(freeze, "one"), zone(freeze, "two")], ["n"])
    update = AskedUpdate(("n",), "firmware", int(at("2026-07-24").timestamp()), 60)
    objecting = [one.zone for one in decide(index, update, Circumstances(now=0)).objections]

    def octopus() -> bool:
        overridden = objecting[:1]
        return all(one in overridden for one in objecting)

    assert (objecting, octopus()) == (["one", "two"], False)
    opened = decide(index, update, Circumstances(now=0, opened_by="glass-1"))
    assert (opened.allowed, opened.ground) == (True, Ground.BREAK_GLASS)


def test_cedar_a_forbid_that_cannot_be_evaluated_is_skipped():
    def cedar(attributes: dict[str, str]) -> bool:
        try:
            forbidden = attributes["rack"] == "r1"
        except KeyError:
            forbidden = False
        return not forbidden

    index = compile_zones([zone([Interval(at("2026-07-24"), at("2026-07-25"))])], ["n"])
    start = int(at("2026-07-24T12:00").timestamp())
    unknown = decide(index, AskedUpdate(("x",), "firmware", start, 60), Circumstances(now=0))
    assert cedar({}) is True
    assert (unknown.allowed, unknown.ground) == (False, Ground.UNKNOWN_NODE)
    strange = decide(index, AskedUpdate(("n",), "paint", start, 60), Circumstances(now=0))
    assert (strange.allowed, strange.ground) == (False, Ground.UNKNOWN_CLASS)
