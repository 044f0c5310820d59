"""The twin's arithmetic at its edges, each value worked by hand."""

import math

import numpy as np
import pytest

from scuderia.twin.engine.caveats import limits_of
from scuderia.twin.engine.event_order import EventKind
from scuderia.twin.engine.figures import lemon_backtest, log_figures, relapse_share
from scuderia.twin.engine.outage_logs import live_log, merge_spans
from scuderia.twin.engine.random_draws import redraw_nodes, shares_of, still_draw, throw
from scuderia.twin.engine.spares import spares_needed
from scuderia.twin.nouns import (
    DAY_S,
    HISTORY,
    BadLog,
    BadPolicy,
    LemonRule,
    OutageLog,
    Policy,
    Share,
)
from scuderia.twin.replay import compare, replay, sweep

HOUR_S = 3_600


def log(*outages: tuple[int, int, int], nodes: int = 10, horizon_s: int = 100 * DAY_S) -> OutageLog:
    """Make a log of (node, start, end); by start."""
    rows = np.array(sorted(outages, key=lambda row: row[1]), dtype=np.int64).reshape(-1, 3).T
    return OutageLog(*(np.ascontiguousarray(row) for row in rows), nodes, horizon_s)


@pytest.mark.parametrize(("gap_s", "share"), [(DAY_S, 0.5), (DAY_S + 1, 0.0)])
def test_a_relapse_at_the_very_end_of_its_window_counts(gap_s, share):
    twice = log((0, 0, HOUR_S), (0, HOUR_S + gap_s, 2 * HOUR_S + gap_s))
    assert relapse_share(twice, DAY_S) == share


def test_each_relapse_window_is_as_long_as_its_name():
    ends, outages = 0, []
    for days in (1, 7, 28, 29):
        outages.append((0, ends, ends + 1))
        ends += 1 + days * DAY_S
    figures = log_figures(log(*outages, (0, ends, ends + 1)))
    assert (figures.relapse_24h, figures.relapse_7d, figures.relapse_28d) == (0.2, 0.4, 0.6)
    other = log((0, 0, 1), (1, 2, 3))
    assert log_figures(other).relapse_24h == 0.0


def test_outages_that_begin_within_an_hour_are_counted_to_its_very_end():
    assert log_figures(log((0, 0, 1), (1, HOUR_S, HOUR_S + 1))).starts_in_one_hour_max == 2
    assert log_figures(log((0, 0, 1), (1, HOUR_S + 1, HOUR_S + 2))).starts_in_one_hour_max == 1


def test_an_outage_of_exactly_a_week_is_no_longer_than_one():
    week = log((0, 0, 7 * DAY_S), (1, 0, 7 * DAY_S + 1))
    figures = log_figures(week)
    assert figures.outage_share_over_7_days == 0.5
    assert figures.downtime_share_over_7_days == (7 * DAY_S + 1) / (14 * DAY_S + 1)


def test_the_top_tenth_of_a_fleet_is_rounded_up():
    hit = [(node, node * DAY_S, node * DAY_S + (node + 1) * HOUR_S) for node in range(4)]
    assert log_figures(log(*hit, nodes=10)).top_tenth_downtime == 0.4
    assert log_figures(log(*hit, nodes=11)).top_tenth_downtime == 0.7
    assert log_figures(log(*hit, nodes=11)).top_tenth_outages == 0.5


def test_lengths_are_told_in_their_units_and_clipped():
    lengths = [(node, 0, (node + 1) * DAY_S) for node in range(10)]
    figures = log_figures(log(*lengths))
    assert figures.outage_hours_p50 == 5.5 * 24
    assert (figures.outage_days_mean, figures.outage_days_max) == (5.5, 10.0)
    assert figures.outage_days_p90 == pytest.approx(9.1)
    assert figures.outage_days_p95 == pytest.approx(9.55)
    assert (figures.outages, figures.nodes_hit) == (10, 10)
    assert log_figures(log((0, DAY_S, 9 * DAY_S), horizon_s=2 * DAY_S)).outage_days_max == 1.0


