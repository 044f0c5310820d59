"""What a zone costs on the books' calendar, and the calendar moved around it as was shown."""

from datetime import UTC, datetime, timedelta

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.freeze.models.updates import Update, UpdateStep
from scuderia.freeze.nouns import AskedUpdate, UpdateState, ZoneScope
from scuderia.freeze.operations import updates, zones
from scuderia.freeze.operations.gate_decisions import ask_gate
from scuderia.freeze.operations.replans import (
    CalendarChanged,
    ZoneNotApproved,
    adopt_replan,
    draft_replan,
)
from scuderia.freeze.queries.impact_bill import get_bill
from scuderia.freeze.queries.replans import NoSuchReplan, get_replan, list_replans
from scuderia.freeze.queries.update_case import NOTICE_S
from tests.freeze.small_calendar import BOREALIS, DRIVER, FIRMWARE, SECOND_RING, load
from tests.freeze.small_fleet import NOW, asked, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
LATER = NOW + timedelta(hours=1)
BEGINS = datetime(2026, 7, 24, 7, tzinfo=UTC)
ENDS = datetime(2026, 7, 31, 7, tzinfo=UTC)
LATE_DRIVER = DRIVER | {"start": "2026-07-27T09:00Z"}


@pytest.fixture(autouse=True)
def _fleet(db):
    make_fleet()
    make_cast()


@pytest.fixture
def zone():
    return zones.request_zone(actor=person("otto"), asked=asked(), now=NOW).zone_id


def approve(zone_id):
    zones.approve_zone(actor=person("lena"), zone_id=zone_id, reason="agreed", now=NOW)


def start(key):
    return Update.objects.get(key=key).start_at


def test_the_bill_says_what_moves_who_waits_and_what_grows_old(zone):
    load(FIRMWARE, LATE_DRIVER, SECOND_RING, BOREALIS)
    bill = get_bill(person("ada"), zone, NOW)
    assert [row.key for row in bill.moved] == ["fw-r1", "drv-r3"]
    assert (bill.planned_in_all, bill.moved_in_all, bill.until) == (4, 2, ENDS)
    assert bill.gpu_hours == 4 * 8 * 7 * 24
    assert (bill.customers, bill.customers_in_all) == (("aurora",), 1)
    (debt,) = bill.debt
    assert (debt.severity, debt.updates, debt.nodes, debt.cves) == (
        "high", 1, 2, ("CVE-2026-0001",),
    )  # fmt: skip
    waits = ENDS - datetime(2026, 7, 27, 9, tzinfo=UTC)
    assert debt.node_days == 2 * waits // timedelta(days=1)
    assert debt.oldest_days == 30
    assert debt.first_deadline == datetime(2026, 7, 29, tzinfo=UTC)
    late = {row.key: row.past_deadline for row in bill.moved}
    assert late == {"fw-r1": None, "drv-r3": datetime(2026, 7, 29, tzinfo=UTC)}
    assert bill.waiting == ()
    assert bill.nights == ()


def test_the_bill_names_to_each_reader_what_they_may_read(zone):
    load(FIRMWARE, LATE_DRIVER, BOREALIS | {"nodes": "r2-n[1-2]"})
    bill = get_bill(person("otto"), zone, NOW)
    assert {row.key: row.nodes for row in bill.moved} == {"fw-r1": 2, "drv-r3": 1, "os-b": 1}
    assert (bill.customers, bill.customers_in_all) == (("aurora",), 2)
    with pytest.raises(NotFound):
        get_bill(person("britt"), zone, NOW)


def test_windows_that_the_zone_takes_are_counted(zone):
    updates.set_window(
        actor=person("ada"), site="s1", time_zone="UTC", opens="22:00", closes="02:00",
        weekdays=range(7), now=NOW,
    )  # fmt: skip
    (night,) = get_bill(person("ada"), zone, NOW).nights
    assert (night.site, night.whole, night.part) == ("s1", 7, 0)


def test_a_draft_moves_nothing_and_an_adopted_one_moves_as_it_was_shown(zone):
    load(FIRMWARE, LATE_DRIVER, SECOND_RING, BOREALIS)
    draft = draft_replan(actor=person("lena"), zone_id=zone, now=NOW)
    shown = get_replan(person("vera"), draft)
    assert (shown.displaced, shown.violations, shown.adopted_at) == (2, 0, None)
    assert start("fw-r1") == datetime(2026, 7, 24, 9, tzinfo=UTC)
    with pytest.raises(ZoneNotApproved):
        adopt_replan(actor=person("lena"), replan_id=draft, reason="go", now=LATER)
    approve(zone)
    for refused in (person("otto"), person("vera"), Actor(ActorKind.AGENT, "scout")):
        with pytest.raises((NotAuthorised, NotFound)):
            adopt_replan(actor=refused, replan_id=draft, reason="go", now=LATER)
    assert adopt_replan(actor=person("lena"), replan_id=draft, reason="go", now=LATER) == 2
    for move in shown.moves:
        assert start(move.key) == move.start
        lasts = timedelta(seconds=Update.objects.get(key=move.key).p95_s)
        assert not (move.start < ENDS and move.start + lasts > BEGINS)
        assert move.start >= NOW + timedelta(seconds=NOTICE_S)
    assert start("drv-r3") + timedelta(minutes=30) <= datetime(2026, 7, 29, tzinfo=UTC)
    assert UpdateStep.objects.filter(step="moved").count() == 2
    with pytest.raises(CalendarChanged):
        adopt_replan(actor=person("lena"), replan_id=draft, reason="go", now=LATER)
    assert get_bill(person("ada"), zone, LATER).moved == ()
    assert list_replans(person("otto"), zone) == ()
    assert [row.id for row in list_replans(person("ada"), zone)] == [draft]
    with pytest.raises(NoSuchReplan):
        get_replan(person("otto"), draft)


