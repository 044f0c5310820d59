"""Free nodes kept for a run to come: in nobody's place, their cost told, the sick ones changed."""

from datetime import date, timedelta

import pytest

from scuderia.basics.clock import FixedClock
from scuderia.basics.errors import NotAuthorised, NotFound
from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.crew.agents.repair_chaser import RepairChaser
from scuderia.fleet.models.inventory import Node, Rack, Sku
from scuderia.fleet.models.prices import Price
from scuderia.fleet.nouns import BEGINNING
from scuderia.fleet.operations.outages import open_outage
from scuderia.fleet.queries.capacity_holds import capacity_holds
from scuderia.fleet.queries.snapshot import fleet_snapshot
from scuderia.freeze.engine.zone_scope import TooFewGpus
from scuderia.freeze.nouns import BadZone, ZoneScope
from scuderia.freeze.operations import zones
from scuderia.freeze.operations.kept_nodes import NothingKept, swap_kept
from scuderia.freeze.playbook.kept_nodes import SWAP_KEPT, SwapKept
from scuderia.freeze.queries.impact_bill import get_bill
from scuderia.freeze.queries.zones import get_zone
from scuderia.loop.nouns import EffectState, Plan
from scuderia.loop.ports import registry
from tests.freeze.small_fleet import LONG_AGO, NOW, asked, make_cast, make_fleet, person

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]
LATER = NOW + timedelta(hours=1)
BEGINS = NOW + timedelta(days=3, hours=19)
OVER = NOW + timedelta(days=20)
TWO = ZoneScope(gpus=16, sku="h8", hold=True)


@pytest.fixture(autouse=True)
def _fleet(db):
    """Beside the small fleet, three free nodes f1 to f3 of the same type."""
    make_fleet()
    make_cast()
    rack, sku = Rack.objects.get(name="r3"), Sku.objects.get(name="h8")
    for name in ("f1", "f2", "f3"):
        Node.objects.create(name=name, rack=rack, sku=sku, active_from=LONG_AGO)


def request(name="lena", scope=TWO, *, now=NOW, **other):
    told = asked(scope=scope, **other)
    return zones.request_zone(actor=person(name), asked=told, now=now).zone_id


def kept(name="lena", scope=TWO, **other):
    zone_id = request(name, scope, **other)
    zones.approve_zone(actor=person("ada"), zone_id=zone_id, reason="agreed", now=LATER)
    return zone_id


def held(at=LATER):
    return {node: str(hold.customer) for node, hold in capacity_holds(at).items()}


def test_free_nodes_are_kept_from_the_approval_to_the_end_and_for_nobody_else():
    zone_id = request()
    assert held() == {}
    zones.approve_zone(actor=person("ada"), zone_id=zone_id, reason="agreed", now=LATER)
    assert held() == {"f1": "aurora", "f2": "aurora"}
    assert held(NOW) == held(OVER) == {}
    view = get_zone(person("ada"), zone_id, LATER)
    assert view.zone.scope == "16 GPUs of h8, kept free for its run"
    again = zones.request_zone(
        actor=person("ada"), asked=asked(scope=TWO, customer="borealis"), now=LATER, dry_run=True
    )
    assert again.nodes == ("f3", "r3-n2")
    kept(scope=TWO, customer="borealis", now=LATER)
    with pytest.raises(TooFewGpus, match="free and healthy 0 GPUs of h8, 16 are asked for"):
        request(now=LATER)
    zones.end_zone(actor=person("ada"), zone_id=zone_id, reason="off", now=LATER)
    assert held() == {"f3": "borealis", "r3-n2": "borealis"}


@pytest.mark.parametrize(
    "scope", [ZoneScope(gpus=8, hold=True), ZoneScope(("rack:r1",), hold=True)]
)
def test_what_is_kept_is_a_count_of_one_node_type(scope):
    with pytest.raises(BadZone):
        request(scope=scope)


def test_a_customers_lead_may_not_keep_what_is_nobodys():
    for name in ("lara", "otto"):
        with pytest.raises((NotAuthorised, NotFound)):
            request(name)
    zone_id = request()
    with pytest.raises((NotAuthorised, NotFound)):
        zones.approve_zone(actor=person("lara"), zone_id=zone_id, reason="mine", now=LATER)