@pytest.mark.parametrize(("gap_s", "pulled"), [(DAY_S, 1), (DAY_S + 1, 0)])
def test_a_lemon_rule_holds_to_the_very_end_of_its_window(gap_s, pulled):
    starts = [0, gap_s, 3 * gap_s, 9 * gap_s]
    outages = [(0, at, at + 1) for at in starts] + [(1, 5, 6)]
    told = lemon_backtest(log(*outages), LemonRule(2, DAY_S))
    assert (told.nodes_pulled, told.outages_avoided) == (pulled, 2 * pulled)
    assert (told.avoided_share, told.precision) == (0.4 * pulled, 1.0 * pulled)


def test_a_pulled_node_that_would_not_fail_again_was_pulled_for_nothing():
    told = lemon_backtest(log((0, 0, 1), (0, 5, 6), (1, 0, 1), (1, 5, 6), (1, 9, 10)),
                          LemonRule(2, DAY_S))  # fmt: skip
    assert (told.nodes_pulled, told.outages_avoided, told.precision) == (2, 1, 0.5)


def test_spans_that_touch_are_one_and_those_a_second_apart_are_two():
    assert merge_spans([(5, 9), (0, 5)]) == [(0, 9)]
    assert merge_spans([(6, 9), (0, 5)]) == [(0, 5), (6, 9)]
    assert merge_spans([(0, 9), (2, 5)]) == [(0, 9)]


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        (99, None, [(99, 100)]),
        (100, None, []),
        (100, 101, []),
        (-5, 0, [(0, 0)]),
        (-5, -1, []),
        (7, 7, [(7, 7)]),
        (3, 200, [(3, 100)]),
    ],
)
def test_a_live_log_begins_at_zero_and_ends_before_its_horizon(start, end, kept):
    made = live_log([("a", start, end)], nodes=["a"], horizon_s=100)
    assert list(zip(made.start_s.tolist(), made.end_s.tolist(), strict=True)) == kept


def test_a_live_log_names_the_record_it_cannot_place():
    with pytest.raises(BadLog, match=r"Outage 1 of node 'x{80}' is"):
        live_log([("a", 0, 1), ("x" * 81, 0, 1)], nodes=["a"], horizon_s=100)
    with pytest.raises(BadLog, match="twice"):
        live_log([], nodes=["a", "a"], horizon_s=100)


def test_luck_lies_evenly_in_the_range_of_a_share():
    unsure = Policy(return_soak_s=60, relapse_catch_share=Share(0.2, 0.6))
    assert shares_of(unsure)[0] == 0.4
    assert shares_of(unsure, (0.0, 0.5))[0] == 0.2
    assert shares_of(unsure, (0.25, 0.0))[0] == pytest.approx(0.3)
    drawn = still_draw(log((0, 0, 1)), unsure)
    assert (drawn.catch_share, drawn.catch.tolist(), drawn.again.tolist()) == (0.4, [0.0], [0.0])


def test_a_throw_is_two_shares_of_luck_and_two_dice_an_outage():
    luck, catch, again = throw(3, np.random.default_rng(1))
    row = np.random.default_rng(1).random(8).tolist()
    assert (list(luck), catch.tolist(), again.tolist()) == (row[:2], row[2:5], row[5:])


def test_a_redrawn_fleet_carries_each_nodes_outages_with_it():
    made = log((0, 5, 6), (2, 7, 8), (0, 9, 10), nodes=4)

    class Picks:
        def integers(self, low: int, high: int, count: int) -> np.ndarray:
            assert (low, high, count) == (0, 4, 4)
            return np.array([2, 0, 3, 0])

    node, take = redraw_nodes(made, Picks())  # type: ignore[arg-type]
    assert list(zip(node.tolist(), take.tolist(), strict=True)) == [
        (1, 0), (3, 0), (0, 1), (1, 2), (3, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "down", "sure"),
    [(1_000_001, 0.1, 0.9), (-1, 0.1, 0.9), (9, -0.01, 0.9), (9, 1.01, 0.9), (9, 0.1, 0.0)],
)
def test_no_pool_is_sized_beyond_its_bounds(nodes, down, sure):
    with pytest.raises(BadPolicy):
        spares_needed(nodes, down_share=down, confidence=sure)


def test_a_pool_is_sized_at_its_bounds():
    assert spares_needed(1_000_000, down_share=0.0, confidence=0.9).spares == 0
    one = spares_needed(1, down_share=1.0, confidence=0.99)
    assert (one.spares, one.nodes_down_mean) == (1, 1.0)
    assert one.covered == pytest.approx(2 / math.e)
    two = spares_needed(2, down_share=1.0, confidence=0.99)
    assert two.covered == pytest.approx(5 / math.e**2)
    still = spares_needed(9, down_share=0.0, confidence=0.99)
    assert (still.spares, still.covered) == (0, 1.0)


