from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.lemon import read_histories
from scuderia.fleet.engine.lemon import NodeHistory
from scuderia.fleet.engine.lemon_backtest import (
    BLANK,
    BackTest,
    calibration_table,
    rank_chance,
    time_split,
    walk_forward,
)
from scuderia.fleet.engine.lemon_fit import PUBLISHED, beside_the_fleet, build_rows, fit_weights
from scuderia.fleet.engine.lemon_rules import naive_rule, wilson_interval

ROOT = Path(__file__).resolve().parents[2]
TRACE = ROOT.parent / "shared" / "data" / "stepfun-faults" / "fault_trace.json"
needs_trace = pytest.mark.skipif(
    not TRACE.exists(), reason="the StepFun trace is not beside this checkout (../shared/data)"
)


@pytest.fixture(scope="module")
def year() -> tuple[list[NodeHistory], float]:
    return read_histories(TRACE)


@pytest.fixture(scope="module")
def split(year: tuple[list[NodeHistory], float]) -> BackTest:
    histories, until = year
    return time_split(histories, nodes=400, split=until / 2, until=until)


@needs_trace
@pytest.mark.parametrize(
    ("outages", "pulled", "avoided_share", "precision"),
    [(2, 102, 0.309, 0.686), (3, 46, 0.158, 0.696)],
)
def test_the_naive_rule_gives_the_stepfun_figures(year, outages, pulled, avoided_share, precision):
    histories, _ = year
    result = naive_rule(histories, outages=outages)
    assert (result.outages, result.pulled) == (582, pulled)
    assert result.avoided_share == pytest.approx(avoided_share, abs=5e-4)
    assert result.precision == pytest.approx(precision, abs=5e-4)


@needs_trace
def test_the_published_weights_are_those_of_the_stepfun_year(year):
    histories, until = year
    rows = build_rows(histories, nodes=400, until=until).known_at(until)
    fitted = fit_weights(beside_the_fleet(rows), prior=BLANK, fitted_on="")
    assert fitted.intercept == pytest.approx(PUBLISHED.intercept, abs=1e-3)
    assert fitted.weights == pytest.approx(PUBLISHED.weights, abs=1e-3)


@needs_trace
def test_the_time_split_gives_the_figures_that_the_docs_print(split):
    by_rule = {result.rule.split(",")[0]: result for result in split.policies}
    naive = by_rule["2 outages in 28 days"]
    assert (naive.pulled, naive.avoided, naive.failed_again) == (51, 69, 28)
    matched = next(r for r in split.policies if r.rule.endswith("as 2 outages in 28 days"))
    assert (matched.pulled, matched.avoided, matched.failed_again) == (51, 68, 28)
    assert split.brier == pytest.approx(0.0723, abs=1e-4)
    assert split.brier_of_base_rate == pytest.approx(0.0723, abs=1e-4)
    assert split.brier_of_naive == pytest.approx(0.0722, abs=1e-4)
    assert split.auc_all == pytest.approx(0.588, abs=1e-3)
    assert split.auc_after_outage == pytest.approx(0.514, abs=1e-3)


def test_a_burst_of_the_whole_fleet_does_not_make_its_nodes_lemons():
    """Half the fleet breaks twice in one fortnight, nothing tells who; then nothing happens."""
    random = np.random.default_rng(11)
    made = []
    for number in range(80):
        first = random.uniform(15, 60)
        again = [100 + random.uniform(0, 7), 107 + random.uniform(0, 7)] if number % 2 else []
        starts = np.array([first, *again])
        made.append(NodeHistory(f"n{number:02d}", starts, starts + 0.2))
    rows = build_rows(made, nodes=80, until=160.0)
    known = rows.known_at(128.0)
    after = rows.where((rows.at > 128) & (rows.routine == 1))
    alone = fit_weights(known, prior=BLANK, fitted_on="")
    beside = fit_weights(beside_the_fleet(known), prior=BLANK, fitted_on="")
    assert after.chance(beside).max() < after.chance(alone).max()


def lemons(seed: int) -> list[NodeHistory]:
    """A made fleet with real lemons: 6 of 60 nodes fail every 8 days, the others every 300."""
    random = np.random.default_rng(seed)
    found = []
    for node in range(60):
        mean_gap, at, starts = (8.0 if node < 6 else 300.0), 0.0, []
        while (at := at + random.exponential(mean_gap)) < 240.0:
            starts.append(at)
            at += 0.5
        ends = np.array(starts) + 0.5
        found.append(NodeHistory(f"n{node:02d}", np.array(starts), ends))
    return found


def test_where_there_are_lemons_the_score_finds_them_with_few_false_pulls():
    result = walk_forward(lemons(3), nodes=60, since=84.0, until=240.0)
    at_half = next(r for r in result.policies if r.rule == "score >= 0.50")
    assert at_half.avoided_share > 0.6
    assert at_half.precision >= 0.75
    assert result.brier < result.brier_of_base_rate
    assert result.auc_all > 0.8


