"""Planned work is not a fault: 288 nodes are started anew rack by rack, and three break beside it.

A reader tells of every reboot as of a node that is down; the calendar tells whose it is.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from scuderia.fleet import jobs
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.nouns import (
    Inventory,
    NodeName,
    NodeObservation,
    NodePlace,
    NodeState,
    ObservationPage,
    Sku,
)
from scuderia.fleet.operations import sources
from scuderia.fleet.ports import registry as fleet
from scuderia.fleet.queries.nodes import get_node
from scuderia.fleet.queries.snapshot import fleet_snapshot
from scuderia.freeze.models.updates import Update
from scuderia.freeze.nouns import ZoneScope
from scuderia.freeze.operations import zones
from scuderia.loop.models.findings import Finding
from tests.freeze.small_calendar import load
from tests.freeze.small_fleet import NOW, asked, make_cast, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
RACKS, PER_RACK = 36, 8
MINUTE = timedelta(minutes=1)
BEGINS = NOW + timedelta(hours=6)
EACH = 20 * MINUTE


@dataclass
class Reader:
    """A cluster that says what it is told to."""

    source: str = "hall"
    said: list[NodeObservation] = field(default_factory=list)

    def inventory(self):
        places = tuple(
            NodePlace(NodeName(f"r{rack:02d}-n{slot}"), "hall", "hall", f"r{rack:02d}", "box")
            for rack in range(RACKS)
            for slot in range(PER_RACK)
        )
        sku = Sku(name="box", gpus_per_node=8, gpu_model="X", cents_per_gpu_hour=0)
        return Inventory(places=places, skus=(sku,), slas=(), spare_pool={})

    def observe(self, *, cursor, limit):
        begin = int(cursor or 0)
        seen = tuple(self.said[begin : begin + limit])
        end = begin + len(seen)
        as_of = seen[-1].at if seen else NOW
        return ObservationPage(seen, str(end), more=end < len(self.said), as_of=as_of)

    def say(self, node, state, at, cause=""):
        self.said.append(NodeObservation(NodeName(node), at, state, cause))


@pytest.fixture
def hall(db, monkeypatch):
    make_cast()
    reader = Reader()
    monkeypatch.setattr(fleet, "readers", {"hall": reader})
    for rack in range(RACKS):
        for slot in range(PER_RACK):
            reader.say(f"r{rack:02d}-n{slot}", NodeState.UP, NOW - timedelta(days=3))
    return reader


def look(reader, now, monkeypatch):
    monkeypatch.setattr("scuderia.loop.ports.registry.clock", FixedAt(now))
    while sources.poll(reader, now=now).more:
        pass
    jobs.end_work()


@dataclass
class FixedAt:
    at: object

    def now(self):
        return self.at


def claims():
    return {(row.kind, row.subject.removeprefix("node:")) for row in Finding.objects.all()}


def reboot(key, nodes, start, **other):
    row = {
        "key": key, "class": "firmware", "nodes": nodes, "start": f"{start:%Y-%m-%dT%H:%MZ}",
        "p50_minutes": "5", "p95_minutes": "15", "bake_minutes": "5",
    }  # fmt: skip
    return row | other


@pytest.mark.long
def test_of_288_nodes_started_anew_rack_by_rack_three_faults_are_found_and_none_falsely(
    hall, monkeypatch
):
    # one node of each other rack broke and came back last week: a reboot is no relapse of it
    for rack in range(0, RACKS, 2):
        node = f"r{rack:02d}-n4"
        hall.say(node, NodeState.DOWN, NOW - timedelta(days=2), "fell off the bus")
        hall.say(node, NodeState.UP, NOW - timedelta(days=2) + MINUTE)
    look(hall, NOW, monkeypatch)
    Finding.objects.all().delete()
    load(
        *(reboot(f"fw-{rack}", f"rack:r{rack:02d}", BEGINS + rack * EACH) for rack in range(RACKS))
    )
    assert Update.objects.count() == RACKS
    planted = {
        "r03-n1": BEGINS + 3 * EACH + MINUTE,  # does not come back from its reboot
        "r20-n5": BEGINS + 5 * EACH,  # breaks while others are worked on
        "r30-n0": BEGINS + 30 * EACH + 17 * MINUTE,  # comes back, and breaks in the bake
    }
    events = []
    for rack in range(RACKS):
        for slot in range(PER_RACK):
            node, start = f"r{rack:02d}-n{slot}", BEGINS + rack * EACH + MINUTE
            broken = planted.get(node)
            if broken is None or broken > start:
                events.append((start, node, NodeState.DOWN, "reboot"))
                events.append((start + (4 + slot) * MINUTE, node, NodeState.UP, ""))
            if broken is not None:
                events.append(
                    (broken, node, NodeState.DOWN, "reboot" if broken == start else "ECC")
                )
    events.sort(key=lambda one: one[0])
    found_at, now = {}, BEGINS
    while now < BEGINS + (RACKS + 1) * EACH:
        while events and events[0][0] <= now:
            at, node, state, cause = events.pop(0)
            hall.say(node, state, at, cause)
        look(hall, now, monkeypatch)
        for _, node in claims():
            found_at.setdefault(node, now)
        if now.minute % 20 == 5:  # the crew's snapshot is the dear part, and reboots last so long
            broken = {one.name for one in fleet_snapshot(now).nodes if one.is_broken}
            assert broken <= planted.keys(), now
        now += 5 * MINUTE
    assert claims() == {("fleet.node_out", node) for node in planted}
    assert found_at == {
        "r03-n1": BEGINS + 4 * EACH,
        "r20-n5": BEGINS + 5 * EACH,
        "r30-n0": BEGINS + 31 * EACH,
    }
    late = Finding.objects.get(subject="node:r30-n0")
    assert late.dedup_key.endswith(planted["r30-n0"].isoformat())
    assert f"it went out at {planted['r30-n0']:%Y-%m-%d %H:%M} UTC, in update fw-30" in late.claim
    opened = Finding.objects.values_list("pk", "opened_at").order_by("pk")
    before = list(opened)
    look(hall, now, monkeypatch)
    assert list(opened) == before


def test_a_node_says_its_planned_work_and_what_a_zone_stops_hides_no_fault(hall, monkeypatch):
    look(hall, NOW, monkeypatch)
    load(reboot("fw-a", "r01-n1", BEGINS), reboot("fw-b", "r01-n[1-2]", BEGINS + EACH))
    at = BEGINS + EACH + 2 * MINUTE
    told = get_node(person("ada"), "r01-n1", at).work
    assert (told.start, told.until) == (BEGINS, BEGINS + 2 * EACH)
    assert told.words == "update fw-a; update fw-b"
    assert get_node(person("ada"), "r01-n1", BEGINS + 2 * EACH).work is None
    assert get_node(person("ada"), "r01-n3", at).work is None
    Customer.objects.create(name="aurora")
    typed = asked(
        customer="aurora", scope=ZoneScope(("node:r01-n2",)), classes=("firmware",),
        start=f"{BEGINS:%Y-%m-%d %H:%M} UTC", end=f"{BEGINS + EACH + MINUTE:%Y-%m-%d %H:%M} UTC",
    )  # fmt: skip
    made = zones.request_zone(actor=person("ada"), asked=typed, now=NOW).zone_id
    assert get_node(person("ada"), "r01-n2", at).work is not None
    zones.approve_zone(actor=person("lena"), zone_id=made, reason="agreed", now=NOW)
    assert get_node(person("ada"), "r01-n2", at).work is None
    assert get_node(person("ada"), "r01-n1", at).work is not None
    for node in ("r01-n1", "r01-n2"):
        hall.say(node, NodeState.DOWN, at, "reboot")
    look(hall, at + MINUTE, monkeypatch)
    assert claims() == {("fleet.node_out", "r01-n2")}
    Update.objects.filter(key="fw-b").update(state="cancelled")
    look(hall, at + 2 * MINUTE, monkeypatch)
    assert claims() == {("fleet.node_out", "r01-n2")}, "it broke in no work, and its word is old"


def test_what_broke_before_the_work_began_is_a_fault_through_it(hall, monkeypatch):
    look(hall, NOW, monkeypatch)
    load(reboot("fw-a", "r01-n1", BEGINS))
    hall.say("r01-n1", NodeState.DOWN, BEGINS - MINUTE, "ECC")
    look(hall, BEGINS + MINUTE, monkeypatch)
    assert claims() == {("fleet.node_out", "r01-n1")}
    node = get_node(person("ada"), "r01-n1", BEGINS + MINUTE)
    assert node.work is not None
    assert not node.is_of_work
    assert next(
        one for one in fleet_snapshot(BEGINS + MINUTE).nodes if one.name == "r01-n1"
    ).is_broken
