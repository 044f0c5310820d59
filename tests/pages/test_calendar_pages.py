"""The calendar's page: zones and updates of a site on one axis, and the same in words."""

import re

import pytest

from scuderia.freeze.operations import zones
from scuderia.freeze.queries.zones import get_zone
from tests.freeze.small_calendar import load
from tests.pages.stage import ADA, LENA, NOW
from tests.pages.test_zone_pages import request


@pytest.fixture
def held(stage):
    """Have a zone over some days, and an update of one of its nodes before it."""
    zone_id = request()
    zones.approve_zone(actor=LENA, zone_id=zone_id, reason="agreed", now=NOW)
    node = get_zone(ADA, zone_id, NOW).node_names[0]
    load(
        {"key": "fw-1", "class": "firmware", "nodes": node, "start": "2026-11-22T10:00Z",
         "p95_minutes": "60"},
        now=NOW,
    )  # fmt: skip
    return zone_id


def words_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_zones_and_updates_stand_on_the_axis_and_in_the_table(held, as_person):
    answer = as_person("otto").get("/calendar")
    told = answer.content.decode()
    assert f'href="/zones/{held}"' in told
    assert told.count('class="strip"') == 2
    assert "strip__part--hold" in told
    assert "strip__part--ok" in told
    assert "calendar__now" in told
    assert "fw-1: firmware" in words_of(answer)
    assert "2026-11-22 10:00 2026-11-22 11:00" in words_of(answer)


def test_times_are_told_on_the_viewers_clock_and_days_whose_clocks_change_are_marked(
    held, as_person
):
    client = as_person("vera")
    told = words_of(client.get("/calendar?tz=Asia/Tokyo"))
    assert "2026-11-22 19:00" in told
    assert "clocks change" not in told
    far = client.get("/calendar?days=90&tz=America/Asuncion")
    assert "clocks change" not in words_of(far)
    assert client.get("/calendar?tz=Mars/Olympus").status_code == 422


def test_a_day_of_23_or_25_hours_is_marked(stage, as_person):
    stage.clock.at, before = NOW.replace(month=10), stage.clock.at
    try:
        answer = as_person("vera").get("/calendar?tz=America/New_York")
    finally:
        stage.clock.at = before
    assert "2026-11-01 has 25 hours: the clocks change" in words_of(answer)


def test_the_filter_narrows_to_a_site_and_a_customer(held, as_person):
    client = as_person("vera")
    told = client.get("/calendar?customer=demo-borealis").content.decode()
    assert f"/zones/{held}" not in told
    assert "fw-1" not in told
    assert f"/zones/{held}" in client.get("/calendar?customer=demo-aurora").content.decode()
    assert "Nothing is closed" in client.get("/calendar?site=nowhere").content.decode()


def test_others_see_nothing_of_it_on_the_page_and_in_the_feed(held, as_person):
    for path in ("/calendar", "/calendar.ics"):
        told = as_person("britt").get(path)
        assert told.status_code == 200
        assert str(held) not in told.content.decode()
        assert "fw-1" not in told.content.decode()
        assert as_person("olaf").get(path).status_code == 404
    feed = as_person("otto").get("/calendar.ics")
    assert feed["Content-Type"].startswith("text/calendar")
    assert "fw-1" in feed.content.decode()
