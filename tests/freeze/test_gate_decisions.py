"""What the gate answers to whom, and that every answer is kept as it was given."""

import json
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.db import connection

from scuderia.basics.errors import NotFound
from scuderia.freeze.engine.argocd import BadDuration
from scuderia.freeze.engine.gate import BadUpdate
from scuderia.freeze.engine.wall_times import UnclearInstant
from scuderia.freeze.models.gate_decisions import GateDecision
from scuderia.freeze.nouns import LOCAL_TIMES, ZoneScope
from scuderia.freeze.operations import gate_batches, gate_decisions, zones
from scuderia.freeze.operations.gate_decisions import ask_gate
from scuderia.freeze.queries import zone_index
from scuderia.freeze.queries.asked_updates import read_update
from scuderia.freeze.queries.gate_decisions import HIDDEN
from scuderia.freeze.queries.zone_index import compiled_zones
from tests.freeze.small_fleet import NOW, asked, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
MIDNIGHT = NOW + timedelta(days=3, hours=19)  # of 2026-07-24 in Los Angeles
OVER = MIDNIGHT + timedelta(days=7)


@pytest.fixture(autouse=True)
def _fleet(db):
    make_fleet()
    make_cast()


AURORA = ZoneScope(("customer:aurora",))


def zone(scope=AURORA):
    zone_id = zones.request_zone(
        actor=person("lena"), asked=asked(scope=scope, classes=("firmware",)), now=NOW
    ).zone_id
    zones.approve_zone(actor=person("ada"), zone_id=zone_id, reason="agreed", now=NOW)
    return zone_id


def ask(name="ada", nodes=("r1-n1",), start="2026-07-23 23:50 America/Los_Angeles", **other):
    typed = {"update_class": "firmware", "duration": "45m"} | other
    update = read_update(nodes=nodes, start=start, **typed)
    return ask_gate(actor=person(name), update=update, now=NOW)


def test_the_flash_ten_minutes_before_a_midnight_zone_is_refused_with_when_it_may_be_made():
    zone_id = zone()
    told = ask()
    assert (told.allowed, told.ground, told.not_before) == (False, "zone", OVER)
    assert [one.zone for one in told.reasons] == [str(zone_id)]
    assert told.slots[0].latest_start == MIDNIGHT - timedelta(minutes=45)


@pytest.mark.parametrize(
    ("other", "allowed"),
    [
        ({}, False),
        ({"duration": "10m"}, True),
        ({"duration": "10m", "bake": "1s"}, False),
        ({"duration": "10m", "rollback": "1s"}, False),
        ({"duration": "9m59.5s"}, True),  # half a second counts whole: to the very midnight
        ({"duration": "10m0.5s"}, False),
        ({"update_class": "driver"}, True),
        ({"update_class": "firmwear"}, False),
        ({"update_class": "firmwear", "nodes": ("r2-n2",)}, True),
        ({"nodes": ("r2-n2",)}, True),
        ({"nodes": ("r2-n2", "r1-n1")}, False),
        ({"nodes": ("nowhere",)}, False),
    ],
)
def test_the_whole_of_an_update_is_judged_and_what_is_unknown_is_refused_where_frozen(
    other, allowed
):
    assert ask(**other).allowed is True
    zone()
    assert ask(**other).allowed is allowed


def test_every_answer_is_kept_with_the_zones_version_and_the_reading_of_local_times():
    first = ask()
    zone()
    second = ask("vera", nodes=("r1-n1", "r2-n2"), bake="30m", rollback="10m")
    kept = {one.pk: one for one in GateDecision.objects.all()}
    assert kept.keys() == {first.decision_id, second.decision_id}
    assert (kept[first.decision_id].allowed, kept[first.decision_id].zones_version) == (True, 0)
    row = kept[second.decision_id]
    assert (row.allowed, row.ground, row.asked_by, row.via) == (False, "zone", "person:vera", "cli")
    assert (row.zones_version, row.local_times) == (2, LOCAL_TIMES)
    assert row.update == {
        "nodes": ["r1-n1", "r2-n2"], "nodes_asked": 2, "update_class": "firmware",
        "start": int((MIDNIGHT - timedelta(minutes=10)).timestamp()),
        "work_s": 2700, "bake_s": 1800, "rollback_s": 600,
    }  # fmt: skip
    assert row.objections == [asdict(one) for one in second.reasons]


def test_somebody_elses_zone_is_told_without_its_name_and_their_nodes_are_strangers():
    zone_id = zone(ZoneScope(("rack:r2",)))
    assert [one.zone for one in ask("ada", nodes=("r2-n2",)).reasons] == [str(zone_id)]
    told = ask("britt", nodes=("r2-n2",))
    assert (told.allowed, told.reasons[0].zone, told.reasons[0].words) == (False, "", HIDDEN)
    theirs, nowhere = ask("britt", nodes=("r2-n1",)), ask("britt", nodes=("r9-n9",))
    assert (theirs.ground, nowhere.ground) == ("unknown_node", "unknown_node")
    assert str(zone_id) not in str((theirs, nowhere))
    kept = GateDecision.objects.get(pk=told.decision_id)
    assert kept.objections[0]["zone"] == str(zone_id)
    with pytest.raises(NotFound):
        ask("olaf")


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"start": "2026-07-24"}, UnclearInstant),
        ({"start": "2026-07-24 00:00"}, UnclearInstant),
        ({"duration": "soon"}, BadDuration),
        ({"duration": "0s"}, BadUpdate),
        ({"bake": "-1m"}, BadUpdate),
        ({"nodes": ()}, BadUpdate),
    ],
)
def test_what_is_no_update_is_refused_and_not_kept(other, error):
    with pytest.raises(error):
        ask(**other)
    assert not GateDecision.objects.exists()


def test_text_that_no_table_keeps_is_kept_harmless():
    told = ask(update_class="firm\x00ware", nodes=("r1\x00",))
    json.dumps(GateDecision.objects.get(pk=told.decision_id).update)


def test_it_is_decided_before_the_writers_turn_is_taken(monkeypatch):
    """One transaction writes at a time: compiling the zones, judging and signing wait for none."""
    zone()
    outside, depths = len(connection.savepoint_ids), []

    def watched(*of):
        depths.append(len(connection.savepoint_ids))
        return compiled_zones(*of)

    for room in (gate_decisions, gate_batches):
        monkeypatch.setattr(room, "compiled_zones", watched)
    ask()
    rows = [{"node": "r1-n1", "update_class": "firmware", "start": 0, "end": 60}]
    gate_batches.ask_gate_batch(
        actor=person("ada"), text=json.dumps({"targets": rows}).encode(), now=NOW
    )
    assert depths == [outside, outside]
    assert GateDecision.objects.count() == 2


def test_zones_that_change_while_they_are_compiled_are_compiled_again(monkeypatch):
    zone()
    version, token = zone_index.zones_version()
    seen = iter([(version - 1, None)] * 2 + [(version, token)] * 3)
    monkeypatch.setattr(zone_index, "zones_version", lambda: next(seen))
    monkeypatch.setattr(zone_index, "_kept", [])
    found = compiled_zones(NOW)
    assert (found.version, found.token) == (version, token)
