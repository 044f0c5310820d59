"""What is coming, on the page of what needs a person: zones with their countdown."""

from datetime import timedelta

import pytest

from scuderia.freeze.models.breaches import Breach
from scuderia.freeze.operations import zones
from scuderia.freeze.queries.coming_zones import list_coming_zones
from scuderia.freeze.queries.zones import get_zone
from tests.pages.stage import ADA, LENA, NOW
from tests.pages.test_calendar_pages import words_of
from tests.pages.test_zone_pages import request


def told_to(as_person, name):
    return words_of(as_person(name).get("/"))


def test_a_zone_that_waits_is_told_to_all_of_its_readers_and_is_whose_turn_it_is(stage, as_person):
    zone_id = request()
    for name in ("lena", "otto", "vera"):
        told = told_to(as_person, name)
        assert "waits for approval, by another than otto" in told
        assert "would begin in" in told
    assert "by another than otto" not in told_to(as_person, "britt")
    page = as_person("lena").get("/").context["page"]
    assert [one.is_yours for one in page.coming] == [True]
    assert not page.is_well
    assert not any(one.is_yours for one in as_person("otto").get("/").context["page"].coming)
    zones.approve_zone(actor=LENA, zone_id=zone_id, reason="agreed", now=NOW)
    told = told_to(as_person, "vera")
    assert "Scheduled" in told
    assert "begins in" in told


def test_nothing_is_told_of_what_is_far_away_or_over(stage, as_person):
    far = request(start="2027-03-01 00:00 UTC", end="2027-03-08 00:00 UTC")
    zones.approve_zone(actor=LENA, zone_id=far, reason="agreed", now=NOW)
    over = request()
    zones.reject_zone(actor=LENA, zone_id=over, reason="no", now=NOW)
    assert list_coming_zones(ADA, NOW) == ()
    assert ">Coming<" not in as_person("ada").get("/").content.decode()


def test_changes_found_inside_a_zone_stand_out_however_far_its_end(stage, as_person):
    zone_id = request(start=f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M}Z",
                      end="2027-03-08 00:00 UTC")  # fmt: skip
    zones.approve_zone(actor=LENA, zone_id=zone_id, reason="agreed", now=NOW)
    at = NOW + timedelta(hours=2)
    assert list_coming_zones(ADA, at) == ()
    node = get_zone(ADA, zone_id, NOW).node_names[0]
    Breach.objects.create(zone_id=zone_id, node=node, kind="driver", was="1", value="2",
                          last_seen=at, seen=at, found_at=at)  # fmt: skip
    (one,) = list_coming_zones(ADA, at)
    assert one.breaches == 1
    stage.clock.at, before = at, stage.clock.at
    try:
        told = told_to(as_person, "vera")
    finally:
        stage.clock.at = before
    assert "Changed inside" in told
    assert "1 change found on its machines" in told


@pytest.mark.parametrize("reader", ["lena", "otto"])
def test_whoever_asked_for_a_zone_is_not_told_that_it_waits_for_them(stage, as_person, reader):
    request(actor=LENA)
    page = as_person(reader).get("/").context["page"]
    assert [one.is_yours for one in page.coming] == [False]
