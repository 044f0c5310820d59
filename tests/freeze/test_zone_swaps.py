"""A zone follows its run: who takes a node's place takes its place in the zone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.fleet.models.allocations import Allocation
from scuderia.fleet.models.customers import Customer
from scuderia.fleet.models.inventory import Node
from scuderia.fleet.nouns import AllocationRecord, CustomerName, NodeName
from scuderia.freeze.models.zones import ZoneNode
from scuderia.freeze.nouns import AskedUpdate, ZoneScope
from scuderia.freeze.operations import zones
from scuderia.freeze.operations.gate_decisions import ask_gate
from scuderia.freeze.operations.zone_swaps import APART_MAX, follow_swaps, pair_swaps
from scuderia.freeze.queries.zones import get_zone
from tests.freeze.small_fleet import NOW, asked, make_cast, make_fleet, person

DURING = NOW + timedelta(days=6)
HOUR = timedelta(hours=1)


@pytest.fixture
def zone(db):
    make_fleet()
    make_cast()
    scope = ZoneScope(gpus=16)
    made = zones.request_zone(actor=person("otto"), asked=asked(scope=scope), now=NOW).zone_id
    zones.approve_zone(actor=person("lena"), zone_id=made, reason="agreed", now=NOW)
    return made


def release(node, at):
    Allocation.objects.filter(node__name=node, end__isnull=True).update(end=at)


def take(node, at, customer="aurora"):
    Allocation.objects.create(
        node=Node.objects.get(name=node), customer=Customer.objects.get(name=customer), start=at
    )


def held(zone_id):
    pins = ZoneNode.objects.filter(zone_id=zone_id, until__isnull=True)
    return set(pins.values_list("node", flat=True))


def is_allowed(node):
    update = AskedUpdate((node,), "firmware", int(DURING.timestamp()), 600)
    return ask_gate(actor=person("ada"), update=update, now=DURING).allowed


@pytest.mark.postgres
def test_a_spare_that_takes_a_nodes_place_is_protected_and_the_node_may_be_mended(zone):
    assert held(zone) == {"r1-n1", "r1-n2"}
    assert (is_allowed("r1-n1"), is_allowed("r3-n2")) == (False, True)
    take("r3-n2", DURING - HOUR)
    assert follow_swaps(now=DURING) == 0
    release("r1-n1", DURING - HOUR + timedelta(seconds=9))
    assert follow_swaps(now=DURING) == 1
    assert follow_swaps(now=DURING) == 0
    assert held(zone) == {"r1-n2", "r3-n2"}
    assert (is_allowed("r1-n1"), is_allowed("r3-n2")) == (True, False)
    pin = ZoneNode.objects.get(zone_id=zone, node="r3-n2")
    assert (pin.in_place_of, pin.since) == ("r1-n1", DURING - HOUR)
    steps = [step.step for step in get_zone(person("otto"), zone, DURING).steps]
    assert steps == ["requested", "approved", "followed a swap"]


@pytest.mark.postgres
def test_a_swap_back_is_followed_too(zone):
    take("r3-n2", DURING - 3 * HOUR)
    release("r1-n1", DURING - 3 * HOUR)
    follow_swaps(now=DURING - 2 * HOUR)
    take("r1-n1", DURING - HOUR)
    release("r3-n2", DURING - HOUR)
    assert follow_swaps(now=DURING) == 1
    assert held(zone) == {"r1-n1", "r1-n2"}
    assert ZoneNode.objects.filter(zone_id=zone).count() == 4


@pytest.mark.postgres
def test_a_node_that_nobody_took_the_place_of_stays_protected(zone):
    release("r1-n1", DURING - HOUR)
    take("r3-n2", DURING - HOUR, "borealis")
    assert follow_swaps(now=DURING) == 0
    assert held(zone) == {"r1-n1", "r1-n2"}
    assert not is_allowed("r1-n1")


def hold(node, start, end=None):
    begun, ended = NOW + start * HOUR, None if end is None else NOW + end * HOUR
    return AllocationRecord(CustomerName("aurora"), NodeName(node), begun, ended)


@pytest.mark.parametrize(
    ("told", "swaps"),
    [
        ([hold("a", -90, 5), hold("x", 4)], [("a", "x")]),
        ([hold("a", -90, 5), hold("x", 5 + 25)], []),
        ([hold("a", -90, 5), hold("y", 5)], []),  # of another type
        ([hold("a", -90, 5), hold("a", 6)], []),  # it came back
        ([hold("a", -90, -5), hold("x", -4)], []),  # before it was pinned
        ([hold("a", -90, 5), hold("b", -90, 5), hold("x", 5)], [("a", "x")]),
        ([hold("a", -90, 5), hold("x", 8), hold("x2", 6)], [("a", "x2")]),
    ],
)
def test_the_rule_of_who_took_whose_place(told, swaps):
    skus = dict.fromkeys(("a", "b", "x", "x2"), "h8") | {"y": "b8"}
    pins = {"a": NOW, "b": NOW}
    assert [(one.node, one.by) for one in pair_swaps(pins, told, skus)] == swaps


TIMES = st.integers(-50, 50)


@given(st.lists(st.tuples(st.sampled_from("abcdxyz"), TIMES, st.none() | TIMES), max_size=12))
def test_nobody_takes_two_places_and_no_place_is_taken_twice(rows):
    told = [hold(*row) for row in rows if row[2] is None or row[1] < row[2]]
    pins = dict.fromkeys("abcd", NOW)
    found = pair_swaps(pins, told, dict.fromkeys("abcdxyz", "h8"))
    for column in ("node", "by"):
        names = [getattr(one, column) for one in found]
        assert len(set(names)) == len(names)
    for one in found:
        assert one.node in pins
        assert one.by not in pins
        ends = [each.end for each in told if each.node == one.node and each.end]
        assert any(abs(end - one.at) <= APART_MAX for end in ends)
