"""The update calendar: read from files, seen within reach, amended and cancelled with a reason."""

import csv
import io
from datetime import timedelta

import pytest
from icalendar import Calendar

from scuderia.basics.errors import BadInput, NotAuthorised, NotFound
from scuderia.basics.subjects import SubjectRef
from scuderia.freeze.models.updates import MaintenanceWindow, Update, UpdateNode, UpdateStep
from scuderia.freeze.nouns import UpdateState
from scuderia.freeze.operations import updates
from scuderia.freeze.operations.updates import BadWindow, NoSuchUpdate, UpdateIsOver
from scuderia.freeze.queries.update_example import example_calendar
from scuderia.freeze.queries.update_feed import calendar_feed
from scuderia.freeze.queries.updates import list_caps, list_updates, list_windows
from scuderia.intake.pipeline import RecordRefused
from scuderia.loop.models.audit import AuditEntry
from tests.freeze.small_calendar import BOREALIS, DRIVER, FIRMWARE, SECOND_RING, load
from tests.freeze.small_fleet import NOW, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _fleet(db):
    make_fleet()
    make_cast()


def keys(name, **asked):
    return [row.key for row in list_updates(person(name), NOW, **asked)]


def test_a_calendar_is_booked_whole_and_known_again():
    report = load(FIRMWARE, DRIVER, SECOND_RING)
    assert (report.commit.added, report.commit.amended) == (3, 0)
    assert keys("ada") == ["drv-r3", "fw-r1", "fw-r2"]
    held = Update.objects.get(key="drv-r3")
    assert (held.severity, held.p50_s, held.p95_s) == ("high", 1800, 1800)
    assert set(UpdateNode.objects.filter(update=held).values_list("node", flat=True)) == {
        "r3-n1", "r3-n2",
    }  # fmt: skip
    again = load(FIRMWARE, DRIVER, SECOND_RING)
    assert (again.commit.added, again.commit.amended, again.commit.unchanged) == (0, 0, 3)
    assert AuditEntry.objects.filter(verb="freeze.updates.imported").count() == 1


def test_what_is_told_otherwise_is_amended_and_what_stood_there_is_kept():
    load(FIRMWARE, DRIVER)
    report = load(FIRMWARE | {"nodes": "r1-n1", "p95_minutes": "90"}, DRIVER)
    assert (report.commit.amended, report.commit.unchanged) == (1, 1)
    held = Update.objects.get(key="fw-r1")
    assert (held.p95_s, list(held.touched.values_list("node", flat=True))) == (5400, ["r1-n1"])
    step = UpdateStep.objects.get(update=held, step="amended")
    assert step.detail["before"]["targets"] == "rack:r1"
    assert step.detail["after"]["targets"] == "r1-n1"


@pytest.mark.parametrize(
    ("other", "field", "words"),
    [
        ({"class": "firmwear"}, "class", "no class of updates"),
        ({"nodes": "r9-n1"}, "nodes", "no node is named"),
        ({"nodes": "rack:r9"}, "nodes", "nothing stands under"),
        ({"nodes": "r[1"}, "nodes", "no list of names"),
        ({"start": "2026-07-24T09:01Z"}, "start", "five minutes"),
        ({"start": "2026-07-24 09:00"}, "start", "time zone"),
        ({"start": "2026-07-19T09:00Z"}, "start", "has passed"),
        ({"p95_minutes": "0"}, "p95_minutes", "not over 0"),
        ({"p50_minutes": "61"}, "p50_minutes", "more than p95"),
        ({"campaign": "", "ring": "2"}, "ring", "no ring"),
        ({"at_once": "0"}, "at_once", "below 1"),
        ({"deadline": "2026-07-24T09:30Z"}, "deadline", "ends after it"),
        ({"due": "2026-07-24T09:30Z"}, "due", "ends after it"),
        ({"earliest": "2026-07-25T09:30Z"}, "earliest", "after the start"),
        ({"severity": "awful"}, "severity", "no severity"),
        ({"cves": "CVE-2026-1 high 2026-07-01"}, "cves", "cannot be read"),
        ({"cves": "CVE-2026-0001 high 2026-02-30"}, "cves", "cannot be read"),
    ],
)
def test_a_bad_row_is_refused_by_its_field_and_nothing_is_booked(other, field, words):
    with pytest.raises(RecordRefused) as refused:
        load(DRIVER, FIRMWARE | other)
    assert f"record 3, field {field}" in str(refused.value)
    assert words in str(refused.value)
    assert not Update.objects.exists()


def test_an_update_is_of_one_site():
    from scuderia.fleet.models.inventory import Cluster, Node, Rack, Site, Sku

    site = Site.objects.create(name="s2")
    rack = Rack.objects.create(name="z1", cluster=Cluster.objects.create(name="c2", site=site))
    Node.objects.create(
        name="z1-n1", rack=rack, sku=Sku.objects.get(), active_from=NOW - timedelta(days=9)
    )
    with pytest.raises(RecordRefused, match="of 2 sites: s1, s2"):
        load(FIRMWARE | {"nodes": "r1-n1 z1-n1"})


