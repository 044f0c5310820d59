"""The zones' pages: who sees which zone, who is offered which button, and what a press does."""

from datetime import timedelta

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.freeze.nouns import ZoneAsked, ZoneScope, ZoneState
from scuderia.freeze.operations import zones
from scuderia.freeze.queries.zones import get_zone
from tests.pages.stage import ADA, LENA, NOW

OTTO = Actor(ActorKind.PERSON, "otto")
WHY = "the run of the year"


def request(actor=OTTO, **typed):
    told = {
        "customer": "demo-aurora",
        "scope": ZoneScope(("customer:demo-aurora",)),
        "start": "2026-11-24 00:00 America/Los_Angeles",
        "end": "2026-12-01 00:00 America/Los_Angeles",
        "reason": WHY,
    }
    return zones.request_zone(actor=actor, asked=ZoneAsked(**told | typed), now=NOW).zone_id


@pytest.fixture
def zone_id(stage):
    return request()


@pytest.fixture
def approved(zone_id):
    zones.approve_zone(actor=LENA, zone_id=zone_id, reason="agreed", now=NOW)
    return zone_id


def shown(client, zone_id):
    return client.get(f"/zones/{zone_id}").content.decode()


def state(zone_id, at=NOW):
    return get_zone(ADA, zone_id, at).zone.state


def test_the_list_tells_a_zone_with_what_waits_for_whom(zone_id, as_person):
    for name in ("ada", "lena", "vera", "otto"):
        told = as_person(name).get("/zones").content.decode()
        assert f"/zones/{zone_id}" in told
        assert "approval, by another than otto" in told
    assert "demo-aurora" not in as_person("britt").get("/zones").content.decode()
    assert as_person("olaf").get("/zones").status_code == 404


def test_a_zone_that_is_over_stands_among_all_of_them_alone(approved, as_person):
    zones.end_zone(actor=LENA, zone_id=approved, reason="called off", now=NOW)
    client = as_person("lena")
    assert f"/zones/{approved}" not in client.get("/zones").content.decode()
    assert f"/zones/{approved}" in client.get("/zones?view=all").content.decode()


def test_the_list_is_given_as_a_spreadsheet(zone_id, as_person):
    answer = as_person("vera").get("/zones?csv=1")
    assert answer["Content-Type"].startswith("text/csv")
    assert "demo-aurora" in b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize("name", ["britt", "olaf"])
def test_another_customers_zone_is_not_there(name, zone_id, as_person):
    client = as_person(name)
    assert client.get(f"/zones/{zone_id}").status_code == 404
    for verb in ("approve", "reject", "extend", "end"):
        assert client.post(f"/zones/{zone_id}/{verb}", {"reason": "x"}).status_code == 404
    assert state(zone_id) is ZoneState.REQUESTED


@pytest.mark.parametrize(
    ("name", "buttons"),
    [("lena", "Approve Reject"), ("ada", "Approve Reject"), ("otto", ""), ("vera", "")],
)
def test_buttons_are_offered_to_who_may_press_them(name, buttons, zone_id, as_person):
    told = shown(as_person(name), zone_id)
    for label in ("Approve", "Reject"):
        assert (f">{label}</button>" in told) is (label in buttons.split())
    assert "End the zone" not in told
    assert WHY in told
    assert "begin in" in told


def test_who_asked_is_told_in_words_that_another_approves(zone_id, as_person):
    assert "You asked for it: another person" in shown(as_person("otto"), zone_id)
    own = request(LENA)
    told = shown(as_person("lena"), own)
    assert "You asked for it: another person approves it" in told
    assert ">Approve</button>" not in told
    answer = as_person("lena").post(f"/zones/{own}/approve", {"reason": "mine"})
    assert answer.status_code == 403
    assert "FREEZE-013" in answer.content.decode()
    assert state(own) is ZoneState.REQUESTED


def test_a_lead_approves_and_ends_and_an_operator_asks_for_a_later_end(zone_id, as_person):
    lena, otto = as_person("lena"), as_person("otto")
    assert lena.post(f"/zones/{zone_id}/approve", {"reason": "agreed"}).status_code == 303
    assert state(zone_id) is ZoneState.SCHEDULED
    told = shown(lena, zone_id)
    assert "Begins in" in told
    assert "End the zone" in told
    assert "End the zone" not in shown(otto, zone_id)
    later = {"end": "2026-12-05 00:00 America/Los_Angeles", "reason": "it runs on"}
    assert otto.post(f"/zones/{zone_id}/extend", later).status_code == 303
    assert "A later end waits for approval" in shown(lena, zone_id)
    assert ">Approve</button>" in shown(lena, zone_id)
    assert lena.post(f"/zones/{zone_id}/approve", {"reason": "agreed"}).status_code == 303
    row = get_zone(ADA, zone_id, NOW).zone
    assert row.until == "2026-12-05T00:00:00"
    assert lena.post(f"/zones/{zone_id}/end", {"reason": "over"}).status_code == 303
    assert state(zone_id) is ZoneState.ENDED


def test_a_refused_press_says_why_and_loses_nothing_that_was_typed(approved, as_person):
    typed = {"end": "2026-11-30 00:00 America/Los_Angeles", "reason": "a reason to keep"}
    answer = as_person("otto").post(f"/zones/{approved}/extend", typed)
    told = answer.content.decode()
    assert answer.status_code == 422
    assert "no later end" in told
    assert 'class="field__error"' in told
    assert typed["end"] in told
    assert typed["reason"] in told
    assert get_zone(ADA, approved, NOW).zone.waits_for == ""


def test_a_press_without_a_reason_is_refused(approved, as_person):
    answer = as_person("lena").post(f"/zones/{approved}/end", {"reason": " "})
    assert answer.status_code == 422
    assert state(approved) is ZoneState.SCHEDULED


def test_a_zone_in_force_counts_down_to_its_end_or_to_its_review(stage, as_person):
    ends = request(start="2026-11-20T11:00Z", end="2026-11-20T15:00Z")
    is_open = request(start="2026-11-20T11:00Z", end="", open_end=True, review="2026-11-22T12:00Z")
    for one in (ends, is_open):
        zones.approve_zone(actor=LENA, zone_id=one, reason="agreed", now=NOW - timedelta(minutes=5))
    client = as_person("vera")
    assert "Ends in 3h" in shown(client, ends)
    assert "Reviewed in 2d" in shown(client, is_open)


def test_the_nodes_are_drawn_by_rack(zone_id, as_person):
    told = shown(as_person("otto"), zone_id)
    held = get_zone(ADA, zone_id, NOW).node_names
    assert held
    assert all(f'data-key="{name}"' in told for name in held)