def test_a_kept_node_is_no_spare_for_the_crew():
    kept()
    spares = {str(node.name) for node in fleet_snapshot(LATER).ready_spares("c1")}
    assert spares == {"f3", "r3-n2"}
    assert {str(node.name) for node in fleet_snapshot(OVER).ready_spares("c1")} > spares


def test_the_bill_tells_what_standing_idle_costs_before_anyone_approves():
    zone_id = request()
    bill = get_bill(person("ada"), zone_id, NOW)
    assert (bill.idle_gpu_hours, bill.idle_cents) == (16 * 91, None)  # 3 days and 19 hours
    sku = Sku.objects.get(name="h8")
    Price.objects.create(sku=sku, customer=None, first_day=BEGINNING, cents_per_gpu_hour=200)
    Price.objects.create(
        sku=sku, customer=None, first_day=date(2026, 7, 21), cents_per_gpu_hour=900
    )
    assert get_bill(person("ada"), zone_id, NOW).idle_cents == 16 * 91 * 200
    plain = request(scope=ZoneScope(("rack:r1",)))
    assert get_bill(person("ada"), plain, NOW).idle_gpu_hours is None


def sick(node):
    open_outage(node=node, start=LATER, cause="xid 79", source_key=f"{node} broke")


def test_a_sick_node_is_changed_for_a_free_one_through_the_loops_port(monkeypatch):
    zone_id = kept()
    executor, at = SwapKept(SWAP_KEPT), LATER + timedelta(hours=5)
    sick("f1")
    plan = Plan(SWAP_KEPT.name, (SubjectRef("node", "f1"),), {"spare": "node:f3"})
    found = executor.examine(plan, now=at)
    assert (found.objections, found.blast.affected) == ((), ("aurora",))
    for spare, words in (("f2", "f2 is not a free"), ("r1-n1", "r1-n1 is not a free")):
        other = Plan(plan.kind, plan.targets, {"spare": f"node:{spare}"})
        assert words in executor.examine(other, now=at).objections[0]
    nobodys = Plan(plan.kind, (SubjectRef("node", "r3-n2"),), plan.params)
    assert "r3-n2 is kept for no run" in executor.examine(nobodys, now=at).objections[0]
    monkeypatch.setattr(registry, "clock", FixedClock(at))
    (step,) = executor.examine(plan, now=at).steps
    assert executor.observe(step, key="k").state is EffectState.NOT_DONE
    for _ in range(2):  # a second call does nothing
        assert executor.perform(step, key="k").state is EffectState.DONE
    assert executor.observe(step, key="k").state is EffectState.DONE
    assert executor.probe(plan).passed
    assert executor.examine(plan, now=at, done=1).objections == ()
    with pytest.raises(NothingKept):
        swap_kept(node="f1", spare="r3-n2", now=at)
    assert set(held(at)) == {"f2", "f3"}
    steps = [one.step for one in get_zone(person("ada"), zone_id, at).steps]
    assert steps[-1] == "kept another node"
    back = executor.undo_plan(plan, {})
    assert "f1 is not a free" in executor.examine(back, now=at).objections[0]  # while it is sick


def test_once_the_run_has_begun_nothing_is_changed_under_it():
    kept()
    sick("f1")
    plan = Plan(SWAP_KEPT.name, (SubjectRef("node", "f1"),), {"spare": "node:f3"})
    assert SwapKept(SWAP_KEPT).examine(plan, now=BEGINS).objections


def test_the_crew_finds_and_proposes_it():
    kept()
    sick("f1")
    at = LATER + timedelta(hours=5)
    round_ = RepairChaser().think(fleet_snapshot(at))
    (draft,) = [one for one in round_.proposals if one.kind == SWAP_KEPT.name]
    assert draft.targets == (SubjectRef("node", "f1"),)
    assert draft.params["spare"] in ("node:f3", "node:r3-n2")
    assert "kept for the run of aurora" in draft.findings[0].claim
    assert len(draft.findings[0].evidence) == 3
    assert draft.rehearsal.gain > 0
    assert EVERYTHING not in draft.targets
