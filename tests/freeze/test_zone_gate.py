"""Our own actions ask the zones: change is stopped, repair is not, the unknown is refused."""

from datetime import timedelta

import pytest

from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.models.inventory import Node, Rack, Sku
from scuderia.freeze.nouns import ZoneScope
from scuderia.freeze.operations import zones
from scuderia.freeze.playbook import zone_gate
from scuderia.freeze.playbook.catalogue import register
from scuderia.freeze.queries.zone_index import compiled_zones
from scuderia.loop.nouns import Answer, GateRequest, Phase, Plan
from scuderia.loop.operations import preflight
from scuderia.loop.ports import Registry, registry
from tests.freeze.small_fleet import LONG_AGO, NOW, asked, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
STARTS = NOW + timedelta(days=3, hours=19)
BEGUN, BEFORE, OVER = STARTS + timedelta(days=1), STARTS - timedelta(hours=2), NOW + timedelta(20)
ONE = ZoneScope(("node:r1-n1",))


@pytest.fixture(autouse=True)
def _fleet(db):
    make_fleet()
    make_cast()


def zone(**typed):
    zone_id = zones.request_zone(actor=person("lena"), asked=asked(**typed), now=NOW).zone_id
    zones.approve_zone(actor=person("ada"), zone_id=zone_id, reason="agreed", now=NOW)
    return zone_id


def answer(kind, target, at=BEGUN, **params):
    plan = Plan(kind, (SubjectRef.parse(target),), params)
    return zone_gate.ZoneGate().decide(
        GateRequest(plan, frozenset({EVERYTHING}), person("ada"), at, Phase.DECIDE, False)
    )


def test_a_drain_of_a_held_node_is_refused_with_the_zone_and_when_it_may_be_made():
    zone_id = zone(scope=ONE, classes=("firmware",))
    told = answer("fleet.drain_node", "node:r1-n1")
    assert told.answer is Answer.NO
    assert told.reasons[0].startswith(
        f"no-fly zone {zone_id}: stops firmware updates on 1 of the 1"
    )
    assert told.not_before == STARTS + timedelta(days=7)
    assert answer("fleet.drain_node", "node:r1-n2").answer is Answer.YES


@pytest.mark.parametrize(
    ("kind", "target", "at", "word"),
    [
        ("fleet.drain_node", "node:r1-n1", BEGUN, Answer.NO),
        ("fleet.pull_lemon", "node:r1-n1", BEGUN, Answer.NO),
        ("fleet.drain_node", "node:r1-n1", BEFORE, Answer.NO),  # it would last into the zone
        ("fleet.drain_node", "node:r1-n1", STARTS - timedelta(hours=4), Answer.YES),
        ("fleet.drain_node", "node:r1-n1", OVER, Answer.YES),
        ("fleet.swap_node", "node:r1-n1", BEGUN, Answer.YES),
        ("fleet.swap_back", "node:r1-n1", BEGUN, Answer.YES),
        ("fleet.return_node", "node:r1-n1", BEGUN, Answer.YES),
        ("fleet.escalate_repair", "node:r1-n1", BEGUN, Answer.YES),
        ("fleet.deescalate_repair", "node:r1-n1", BEGUN, Answer.YES),
        ("fleet.resize_spare_pool", "cluster:c1", BEGUN, Answer.YES),
        ("depot.flash", "node:r1-n1", BEGUN, Answer.NO),
        ("depot.flash", "rack:r1", BEGUN, Answer.NO),
        ("depot.flash", "rack:r2", BEGUN, Answer.YES),
        ("depot.flash", "customer:aurora", BEGUN, Answer.NO),
        ("depot.flash", "*", BEGUN, Answer.NO),
        ("depot.flash", "crate:r1-n1", BEGUN, Answer.YES),
        ("depot.flash", "node:nowhere", BEGUN, Answer.NO),
        ("depot.flash", "node:nowhere", OVER, Answer.YES),
    ],
)
def test_change_and_repair_are_different_words(kind, target, at, word):
    zone(scope=ONE)
    assert answer(kind, target, at).answer is word


def test_what_an_unknown_kind_names_beside_its_target_is_asked_for_too():
    zone(scope=ONE)
    assert answer("depot.flash", "node:r1-n2", spare="node:r1-n1").answer is Answer.NO
    assert answer("depot.flash", "node:r1-n2", words="a b", n=3).answer is Answer.YES


def test_every_kind_of_the_fleet_and_of_the_zones_stands_in_the_table():
    known = {one for one in registry.executors if one.startswith(("fleet.", "freeze."))}
    assert known == zone_gate.LASTS.keys()


def test_what_waits_was_rejected_or_ended_stops_nothing():
    waiting = zones.request_zone(actor=person("lena"), asked=asked(scope=ONE), now=NOW).zone_id
    assert answer("fleet.drain_node", "node:r1-n1").answer is Answer.YES
    zones.reject_zone(actor=person("ada"), zone_id=waiting, reason="no", now=NOW)
    held = zone(scope=ONE)
    assert answer("fleet.drain_node", "node:r1-n1").answer is Answer.NO
    zones.end_zone(actor=person("ada"), zone_id=held, reason="over", now=BEGUN)
    assert answer("fleet.drain_node", "node:r1-n1", BEGUN).answer is Answer.YES


def test_an_extension_stops_what_comes_later_once_it_is_approved():
    zone_id = zone(scope=ONE)
    late = STARTS + timedelta(days=9)
    zones.extend_zone(
        actor=person("ada"), zone_id=zone_id, end="2026-08-09 00:00 America/Los_Angeles",
        reason="x", now=BEGUN,
    )  # fmt: skip
    assert answer("fleet.drain_node", "node:r1-n1", late).answer is Answer.YES
    zones.approve_zone(actor=person("lena"), zone_id=zone_id, reason="x", now=BEGUN)
    assert answer("fleet.drain_node", "node:r1-n1", late).answer is Answer.NO


def test_a_node_that_came_onto_the_books_since_is_no_stranger():
    zone(scope=ONE)
    assert answer("fleet.drain_node", "node:new").answer is Answer.NO
    Node.objects.create(
        name="new", rack=Rack.objects.get(name="r3"), sku=Sku.objects.get(), active_from=LONG_AGO
    )
    assert answer("fleet.drain_node", "node:new").answer is Answer.YES


def test_the_zones_are_compiled_once_and_a_question_asks_for_their_version_alone(
    django_assert_num_queries,
):
    for _ in range(3):
        zone(scope=ONE)
    first = compiled_zones(BEGUN)
    with django_assert_num_queries(1):
        assert compiled_zones(BEGUN, ("r1-n1",)) is first
    assert compiled_zones(BEGUN + timedelta(days=1)) is not first


def broken(*_, **__):
    raise RuntimeError("no table")


def test_the_loop_refuses_by_the_gate_and_an_error_of_the_gate_is_a_no(monkeypatch):
    own = Registry()
    register(own)
    monkeypatch.setattr(registry, "gates", own.gates)
    monkeypatch.setattr(preflight, "resolve", broken)  # the world is not what is asked here
    plan = Plan("fleet.drain_node", (SubjectRef.parse("node:r1-n1"),), {})

    def refusals():
        asked_of = {"by": person("ada"), "phase": Phase.DECIDE, "safe_direction": False}
        return preflight.check_plan(plan, **asked_of, now=BEGUN).gate_refusals

    assert refusals() == ()
    zone(scope=ONE)
    assert "gate zones: no-fly zone" in refusals()[0]
    monkeypatch.setattr(zone_gate, "compiled_zones", broken)
    assert refusals() == ("gate zones: the gate failed: RuntimeError: no table",)