def test_equal_instants_are_taken_in_their_stated_order():
    order = ["RETURN", "CAUGHT", "START", "PULL", "SWAP"]
    assert [(kind.name, kind.value) for kind in EventKind] == list(
        zip(order, range(5), strict=True)
    )


def test_every_limit_is_said_where_it_applies_and_nowhere_else():
    calm, bulk = log((0, 0, 1)), log((0, 0, 1), (1, 0, 1))
    assert len(limits_of(calm)) == len(limits_of(calm, HISTORY)) == 2
    assert "up to 2 outages" in limits_of(bulk)[-1]
    for policy, word in [
        (Policy(spares=1), "swap"),
        (Policy(repair_cap_s=60), "cap"),
        (Policy(return_soak_s=60), "soak"),
        (Policy(lemon=LemonRule(2, DAY_S, replaces=True)), "replacement stock"),
        (Policy(lemon=LemonRule(2, DAY_S, replaces=False)), "loses capacity"),
    ]:
        limits = limits_of(calm, HISTORY, policy)
        assert len(limits) == 3
        assert word in limits[-1]


def test_a_fleet_takes_as_many_spares_as_it_has_nodes_and_no_more():
    made = log((0, 0, DAY_S), nodes=2)
    assert replay(made, Policy(spares=2)).downtime_s == 0
    with pytest.raises(BadPolicy):
        replay(made, Policy(spares=3))
    with pytest.raises(BadPolicy):
        compare(made, HISTORY, Policy(spares=3), seeds=1)


@pytest.mark.parametrize("seeds", [0, 100_001])
def test_an_interval_needs_a_seed_and_has_a_bound(seeds):
    with pytest.raises(BadPolicy):
        compare(log((0, 0, 1)), HISTORY, HISTORY, seeds=seeds)
    assert compare(log((0, 0, 1)), HISTORY, HISTORY, seeds=1).seeds == 1


def test_change_is_candidate_less_base():
    made = log(*((node, 0, DAY_S) for node in range(10)))
    told = compare(made, HISTORY, Policy(spares=10), seeds=5)
    assert told.change["downtime_s"].point == -10 * DAY_S
    for bands, lost_s in [(told.base_bands, 10 * DAY_S), (told.candidate_bands, 0)]:
        band = bands["downtime_s"]
        assert (band.point, band.low80, band.high80) == (lost_s, lost_s, lost_s)
    assert told.change["availability"].point == pytest.approx(0.01)
    assert "drawn anew" not in told.method
    unsure = Policy(return_soak_s=60, relapse_catch_share=Share(0.2, 0.6))
    for pair in [(HISTORY, unsure), (unsure, HISTORY)]:
        assert "drawn anew" in compare(made, *pair, seeds=2).method


def test_an_uncertain_policy_shows_its_middle_draw():
    made = log(*((node, day * 3 * DAY_S, day * 3 * DAY_S + DAY_S) for node in range(9)
                 for day in range(20)))  # fmt: skip
    unsure = Policy(return_soak_s=60, relapse_catch_share=Share(0.0, 1.0))
    told = compare(made, HISTORY, unsure, seeds=3, seed=7).candidate
    draws = sorted(
        replay(made, unsure, rng=np.random.default_rng([7, number])).availability
        for number in range(3)
    )
    assert told.availability == draws[1]


def test_figures_of_a_single_slot_by_hand():
    # out a quarter of the second of two and a half days
    made = log((0, DAY_S, DAY_S + 6 * HOUR_S), nodes=1, horizon_s=2 * DAY_S + DAY_S // 2)
    (told,) = sweep(made, [HISTORY], target=0.75)
    assert (told.days, told.days_below_target, told.downtime_s) == (3, 0, 6 * HOUR_S)
    assert (told.worst_day, told.median_day) == (0.75, 1.0)
    assert told.availability == 1 - 6 / 60
    assert sweep(made, [HISTORY], target=0.7500012)[0].days_below_target == 1
    assert sweep(made, [HISTORY])[0].target == 0.95