def test_a_calendar_is_seen_within_reach_alone():
    load(FIRMWARE, DRIVER, SECOND_RING, BOREALIS)
    assert keys("vera") == ["drv-r3", "fw-r1", "os-b", "fw-r2"]
    assert keys("otto") == ["drv-r3", "fw-r1", "fw-r2"]
    assert keys("britt") == ["os-b", "fw-r2"]
    assert keys("rosa") == ["fw-r1"]
    by_name = {row.key: row.nodes for row in list_updates(person("otto"), NOW)}
    assert by_name == {"drv-r3": 1, "fw-r1": 2, "fw-r2": 1}
    assert keys("ada", under="customer:borealis") == ["os-b", "fw-r2"]
    assert keys("ada", since=NOW + timedelta(days=5), before=NOW + timedelta(days=7)) == ["os-b"]
    with pytest.raises(NotFound):
        keys("olaf")


def test_an_update_is_cancelled_with_a_reason_and_its_key_is_spent():
    load(FIRMWARE, DRIVER)
    with pytest.raises(NotAuthorised):
        updates.cancel_update(actor=person("vera"), key="fw-r1", reason="no", now=NOW)
    with pytest.raises(BadInput):
        updates.cancel_update(actor=person("ada"), key="fw-r1", reason=" ", now=NOW)
    with pytest.raises(NoSuchUpdate):
        updates.cancel_update(actor=person("ada"), key="nope", reason="x", now=NOW)
    updates.cancel_update(actor=person("ada"), key="fw-r1", reason="withdrawn", now=NOW)
    assert keys("ada") == ["drv-r3"]
    assert keys("ada", past=True) == ["drv-r3", "fw-r1"]
    with pytest.raises(UpdateIsOver):
        updates.cancel_update(actor=person("ada"), key="fw-r1", reason="again", now=NOW)
    with pytest.raises(RecordRefused, match="done, or was cancelled"):
        load(FIRMWARE | {"p95_minutes": "10"})
    assert Update.objects.get(key="fw-r1").state == UpdateState.CANCELLED


def test_windows_and_caps_are_set_by_who_describes_the_fleet():
    def window(name="ada", **other):
        said = {"site": "s1", "time_zone": "Europe/Rome", "opens": "22:00", "closes": "4:00",
                "weekdays": [0, 1]}  # fmt: skip
        updates.set_window(actor=person(name), now=NOW, **(said | other))

    window()
    window(opens="23:30")
    row = MaintenanceWindow.objects.get()
    assert (row.opens, row.closes, row.weekdays) == ("23:30", "04:00", [0, 1])
    for wrong in ({"site": "s9"}, {"weekdays": []}, {"weekdays": [7]}, {"opens": "25:00"}):
        with pytest.raises(BadInput):
            window(**wrong)
    with pytest.raises(BadInput):
        window(time_zone="Mars/Base")
    with pytest.raises(NotFound):
        window("otto")
    with pytest.raises(NotAuthorised):
        window("vera")
    updates.set_cap(actor=person("ada"), subject=SubjectRef.parse("rack:r1"), nodes=1, now=NOW)
    with pytest.raises(BadWindow):
        updates.set_cap(actor=person("ada"), subject=SubjectRef.parse("node:x"), nodes=1, now=NOW)
    assert [row.subject for row in list_caps(person("ada"))] == ["rack:r1"]
    assert list_caps(person("otto")) == ()
    assert [row.site for row in list_windows(person("ada"))] == ["s1"]


def test_a_feed_is_icalendar_of_what_one_may_see():
    load(FIRMWARE | {"title": "BMC; new, \nBEGIN:VEVENT"}, BOREALIS)
    feed = Calendar.from_ical(calendar_feed(person("otto"), NOW))
    (event,) = feed.walk("VEVENT")
    assert str(event["uid"]) == "update-fw-r1@scuderia"
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=60)
    assert "BEGIN:VEVENT" in str(event["summary"])


def test_the_example_is_a_calendar_that_can_be_imported():
    first = NOW + timedelta(days=3, minutes=3)
    text = example_calendar(person("ada"), NOW, first=first)
    rows = list(csv.DictReader(io.StringIO(text)))
    report = load(*({name: cell for name, cell in row.items() if cell} for row in rows))
    assert report.commit.added == len(rows) == 4
    assert [row["ring"] for row in rows] == ["0", "1", "2", ""]
    assert keys("ada")[0] == "example-bmc-r1"
    narrow = example_calendar(person("rosa"), NOW, first=first)
    assert "rack:r1" in narrow
    assert "rack:r2" not in narrow
