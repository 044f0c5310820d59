"""Two engines, one truth: the same events on random fleets, and the rules worked by hand."""

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.twin.engine import fast, jit, reference
from scuderia.twin.engine.event_order import event_digest
from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.engine.random_draws import still_draw
from scuderia.twin.nouns import ALL, DAY_S, HISTORY, Draw, LemonRule, OutageLog, Policy, Share
from tests.examples import examples

TARGET = 0.95
# Few distinct instants, so that many events fall on the same one.
instants = st.integers(0, 40)
spans = st.lists(st.tuples(instants, st.integers(0, 12)), max_size=8)
lemons = st.none() | st.builds(
    LemonRule, outages=st.integers(2, 4), within_s=st.integers(1, 30), replaces=st.booleans()
)
policies = st.builds(
    Policy,
    spares=st.integers(0, 4),
    swap_delay_s=st.integers(0, 6),
    repair_cap_s=st.none() | st.integers(1, 8),
    return_soak_s=st.integers(0, 8),
    relapse_catch_share=st.just(ALL),
    lemon=lemons,
)


@st.composite
def fleets(draw: st.DrawFn, unit: int = 1) -> OutageLog:
    rows = draw(st.lists(spans, min_size=1, max_size=6))
    cut = [[(at * unit, (at + length) * unit) for at, length in of_node] for of_node in rows]
    return log_of_spans(cut, horizon_s=unit * draw(st.integers(1, 60)))


@st.composite
def throws(draw: st.DrawFn, log: OutageLog) -> Draw:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    share = st.sampled_from([0.0, 0.3, 0.7, 1.0])
    return Draw(draw(share), draw(share), rng.random(len(log)), rng.random(len(log)))


@given(st.data(), policies, st.sampled_from([1, 7_200, DAY_S]))
@examples(1_500)
def test_both_engines_tell_the_same_events_and_figures(data, policy, unit):
    log = data.draw(fleets(unit))
    dice = data.draw(throws(log))
    rule = policy.lemon
    scaled = policy.but(
        swap_delay_s=policy.swap_delay_s * unit,
        repair_cap_s=None if policy.repair_cap_s is None else policy.repair_cap_s * unit,
        return_soak_s=policy.return_soak_s * unit,
        lemon=rule and LemonRule(rule.outages, rule.within_s * unit, rule.replaces),
    )
    slow = reference.replay(log, scaled, dice, target=TARGET)
    assert fast.replay(log, scaled, dice, target=TARGET) == slow


@given(fleets(), policies, st.integers(1, 5))
@examples(200)
def test_more_spares_never_lose_served_seconds(log, policy, more):
    few = reference.replay(log, policy, still_draw(log, policy), target=TARGET)
    rich = policy.but(spares=policy.spares + log.n_nodes * more)
    many = reference.replay(log, rich, still_draw(log, rich), target=TARGET)
    assert many.downtime_s <= few.downtime_s


@given(fleets())
@examples(200)
def test_history_is_counted_second_by_second(log):
    out = np.zeros((log.n_nodes, log.horizon_s), dtype=bool)
    for node, start, end in zip(log.node, log.start_s, log.end_s, strict=True):
        out[node, start:end] = True
    result = reference.replay(log, HISTORY, still_draw(log, HISTORY), target=TARGET)
    assert result.downtime_s == int(out.sum())
    assert result.outages == len(log)


def one(policy: Policy, *spans_of_node: list[tuple[int, int]], dice: Draw | None = None):
    log = log_of_spans(spans_of_node, horizon_s=100)
    return reference.replay(log, policy, dice or still_draw(log, policy), target=TARGET)


