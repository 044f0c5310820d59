"""A zone holds the switches, feeds and storage on which its nodes hang, and nothing beside it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.subjects import EVERYTHING, SubjectRef
from scuderia.fleet.operations.shared_parts import hang_nodes
from scuderia.freeze.engine.batch import Targets, decide_batch
from scuderia.freeze.engine.bundle import Bundle, open_bundle, seal_bundle
from scuderia.freeze.engine.gate import Circumstances, decide
from scuderia.freeze.engine.signatures import key_id
from scuderia.freeze.engine.zone_index import compile_zones
from scuderia.freeze.nouns import AskedUpdate, GlassAsked, UpdateClass, ZoneCover, ZoneScope
from scuderia.freeze.operations import break_glass, zones
from scuderia.freeze.operations.bundle_exports import export_bundle
from scuderia.freeze.operations.gate_decisions import ask_gate, ask_gate_for_planned
from scuderia.freeze.operations.zone_swaps import follow_swaps
from scuderia.freeze.playbook.zone_gate import ZoneGate
from scuderia.freeze.queries.impact_bill import get_bill
from scuderia.freeze.queries.zone_decisions import list_zone_decisions
from scuderia.freeze.queries.zones import get_zone
from scuderia.intake.pipeline import RecordRefused
from scuderia.loop.nouns import Answer, GateRequest, Phase, Plan
from tests.examples import examples
from tests.freeze.small_calendar import load
from tests.freeze.small_fleet import NOW, asked, make_cast, make_fleet, person
from tests.freeze.test_zone_swaps import release, take

NODES = tuple(f"n{at}" for at in range(6))
PARTS = ("feed:a", "feed:b", "storage:lake", "switch:s0", "switch:s1")
STRANGE = ("n9", "switch:s9")
CLASSES = (UpdateClass.FIRMWARE, UpdateClass.FABRIC, UpdateClass.POWER)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
wirings = st.fixed_dictionaries({node: st.sets(st.sampled_from(PARTS)) for node in NODES})
frozen = st.tuples(
    st.sets(st.sampled_from(NODES), min_size=1),
    st.sets(st.sampled_from(CLASSES), min_size=1),
    st.integers(10, 20),
    st.integers(1, 10),
)
updates = st.tuples(
    st.lists(st.sampled_from((*NODES, *PARTS, *STRANGE)), min_size=1, max_size=3, unique=True),
    st.sampled_from(CLASSES),
    st.integers(0, 35),
    st.integers(1, 8),
)


def by_hand(wiring, told, update):
    """Say from the wiring alone, and no index, whether the update is let through."""
    targets, kind, start, length = update
    known = {*NODES, *(part for parts in wiring.values() for part in parts)}
    for nodes, classes, begins, lasts in told:
        if kind not in classes or start >= begins + lasts or begins >= start + length:
            continue
        if any(target not in known for target in targets):
            return False
        for target in targets:
            if target in nodes or any(target in wiring[node] for node in nodes):
                return False
    return True


@given(wirings, st.lists(frozen, max_size=3), st.lists(updates, min_size=1, max_size=8))
@examples(300)
def test_the_gate_the_batch_and_a_bundle_know_parts_as_the_wiring_has_them(wiring, told, asked):
    covers = tuple(
        ZoneCover(
            f"z{at}",
            frozenset(nodes.union(*(wiring[node] for node in nodes))),
            frozenset(classes),
            ((begins, begins + lasts),),
        )
        for at, (nodes, classes, begins, lasts) in enumerate(told)
    )
    known = tuple(sorted({*NODES, *(part for parts in wiring.values() for part in parts)}))
    index, now = compile_zones(covers, known), Circumstances(0)
    sealed = seal_bundle(Bundle(1, 0, 1_000, known, covers), KEY)
    offline, _ = open_bundle(sealed, {key_id(KEY.public_key()): KEY.public_key()})
    for targets, kind, start, length in asked:
        update = AskedUpdate(tuple(targets), kind.value, start, length)
        wanted = by_hand(wiring, told, (targets, kind, start, length))
        assert decide(index, update, now).allowed == wanted
        assert decide(offline.compiled(), update, offline.circumstances(0)).allowed == wanted
    alone = [(target, *rest) for targets, *rest in asked for target in targets]
    many = decide_batch(
        index,
        Targets(
            [target for target, *_ in alone],
            [kind.value for _, kind, *_ in alone],
            [start for _, _, start, _ in alone],
            [start + length for *_, start, length in alone],
        ),
        now,
    )
    assert list(many.allowed) == [by_hand(wiring, told, ([one], *rest)) for one, *rest in alone]


pytestmark = pytest.mark.postgres
INSIDE = NOW + timedelta(days=5)
FABRIC = AskedUpdate(("switch:leaf-1",), "fabric", int(INSIDE.timestamp()) + 1_800, 2_700)


@pytest.fixture
def wired(db):
    """Aurora's r1 and r2-n1 hang on leaf-1 with r2-n2, which is borealis'; r3 on leaf-2."""
    make_fleet()
    make_cast()
    for part, nodes in {
        "switch:leaf-1": ("r1-n1", "r1-n2", "r2-n1", "r2-n2"),
        "switch:leaf-2": ("r3-n1", "r3-n2"),
        "feed:a": ("r1-n1", "r1-n2"),
        "storage:lake": ("r1-n1", "r3-n1"),
    }.items():
        hang(part, *nodes)


def hang(part, *nodes):
    hang_nodes(actor=person("ada"), nodes=nodes, changes=[part], now=NOW)


def zone(*nodes, classes=()):
    scope = ZoneScope(tuple(f"node:{node}" for node in nodes))
    zone_id = zones.request_zone(
        actor=person("otto"), asked=asked(scope=scope, classes=classes), now=NOW
    ).zone_id
    zones.approve_zone(actor=person("lena"), zone_id=zone_id, reason="agreed", now=NOW)
    return zone_id


def ask(*targets, name="ada", kind="fabric"):
    update = replace(FABRIC, nodes=targets, update_class=kind)
    return ask_gate(actor=person(name), update=update, now=INSIDE)


def test_a_zone_previews_pins_and_tells_what_its_nodes_hang_on(wired):
    scope = ZoneScope(("node:r1-n1", "node:r1-n2"))
    made = zones.request_zone(actor=person("otto"), asked=asked(scope=scope), now=NOW, dry_run=True)
    assert made.parts == ("feed:a", "storage:lake", "switch:leaf-1")
    zone_id = zone("r1-n1", "r1-n2")
    hang("storage:lake-", "r1-n1")  # what was pinned at approval stays pinned
    hang("switch:leaf-9", "r1-n1")
    view = get_zone(person("otto"), zone_id, INSIDE)
    assert (view.parts_held, view.parts) == ("1 switch, 1 feed, 1 storage", made.parts)


def test_a_change_of_a_part_of_frozen_nodes_is_refused_and_of_no_other(wired):
    zone_id = zone("r1-n1", "r1-n2")
    told = ask("switch:leaf-1")
    assert (told.allowed, told.ground) == (False, "zone")
    assert [one.zone for one in told.reasons] == [str(zone_id)]
    assert "on 1 of the 1 targets" in told.reasons[0].words
    assert not ask("r3-n2", "storage:lake").allowed
    assert ask("switch:leaf-2").allowed
    assert ask("r2-n2").allowed  # it merely hangs on the same switch
    assert (ask("feed:z").ground, ask("feed:z").allowed) == ("unknown_node", False)
    assert "nobody knows 'feed:z'" in ask("feed:z").reasons[0].words
    hang("feed:new", "r3-n2")  # the zones stand compiled already
    assert ask("feed:new").allowed
    decisions = list_zone_decisions(person("otto"), zone_id, INSIDE)
    assert {one.nodes for one in decisions} == {("switch:leaf-1",), ("storage:lake",)}


def test_a_zone_of_other_classes_stops_no_part(wired):
    zone("r1-n1", classes=("firmware",))
    assert ask("switch:leaf-1").allowed
    assert not ask("switch:leaf-1", kind="firmware").allowed


def test_a_part_is_known_to_whom_a_node_on_it_is(wired):
    zone("r1-n1", "r1-n2")
    for name, part, ground in (
        ("otto", "switch:leaf-1", "zone"),
        ("britt", "switch:leaf-1", "zone"),  # her node hangs on it too: whose zone is not told
        ("britt", "feed:a", "unknown_node"),
        ("rosa", "feed:a", "zone"),
    ):
        told = ask(part, name=name)
        assert (told.allowed, told.ground) == (False, ground)
        assert (told.reasons[0].zone == "") == (name == "britt")


def test_a_swap_takes_its_parts_along(wired):
    zone_id = zone("r1-n1", "r1-n2")
    hang("feed:only", "r1-n1")
    zones_parts = lambda: get_zone(person("ada"), zone_id, INSIDE).parts  # noqa: E731 - short
    take("r3-n2", INSIDE - timedelta(hours=1))
    release("r1-n1", INSIDE - timedelta(minutes=59))
    assert follow_swaps(now=INSIDE) == 1
    assert zones_parts() == ("feed:a", "switch:leaf-1", "switch:leaf-2")
    assert ask("storage:lake").allowed
    assert not ask("switch:leaf-2").allowed


def test_our_own_action_on_a_part_is_asked_about_too(wired):
    zone("r1-n1")
    gate = ZoneGate()
    for name, answer in (("leaf-1", Answer.NO), ("leaf-2", Answer.YES), ("leaf-9", Answer.NO)):
        plan = Plan("fabric.flash", (SubjectRef("switch", name),), {})
        over = frozenset({EVERYTHING})
        request = GateRequest(plan, over, person("ada"), INSIDE, Phase.DECIDE, False)
        assert gate.decide(request).answer is answer


def test_glass_is_broken_for_a_part_as_for_a_node(wired):
    zone("r1-n1")
    told = GlassAsked(FABRIC, 120, "a fire", "INC-7")
    glass = break_glass.request_break_glass(actor=person("otto"), asked=told, now=INSIDE).id
    break_glass.approve_break_glass(
        actor=person("lara"), glass_id=glass, reason="so be it", now=INSIDE
    )
    break_glass.use_break_glass(actor=person("otto"), glass_id=glass, now=INSIDE)
    answer = ask_gate(actor=person("ada"), update=FABRIC, now=INSIDE)
    assert (answer.allowed, answer.opened_by) == (True, str(glass))


def test_the_calendar_takes_a_part_as_all_that_hang_on_it(wired):
    row = {
        "key": "sw", "class": "fabric", "nodes": "switch:leaf-1", "start": "2026-07-26T09:00Z",
        "p95_minutes": "60",
    }  # fmt: skip
    load(row)
    zone_id = zone("r1-n1")
    bill = get_bill(person("ada"), zone_id, NOW)
    assert [(one.key, one.nodes) for one in bill.moved] == [("sw", 4)]
    assert not ask_gate_for_planned(actor=person("ada"), key="sw", now=NOW).allowed
    with pytest.raises(RecordRefused, match="no node hangs on 'feed:z'"):
        load(row | {"key": "z", "nodes": "feed:z"})


def test_a_bundle_that_is_issued_knows_the_parts(wired, tmp_path):
    zone("r1-n1", "r1-n2")
    told = json.loads(export_bundle(actor=person("ada"), lasts=timedelta(hours=24), now=NOW))
    names = told["bundle"]["nodes"]
    assert [name for name in names if ":" in name] == [
        "feed:a", "storage:lake", "switch:leaf-1", "switch:leaf-2",
    ]  # fmt: skip
    (held,) = told["bundle"]["zones"]
    runs = zip(held["nodes"][::2], held["nodes"][1::2], strict=True)
    inside = {names[at] for first, count in runs for at in range(first, first + count)}
    assert inside == {"r1-n1", "r1-n2", "feed:a", "storage:lake", "switch:leaf-1"}
