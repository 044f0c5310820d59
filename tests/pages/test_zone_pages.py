"""The zones' pages: who sees which zone, who is offered which button, and what a press does."""

import html
import re
from datetime import timedelta

import pytest

from scuderia.basics.actors import Actor, ActorKind
from scuderia.freeze.models.gate_decisions import GateDecision
from scuderia.freeze.nouns import ZoneAsked, ZoneScope, ZoneState
from scuderia.freeze.operations import zones
from scuderia.freeze.queries.zones import get_zone, list_zones
from tests.freeze.small_calendar import load
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


TYPED = {
    "customer": "demo-aurora",
    "gpus": "8",
    "start": "2026-11-24 00:00 America/Los_Angeles",
    "end": "2026-12-01 00:00 America/Los_Angeles",
    "classes": "firmware, driver",
    "reason": WHY,
}


def digest_in(answer):
    return re.search(r'name="previewed" value="(\w+)"', answer.content.decode())[1]


def test_a_zone_is_tried_first_and_asked_for_as_it_was_tried(stage, as_person):
    client = as_person("otto")
    tried = client.post("/zones/new", TYPED)
    assert "It would hold 1 node with 8 GPUs" in tried.content.decode()
    assert list_zones(ADA, NOW) == ()
    other = client.post("/zones/new", TYPED | {"gpus": "16", "previewed": digest_in(tried)})
    assert "It would hold 2 nodes with 16 GPUs" in other.content.decode()
    assert list_zones(ADA, NOW) == ()
    made = client.post("/zones/new", TYPED | {"previewed": digest_in(tried)})
    (row,) = list_zones(ADA, NOW)
    assert made.url == f"/zones/{row.id}"
    assert (row.gpus, row.classes, row.reason) == (8, ("driver", "firmware"), WHY)
    told = client.get(made.url).content.decode()
    assert "GPU-hours" in told
    assert "Updates that move" in told


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"gpus": "many"}, "no number of GPUs"),
        ({"gpus": "9999"}, "9,999 are asked for"),
        ({"start": "2026-11-24 00:00"}, "2026-11-24 00:00"),
        ({"end": ""}, "say an end, or that it is open"),
        ({"reason": ""}, "it says no reason"),
        ({"gpus": "", "nodes": "node[1-"}, "node[1-"),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(typed, words, stage, as_person):
    answer = as_person("lena").post("/zones/new", TYPED | typed)
    told = answer.content.decode()
    assert answer.status_code in (409, 422)
    assert told.count('class="field__error"') == 1
    assert words in html.unescape(told)
    assert "firmware, driver" in told
    assert list_zones(ADA, NOW) == ()


def test_who_may_not_ask_for_a_zone_is_offered_nothing_and_refused(stage, as_person):
    assert "Ask for a zone" in as_person("otto").get("/zones").content.decode()
    vera = as_person("vera")
    assert "Ask for a zone" not in vera.get("/zones").content.decode()
    assert vera.get("/zones/new").status_code == 403
    assert vera.post("/zones/new", TYPED).status_code == 403
    assert as_person("olaf").get("/zones/new").status_code == 404


def asked_update(node, start):
    return {
        "update_class": "firmware", "nodes": node, "start": start, "duration": "45m",
        "bake": "0s", "rollback": "0s",
    }  # fmt: skip


def test_the_gate_explains_its_verdict_row_by_row_and_keeps_it(approved, as_person):
    node = get_zone(ADA, approved, NOW).node_names[0]
    client = as_person("vera")
    refused = client.post("/may-i", asked_update(node, "2026-11-25T10:00Z")).content.decode()
    assert "Refused" in refused
    assert "A zone overlaps it: this decided." in refused
    assert "Nothing stands against it: not reached." in refused
    assert "The class is unknown: not so." in refused
    assert "Not before" in refused
    assert f'href="/zones/{approved}"' in refused
    allowed = client.post("/may-i", asked_update(node, "2026-11-22T10:00Z")).content.decode()
    assert "Nothing stands against it: this decided." in allowed
    assert GateDecision.objects.count() == 2
    assert str(GateDecision.objects.order_by("-at").first().pk) in refused + allowed


def test_what_cannot_be_asked_is_refused_beside_its_field(stage, as_person):
    answer = as_person("vera").post("/may-i", asked_update("node[1-", "2026-11-25T10:00Z"))
    assert answer.status_code == 422
    assert answer.content.decode().count('class="field__error"') == 1
    typed = asked_update("x", "2026-11-25T10:00Z") | {"duration": "a while"}
    answer = as_person("vera").post("/may-i", typed)
    assert 'value="a while"' in answer.content.decode()
    assert answer.content.decode().count('class="field__error"') == 1
    assert not GateDecision.objects.exists()
    assert as_person("olaf").get("/may-i").status_code == 404


def test_another_customers_operator_is_refused_without_the_zones_name(approved, as_person):
    node = get_zone(ADA, approved, NOW).node_names[0]
    told = as_person("britt").post("/may-i", asked_update(node, "2026-11-25T10:00Z"))
    assert str(approved) not in told.content.decode()
    assert "Refused" in told.content.decode()


def planned(node):
    row = {
        "key": "fw-1", "class": "firmware", "nodes": node, "start": "2026-11-25T10:00Z",
        "p95_minutes": "60", "cves": "CVE-2026-0001 high 2026-07-01",
        "deadline": "2026-11-29T00:00Z",
    }  # fmt: skip
    load(row, now=NOW)


def test_the_bill_is_told_before_approval_and_a_draft_is_adopted_as_it_was_shown(
    zone_id, as_person
):
    planned(get_zone(ADA, zone_id, NOW).node_names[0])
    client = as_person("lena")
    told = shown(client, zone_id)
    assert "CVE-2026-0001" in told
    assert "fw-1" in told
    assert "Nobody has drafted it yet" in told
    assert client.post(f"/zones/{zone_id}/draft").status_code == 303
    told = shown(client, zone_id)
    assert "A replan, drafted by person:lena" in told
    assert "Adopt this draft" not in told
    zones.approve_zone(actor=ADA, zone_id=zone_id, reason="agreed", now=NOW)
    assert client.post(f"/zones/{zone_id}/draft", {"landing": "1"}).status_code == 303
    told = shown(client, zone_id)
    assert "A landing, drafted by person:lena" in told
    adopt = re.search(r'action="(/zones/[\w-]+/adopt/[\w-]+)"', told)[1]
    assert as_person("otto").post(adopt, {"reason": "x"}).status_code in (403, 404)
    assert client.post(adopt, {"reason": "as drafted"}).status_code == 303
    assert "Adopted by person:lena" in shown(client, zone_id)
    again = client.post(adopt, {"reason": "twice"})
    assert again.status_code == 409


def test_a_draft_is_offered_to_who_reads_everything_alone(zone_id, as_person):
    assert "Draft a replan" in shown(as_person("vera"), zone_id)
    assert "Draft a replan" not in shown(as_person("otto"), zone_id)
    assert as_person("otto").post(f"/zones/{zone_id}/draft").status_code in (403, 404)