def test_an_outcome_is_known_from_the_day_its_window_closes():
    rows = build_rows(lemons(3), nodes=60, until=100.0)
    day = float(np.sort(rows.closes)[len(rows.at) // 2])
    assert sorted(rows.known_at(day).closes) == sorted(one for one in rows.closes if one <= day)
    assert day in rows.known_at(day).closes


def test_the_brier_scores_are_those_of_the_bins_of_the_calibration():
    """Murphy's decomposition: (predicted - observed)^2 + observed (1 - observed), by bins."""
    told = time_split(lemons(3), nodes=60, split=120.0, until=240.0)
    rows = np.array([b.rows for b in told.calibration])
    predicted = np.array([b.predicted for b in told.calibration])
    observed = np.array([b.observed for b in told.calibration])
    by_bins = (predicted - observed) ** 2 + observed * (1 - observed)
    assert told.brier == pytest.approx(np.average(by_bins, weights=rows), abs=0.01)
    base = np.average(observed, weights=rows)
    assert told.brier_of_base_rate == pytest.approx(base * (1 - base))
    assert told.brier_of_naive == pytest.approx(told.brier, abs=0.005)  # both name the lemons


def test_the_nodes_that_never_failed_stand_in_one_row_a_week_that_weighs_them_all():
    once = NodeHistory("a", np.array([20.0]), np.array([21.0]))
    rows = build_rows([once], nodes=100, until=40.0)
    quiet = rows.where(rows.weight > 1)
    assert quiet.at.tolist() == [14.0, 21.0, 28.0, 35.0]
    assert set(quiet.weight) == {99.0}
    assert not quiet.failed.any()
    assert not quiet.features[:, 1:].any()
    assert build_rows([once], nodes=1, until=40.0).weight.max() == 1.0


def test_a_back_test_never_looks_ahead():
    made = lemons(5)
    cut = [NodeHistory(h.node, h.starts[h.starts < 180], h.ends[h.starts < 180]) for h in made]
    whole = time_split(made, nodes=60, split=120.0, until=180.0)
    short = time_split(cut, nodes=60, split=120.0, until=180.0)
    assert whole.fitted_on == short.fitted_on
    assert whole.calibration == short.calibration


def test_the_wilson_interval_matches_a_hand_worked_case():
    # 7 of 10 at z = 1.2816: centre (0.7 + 0.0821) / 1.1642, half 0.1745 (Wilson 1927)
    low, high = wilson_interval(7, 10)
    assert (low, high) == pytest.approx((0.4970, 0.8462), abs=2e-3)
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_ranking_chance_counts_ties_as_half():
    one = np.ones(4)
    assert rank_chance(np.array([1.0, 2, 3, 4]), np.array([0.0, 0, 1, 1]), one) == 1.0
    assert rank_chance(np.array([1.0, 1, 1, 1]), np.array([0.0, 1, 0, 1]), one) == 0.5


def test_the_calibration_table_weighs_its_rows():
    bins = calibration_table(
        np.array([0.11, 0.12, 0.6]), np.array([0.0, 1.0, 1.0]), np.array([3.0, 1.0, 2.0])
    )
    assert [(b.low, b.rows, b.observed) for b in bins] == [(0.1, 4, 0.25), (0.5, 2, 1.0)]


def test_the_bins_of_the_calibration_join_and_an_edge_belongs_to_the_upper_one():
    edges = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 1.0)
    score = np.array([*edges[:-1], 0.99])
    bins = calibration_table(score, np.zeros(9), np.ones(9))
    assert [(b.low, b.high, b.rows) for b in bins] == [
        (low, high, 1 if high < 1 else 2) for low, high in pairwise(edges)
    ]


def test_the_naive_rule_counts_a_node_once_and_only_what_came_later():
    made = [
        NodeHistory("a", np.array([1.0, 5, 50, 60]), np.array([2.0, 6, 51, 61])),
        NodeHistory("b", np.array([10.0, 90]), np.array([11.0, 91])),
    ]
    result = naive_rule(made, outages=2)
    assert (result.pulled, result.avoided, result.failed_again) == (1, 2, 1)
    later = naive_rule(made, outages=2, since=20.0)
    assert (later.outages, later.pulled, later.avoided) == (3, 1, 0)


def test_a_rule_that_pulls_nobody_avoids_nothing_and_was_never_right():
    told = naive_rule([NodeHistory("a", np.array([1.0]), np.array([2.0]))], outages=2)
    assert (told.outages, told.pulled, told.avoided, told.failed_again) == (1, 0, 0, 0)
    assert (told.avoided_share, told.precision) == (0.0, 0.0)
    assert naive_rule([], outages=2).avoided_share == 0.0