# Policy, outages per node; down seconds, outages, swaps, missed, wait, caught, pulled.
BY_HAND = {
    "a spare serves from the delay until the repair": (
        Policy(spares=1, swap_delay_s=3), [[(10, 20)]], 3, 1, 1, 0, 0, 0, 0),
    "an outage that ends at the delay asks for nothing": (
        Policy(spares=1, swap_delay_s=10), [[(10, 20)]], 10, 1, 0, 0, 0, 0, 0),
    "the lower node wins the last spare": (
        Policy(spares=1), [[(10, 20)], [(10, 30)]], 10, 2, 2, 0, 10, 0, 0),
    "a spare freed at an instant goes to the queue before the newcomer": (
        Policy(spares=1), [[(10, 20)], [(15, 30)], [(20, 25)]], 5 + 5, 3, 2, 1, 5 + 5, 0, 0),
    "who is repaired while queueing is passed over": (
        Policy(spares=1), [[(10, 20)], [(12, 20)], [(13, 40)]], 8 + 7, 3, 2, 1, 15, 0, 0),
    "a cap ends the repair": (
        Policy(repair_cap_s=4), [[(10, 20)]], 4, 1, 0, 0, 0, 0, 0),
    "a caught relapse is one longer outage": (
        Policy(return_soak_s=5), [[(10, 20), (22, 25)]], 20, 1, 0, 0, 0, 1, 0),
    "a fault at the very return is not caught": (
        Policy(return_soak_s=5), [[(10, 20), (25, 26)]], 15 + 6, 2, 0, 0, 0, 0, 0),
    "a missed relapse strikes at the return, at full length": (
        Policy(return_soak_s=5, relapse_catch_share=Share(0, 0)),
        [[(10, 20), (22, 25)]], 15 + 8, 2, 0, 0, 0, 0, 0),
    "a lemon is replaced when its repair would have ended": (
        Policy(lemon=LemonRule(2, 20)), [[(10, 12), (30, 35), (50, 60)]], 7, 2, 0, 0, 0, 0, 1),
    "one second outside the rule is no lemon": (
        Policy(lemon=LemonRule(2, 19)), [[(10, 12), (30, 35), (50, 60)]], 17, 3, 0, 0, 0, 0, 0),
    "a quarantined slot is lost to the horizon": (
        Policy(lemon=LemonRule(2, 20, replaces=False)),
        [[(10, 12), (30, 35), (50, 60)]], 2 + 70, 2, 0, 0, 0, 0, 1),
    "a spare may fill a quarantined slot for good": (
        Policy(spares=1, lemon=LemonRule(2, 20, replaces=False)),
        [[(10, 12), (30, 35)], [(40, 50)]], 10, 3, 2, 1, 10, 0, 1),
}  # fmt: skip


@pytest.mark.parametrize("claim", BY_HAND)
def test_the_rules_worked_by_hand(claim):
    policy, fleet, down, outages, swaps, missed, wait, caught, pulled = BY_HAND[claim]
    got = one(policy, *fleet)
    assert (got.downtime_s, got.outages, got.swaps, got.swaps_missed) == (
        down, outages, swaps, missed)  # fmt: skip
    assert (got.spare_wait_s, got.relapses_caught, got.nodes_pulled) == (wait, caught, pulled)


def test_a_replacement_suffers_its_stated_share_of_later_outages():
    policy = Policy(lemon=LemonRule(2, 20))
    fleet = [(10, 12), (30, 35), (50, 60), (70, 71)]
    dice = Draw(1.0, 0.5, np.zeros(4), np.array([0.9, 0.9, 0.4, 0.6]))
    assert one(policy, fleet, dice=dice).outages == 3


def test_a_day_exactly_on_the_target_is_not_below_it():
    log = log_of_spans([[(0, DAY_S)], *[[]] * 19], horizon_s=DAY_S)
    for engine in (reference, fast):
        draw = still_draw(log, HISTORY)
        assert engine.replay(log, HISTORY, draw, target=0.95).days_below_target == 0
        assert engine.replay(log, HISTORY, draw, target=0.950001).days_below_target == 1


def test_the_digest_is_over_time_then_kind_then_node():
    rows = np.array([[5, 2, 1], [5, 0, 3], [4, 2, 9], [5, 2, 0]])
    assert event_digest(rows) == event_digest(rows[::-1])
    assert event_digest(rows) != event_digest(rows[:3])
    told = struct.pack("<12q", 4, 2, 9, 5, 0, 3, 5, 2, 0, 5, 2, 1)
    assert event_digest(rows) == hashlib.sha256(told).hexdigest()


def test_a_last_part_day_is_judged_by_its_own_length():
    log = log_of_spans([[(DAY_S, DAY_S + 10)]], horizon_s=DAY_S + 100)
    for engine in (reference, fast):
        result = engine.replay(log, HISTORY, still_draw(log, HISTORY), target=0.95)
        assert (result.days, result.days_below_target, result.worst_day) == (2, 1, 0.9)


def test_a_kernel_compiles_where_no_cache_can_be_written(monkeypatch):
    def without_cache(*, cache: bool = False, nogil: bool) -> object:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(jit.numba, "njit", without_cache)
    assert jit.compiled(abs) is abs
