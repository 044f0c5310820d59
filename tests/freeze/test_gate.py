"""The gate: equal to brute force on random zones, and closed where it does not know."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.freeze.engine.gate import BadUpdate, Circumstances, decide, free_gaps
from scuderia.freeze.engine.zone_index import CLASS_NUMBER, compile_zones, merged
from scuderia.freeze.nouns import AskedUpdate, Ground, UpdateClass, ZoneCover
from tests.examples import examples

NODES = tuple(f"n{at}" for at in range(12))
LIVE = Circumstances(now=0)
HOUR = 3_600

zones = st.lists(
    st.builds(
        ZoneCover,
        st.sampled_from([f"z{at}" for at in range(5)]),
        st.frozensets(st.sampled_from(NODES), max_size=8),
        st.frozensets(st.sampled_from(list(UpdateClass)[:3]), max_size=3),
        st.lists(
            st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda p: (p[0], p[0] + p[1])),
            max_size=4,
        ).map(tuple),
    ),
    max_size=6,
)
questions = st.tuples(
    st.sampled_from(range(12)),
    st.sampled_from(list(UpdateClass)[:4]),
    st.integers(0, 80),
    st.integers(1, 25),
)


def painted(covers, node, update_class, start, end):
    """The oracle: paints every second of every zone."""
    return any(
        low <= second < high
        for zone in covers
        if NODES[node] in zone.nodes and update_class in zone.classes
        for low, high in zone.intervals
        for second in range(start, end)
    )


@given(zones, st.lists(questions, min_size=1, max_size=20))
@examples(200)
def test_the_index_answers_as_paint_does(covers, asked):
    index = compile_zones(covers, NODES)
    expected = [painted(covers, node, kind, at, at + s) for node, kind, at, s in asked]
    assert [index.is_closed(node, kind, at, at + s) for node, kind, at, s in asked] == expected
    columns = np.array([(n, CLASS_NUMBER[k], at, at + s) for n, k, at, s in asked], dtype=np.int64)
    assert index.closed(*columns.T).tolist() == expected
    _, kind, at, length = asked[0]
    everywhere = [painted(covers, node, kind, at, at + length) for node in range(len(NODES))]
    assert index.closed_nodes(kind, at, at + length).tolist() == everywhere


@given(zones, questions, st.integers(0, 6), st.integers(0, 6), st.integers(0, 40))
@examples(200)
def test_the_whole_of_an_update_is_judged_and_the_way_out_is_clear(covers, asked, bake, back, now):
    node, kind, at, work = asked
    update = AskedUpdate((NODES[node],), kind.value, at, work, bake, back)
    verdict = decide(compile_zones(covers, NODES), update, Circumstances(now=now))
    closed = painted(covers, node, kind, at, update.end)
    assert verdict.allowed is not closed
    assert (verdict.ground is Ground.ZONE) is closed
    objecting = {zone.zone for zone in covers if painted([zone], node, kind, at, update.end)}
    assert {one.zone for one in verdict.objections} == objecting
    if not closed:
        assert verdict.not_before is None
        return
    length = update.end - at
    for slot in verdict.slots:
        assert slot.start >= now
        for start in (slot.start, slot.latest_start or slot.start + 50):
            assert not painted(covers, node, kind, start, start + length)
    later = [
        start
        for start in range(max(at, now), 200)
        if not painted(covers, node, kind, start, start + length)
    ]
    assert verdict.not_before == later[0]


def zone(name="z1", nodes=NODES[:4], classes=(UpdateClass.FIRMWARE,), intervals=((1_000, 2_000),)):
    return ZoneCover(name, frozenset(nodes), frozenset(classes), tuple(intervals))


def asked(nodes=("n0",), kind="firmware", start=1_500, work=100, **parts):
    return AskedUpdate(tuple(nodes), kind, start, work, **parts)


def test_the_flash_at_ten_to_midnight_is_refused():
    index = compile_zones([zone()], NODES)
    assert decide(index, asked(start=400, work=600), LIVE).allowed
    assert not decide(index, asked(start=400, work=601), LIVE).allowed
    assert not decide(index, asked(start=400, work=500, bake_s=90, rollback_s=11), LIVE).allowed
    assert decide(index, asked(start=2_000), LIVE).allowed


@pytest.mark.parametrize(
    ("update", "at", "ground"),
    [
        (asked(nodes=["ghost"]), LIVE, Ground.UNKNOWN_NODE),
        (asked(nodes=["ghost"], start=5_000), LIVE, None),
        (asked(nodes=["ghost"], kind="driver"), LIVE, None),
        (asked(nodes=["n0", "ghost"]), LIVE, Ground.UNKNOWN_NODE),
        (asked(kind="hypnosis"), LIVE, Ground.UNKNOWN_CLASS),
        (asked(kind="hypnosis", start=5_000), LIVE, None),
        (asked(kind="hypnosis", nodes=["n9"]), LIVE, None),
        (asked(start=5_000), Circumstances(now=10, zones_until=4_000), Ground.STALE_ZONES),
        (asked(start=100), Circumstances(now=4_001, zones_until=4_000), Ground.STALE_ZONES),
        (asked(nodes=["n9"]), Circumstances(now=4_001, zones_until=4_000), None),
        (asked(start=5_000), Circumstances(now=10, clock_is_good=False), Ground.BAD_CLOCK),
        (asked(nodes=["n9"]), Circumstances(now=10, clock_is_good=False), None),
        (asked(), Circumstances(now=10, opened_by="b1"), None),
        (asked(nodes=["ghost"]), Circumstances(now=10, opened_by="b1"), Ground.UNKNOWN_NODE),
        (asked(kind="Firmware "), LIVE, Ground.ZONE),
        (asked(nodes=["n0", "n9"]), LIVE, Ground.ZONE),
        (asked(nodes=["n9"]), LIVE, None),
    ],
)
def test_the_precedence_table(update, at, ground):
    """None: it is let through. A node of no zone is never refused, whatever else is wrong."""
    verdict = decide(compile_zones([zone()], NODES), update, at)
    assert verdict.allowed is (ground is None)
    assert ground is None or verdict.ground is ground
    assert bool(verdict.objections) is (ground is not None)


def test_break_glass_opens_a_zone_and_says_so():
    verdict = decide(compile_zones([zone()], NODES), asked(), Circumstances(now=0, opened_by="b1"))
    assert (verdict.allowed, verdict.ground) == (True, Ground.BREAK_GLASS)


def test_every_zone_objects_in_words():
    covers = [zone("z1"), zone("z2", intervals=((1_550, 9_000),)), zone("z3", nodes=["n9"])]
    verdict = decide(compile_zones(covers, NODES), asked(nodes=["n0", "n1"]), LIVE)
    assert [one.zone for one in verdict.objections] == ["z1", "z2"]
    assert "stops firmware updates on 2 of the 2 nodes" in verdict.objections[0].words
    assert verdict.not_before == 9_000


def test_gaps_are_those_that_hold_all_of_it():
    closed = [(1_000, 2_000), (2_050, 3_000), (5_000, 6_000)]
    gaps = free_gaps(closed, asked(work=100), not_before=500)
    assert [(gap.start, gap.latest_start) for gap in gaps] == [
        (500, 900),
        (3_000, 4_900),
        (6_000, None),
    ]


def test_the_nearest_slots_come_first():
    covers = [zone(intervals=((1_000, 2_000), (2_050, 3_000), (5_000, 6_000)))]
    verdict = decide(compile_zones(covers, NODES), asked(start=2_900, work=100), LIVE)
    assert [slot.start for slot in verdict.slots] == [3_000, 0, 6_000]
    assert verdict.not_before == 3_000


def test_an_index_of_no_zone_lets_everything_through():
    index = compile_zones([], NODES)
    assert decide(index, asked(), LIVE).allowed
    assert decide(index, asked(nodes=["ghost"]), LIVE).allowed
    assert not index.closed_nodes(UpdateClass.FIRMWARE, 0, 10).any()
    column = np.zeros(3, dtype=np.int64)
    assert not index.closed(column, column, column, column + 5).any()


@pytest.mark.parametrize(
    "update",
    [asked(nodes=[]), asked(work=0), asked(bake_s=-1), asked(start=-1), asked(work=400 * 86_400)],
)
def test_what_is_no_update_is_refused(update):
    with pytest.raises(BadUpdate):
        decide(compile_zones([zone()], NODES), update, LIVE)


def test_intervals_merge_when_they_touch():
    assert merged([(5, 7), (1, 3), (3, 5), (9, 9)]) == [(1, 7)]
