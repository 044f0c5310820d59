"""What a zone holds: by name, and by a count whose rule is written twice."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.fleet.engine.labels import BadLabel
from scuderia.freeze.engine.zone_scope import (
    Health,
    NothingInScope,
    ScopeNode,
    TooFewGpus,
    gpus_in,
    nodes_in_scope,
)
from scuderia.freeze.nouns import BadZone, ZoneScope


def node(name, *, customer="aurora", health=Health.UP, gpus=8, sku="h8", site="s1", labels=()):
    rack = f"{site}-{name.partition('-')[0]}"
    return ScopeNode(
        f"{site}-{name}", site, f"{site}-c", rack, sku, gpus, customer, health, dict(labels)
    )


def names(found):
    return [one.node for one in found]


FLEET = (
    node("r1-n1"),
    node("r1-n2"),
    node("r2-n1"),
    node("r2-n2", customer="borealis"),
    node("r3-n1", health=Health.DEGRADED),
    node("r3-n2", customer=""),
    node("r4-n1", health=Health.OUT),
    node("r1-n1", site="s2", sku="g4", gpus=4),
)


@pytest.mark.parametrize(
    ("scope", "held"),
    [
        (ZoneScope(("rack:s1-r2",)), ["s1-r2-n1", "s1-r2-n2"]),
        (ZoneScope(("customer:borealis",)), ["s1-r2-n2"]),
        (ZoneScope(("site:s2", "node:s1-r3-n2")), ["s1-r3-n2", "s2-r1-n1"]),
        (ZoneScope(("cluster:s2-c",)), ["s2-r1-n1"]),
        (ZoneScope(gpus=16), ["s1-r1-n1", "s1-r1-n2"]),  # the one whole rack of s1
        (ZoneScope(gpus=4), ["s2-r1-n1"]),  # a whole rack that is not larger than what is wanted
        (ZoneScope(gpus=8, sku="h8"), ["s1-r1-n1"]),  # no whole rack is so small: by name
        (ZoneScope(gpus=20), ["s1-r1-n1", "s1-r1-n2", "s2-r1-n1"]),
        (ZoneScope(gpus=17, site="s1"), ["s1-r1-n1", "s1-r1-n2", "s1-r2-n1"]),  # a node is whole
        (
            ZoneScope(gpus=32, sku="h8"),  # what is short of GPUs before what is out
            ["s1-r1-n1", "s1-r1-n2", "s1-r2-n1", "s1-r3-n1"],
        ),
        (
            ZoneScope(gpus=40, sku="h8", site="s1"),
            ["s1-r1-n1", "s1-r1-n2", "s1-r2-n1", "s1-r3-n1", "s1-r4-n1"],
        ),
    ],
)
def test_a_zone_holds_these_nodes_and_no_others(scope, held):
    assert names(nodes_in_scope(scope, "aurora", FLEET)) == held


LABELLED = (
    node("r1-n1", labels={"pool": "a", "tier": "1"}),
    node("r1-n2", labels={"pool": "a"}),
    node("r2-n1", labels={"pool": "b"}),
    node("r2-n2", customer="borealis", labels={"pool": "a"}),
    node("r3-n1"),
)


@pytest.mark.parametrize(
    ("scope", "held"),
    [
        (ZoneScope(labels=("pool=a",)), ["s1-r1-n1", "s1-r1-n2"]),  # of what aurora holds
        (ZoneScope(("site:s1",), labels=("pool=a",)), ["s1-r1-n1", "s1-r1-n2", "s1-r2-n2"]),
        (ZoneScope(labels=("pool!=a",)), ["s1-r2-n1", "s1-r3-n1"]),  # one without the key too
        (ZoneScope(labels=("pool==a", "tier!=1")), ["s1-r1-n2"]),  # all of them
        (ZoneScope(("rack:s1-r2", "rack:s1-r3"), labels=("pool=b",)), ["s1-r2-n1"]),
        (ZoneScope(gpus=8, labels=("pool=b",)), ["s1-r2-n1"]),  # its rack is not whole so
    ],
)
def test_labels_narrow_what_is_named_or_counted(scope, held):
    assert names(nodes_in_scope(scope, "aurora", LABELLED)) == held


@pytest.mark.parametrize(
    ("scope", "error", "words"),
    [
        (ZoneScope(labels=("pool=c",)), NothingInScope, "no node of those bears pool=c"),
        (ZoneScope(gpus=17, labels=("pool=a",)), TooFewGpus, "16 GPUs with pool=a, 17 are"),
        (ZoneScope(labels=("pool",)), BadLabel, "says no key=value"),
        (ZoneScope(labels=("-x=a",)), BadLabel, "is no key of a label"),
        (ZoneScope(labels=("pool=a",) * 17), BadLabel, "17 selectors"),
    ],
)
def test_labels_that_mean_nothing_or_nobody_are_refused(scope, error, words):
    with pytest.raises(error, match=words):
        nodes_in_scope(scope, "aurora", LABELLED)


def test_too_few_gpus_are_refused_with_the_figure():
    with pytest.raises(TooFewGpus, match="aurora holds 40 GPUs of h8 at s1, 1,000 are asked for"):
        nodes_in_scope(ZoneScope(gpus=1000, sku="h8", site="s1"), "aurora", FLEET)


@pytest.mark.parametrize(
    ("scope", "error"),
    [
        (ZoneScope(), BadZone),
        (ZoneScope(("rack:s1-r1",), gpus=8), BadZone),
        (ZoneScope(("rack:s1-r1",), sku="h8"), BadZone),
        (ZoneScope(gpus=0), BadZone),
        (ZoneScope(("dataset:x",)), BadZone),
        (ZoneScope(("rack:s1-r1", "rack:s1-r9")), NothingInScope),
    ],
)
def test_what_names_nothing_or_two_things_is_refused(scope, error):
    with pytest.raises(error):
        nodes_in_scope(scope, "aurora", FLEET)


nodes = st.builds(
    node,
    st.sampled_from([f"r{rack}-n{at}" for rack in range(4) for at in range(3)]),
    customer=st.sampled_from(["aurora", "aurora", "aurora", ""]),
    health=st.sampled_from([Health.UP, Health.UP, Health.UP, Health.DEGRADED, Health.OUT]),
    gpus=st.sampled_from([4, 8]),
    site=st.sampled_from(["s1", "s2"]),
)


def by_hand(fleet, wanted):
    """Write the rule a second time: strike out rack by rack, then node by node."""
    mine = [one for one in fleet if one.customer == "aurora"]
    taken, left = [], wanted
    for _, members in groupby(sorted(fleet, key=lambda one: one.rack), key=lambda one: one.rack):
        rack = list(members)
        fit = all(one.customer == "aurora" and one.health == Health.UP for one in rack)
        size = sum(one.gpus for one in rack)
        if fit and size <= left:
            taken.extend(rack)
            left -= size
    queue = [
        one
        for health in (Health.UP, Health.DEGRADED, Health.OUT)
        for one in sorted(mine, key=lambda one: one.node)
        if one.health == health and one not in taken
    ]
    while left > 0:
        taken.append(queue.pop(0))
        left -= taken[-1].gpus
    return sorted(one.node for one in taken)


@given(
    st.lists(nodes, min_size=1, max_size=24, unique_by=lambda one: one.node),
    st.integers(1, 150),
    st.randoms(use_true_random=False),
)
def test_a_count_is_taken_by_the_rule_whatever_the_order(fleet, wanted, order):
    held = gpus_in(one for one in fleet if one.customer == "aurora")
    order.shuffle(fleet)
    if held < wanted:
        with pytest.raises(TooFewGpus):
            nodes_in_scope(ZoneScope(gpus=wanted), "aurora", fleet)
        return
    found = nodes_in_scope(ZoneScope(gpus=wanted), "aurora", fleet)
    assert names(found) == by_hand(fleet, wanted)
    assert wanted <= gpus_in(found) < wanted + 8