def test_the_gate_lets_through_what_the_adopted_plan_says(zone):
    load(FIRMWARE, LATE_DRIVER)
    approve(zone)
    draft = draft_replan(actor=person("lena"), zone_id=zone, now=NOW)
    adopt_replan(actor=person("lena"), replan_id=draft, reason="go", now=LATER)
    for row in Update.objects.all():
        nodes = tuple(row.touched.values_list("node", flat=True))
        planned = AskedUpdate(nodes, row.update_class, int(row.start_at.timestamp()), row.p95_s)
        assert ask_gate(actor=person("ada"), update=planned, now=LATER).allowed


@pytest.mark.parametrize("change", ["import", "cancel", "cap", "zone", "allocation"])
def test_a_draft_of_another_calendar_is_not_adopted(zone, change):
    load(FIRMWARE, LATE_DRIVER)
    approve(zone)
    draft = draft_replan(actor=person("lena"), zone_id=zone, now=NOW)
    if change == "import":
        load(BOREALIS)
    elif change == "cancel":
        updates.cancel_update(actor=person("ada"), key="fw-r1", reason="no", now=NOW)
    elif change == "cap":
        subject = SubjectRef.parse("customer:aurora")
        updates.set_cap(actor=person("ada"), subject=subject, nodes=3, now=NOW)
    elif change == "zone":
        other = zones.request_zone(
            actor=person("otto"), asked=asked(scope=ZoneScope(("node:r1-n1",))), now=NOW
        )
        approve(other.zone_id)
    else:
        from scuderia.fleet.models.allocations import Allocation

        Allocation.objects.filter(node__name="r3-n1").update(end=NOW)
    with pytest.raises(CalendarChanged):
        adopt_replan(actor=person("lena"), replan_id=draft, reason="go", now=LATER)


def test_a_plan_whose_time_has_come_is_not_adopted(zone):
    load(FIRMWARE, LATE_DRIVER)
    approve(zone)
    draft = draft_replan(actor=person("lena"), zone_id=zone, now=NOW)
    first = min(move.start for move in get_replan(person("ada"), draft).moves)
    with pytest.raises(CalendarChanged):
        adopt_replan(
            actor=person("lena"), replan_id=draft, reason="go", now=first + timedelta(hours=1)
        )


def test_what_has_no_start_is_left_out_with_what_binds_it_and_comes_back(zone):
    load(FIRMWARE, LATE_DRIVER | {"earliest": "2026-07-24T09:00Z", "deadline": "2026-07-30T00:00Z"})
    approve(zone)
    draft = draft_replan(actor=person("lena"), zone_id=zone, now=NOW)
    (out,) = get_replan(person("ada"), draft).left_out
    assert (out.key, out.certainty, out.waits_for) == ("drv-r3", "proven", None)
    assert {"new_zone", "deadline"} <= set(out.binding)
    adopt_replan(actor=person("lena"), replan_id=draft, reason="go", now=LATER)
    held = Update.objects.get(key="drv-r3")
    assert held.state == UpdateState.OUT
    assert "new_zone" in held.binding
    zones.end_zone(actor=person("lena"), zone_id=zone, reason="run is over", now=LATER)
    other = zones.request_zone(
        actor=person("ada"), asked=asked(scope=ZoneScope(("rack:r2",))), now=LATER
    ).zone_id
    approve(other)
    second = draft_replan(actor=person("lena"), zone_id=other, now=LATER)
    adopt_replan(actor=person("lena"), replan_id=second, reason="back", now=LATER)
    held.refresh_from_db()
    assert (held.state, held.binding) == (UpdateState.PLANNED, "")


def test_a_landing_starts_slowly(zone):
    rows = [
        FIRMWARE | {"key": f"fw-{number}", "nodes": f"r{1 + number % 2}-n1", "campaign": "",
                    "ring": "", "p95_minutes": "15", "earliest": "2026-07-24T09:00Z"}
        for number in range(12)
    ]  # fmt: skip
    load(*rows)
    draft = draft_replan(actor=person("lena"), zone_id=zone, now=NOW, landing=True)
    shown = get_replan(person("ada"), draft)
    assert shown.is_landing
    assert len(shown.moves) == 12
    early = [one.start for one in shown.moves if one.start < ENDS + timedelta(hours=4)]
    for at in early:
        assert sum(at <= other < at + timedelta(hours=1) for other in early) <= 2


def test_a_zone_that_repeats_is_billed_for_every_stretch_to_come():
    repeats = zones.request_zone(
        actor=person("otto"),
        asked=asked(
            start="2026-07-24 00:00 UTC", end="2026-07-25 00:00 UTC",
            rrule="FREQ=DAILY;INTERVAL=3;COUNT=3",
        ),
        now=NOW,
    ).zone_id  # fmt: skip
    load(FIRMWARE, LATE_DRIVER)
    bill = get_bill(person("ada"), repeats, NOW)
    assert bill.stretches == 3
    assert bill.gpu_hours == 3 * 24 * 32
    assert {row.key for row in bill.moved} == {"fw-r1", "drv-r3"}
    approve(repeats)
    draft = draft_replan(actor=person("lena"), zone_id=repeats, now=NOW)
    adopt_replan(actor=person("lena"), replan_id=draft, reason="go", now=LATER)
    assert get_bill(person("ada"), repeats, LATER).moved == ()
