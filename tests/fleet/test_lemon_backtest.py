from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.lemon import LANL_20, STEPFUN, measured, read_histories
from scuderia.fleet.engine.lemon import PRIOR, NodeHistory, history_of, score_node
from scuderia.fleet.engine.lemon_backtest import (
    Looks,
    calibration_table,
    looks_of,
    naive_forecast,
    rank_chance,
    walk_forward,
)
from scuderia.fleet.engine.lemon_past import past_of
from scuderia.fleet.engine.lemon_rules import (
    Moment,
    levels_worth,
    naive_rule,
    pull_at,
    wilson_interval,
)

needs_trace = pytest.mark.skipif(
    not STEPFUN.exists(), reason="the StepFun trace is not beside this checkout (../shared/data)"
)


@pytest.fixture(scope="module")
def year() -> tuple[list[NodeHistory], float]:
    return read_histories(STEPFUN)


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
def test_the_walk_forward_gives_the_figures_that_the_docs_print(year):
    histories, until = year
    told = walk_forward(histories, nodes=400, until=until)
    by_rule = {result.rule.split(",")[0]: result for result in told.policies}
    naive = by_rule["2 outages in 28 days"]
    assert (naive.pulled, naive.avoided, naive.failed_again) == (77, 116, 49)
    matched = next(r for r in told.policies if r.rule.endswith("than 2 outages in 28 days"))
    assert (matched.pulled, matched.avoided, matched.failed_again) == (82, 125, 53)
    assert (told.from_day, told.looks) == (84.0, 13_265)
    assert told.brier == pytest.approx(0.07492, abs=5e-6)
    assert told.brier_of_naive == pytest.approx(0.07479, abs=5e-6)
    assert told.brier_of_fleet == pytest.approx(0.07639, abs=5e-6)
    assert told.brier_of_base_rate == pytest.approx(0.07447, abs=5e-6)
    assert told.auc_all == pytest.approx(0.5566, abs=1e-4)
    assert told.auc_after_outage == pytest.approx(0.5900, abs=1e-4)


@pytest.mark.skipif(not LANL_20.exists(), reason="LANL's log is not beside this checkout")
def test_on_lanls_system_20_the_score_beats_every_rule_beside_it():
    told = measured(LANL_20, nodes=512, since=180.0)
    assert told.looks == 84_454
    assert told.brier == pytest.approx(0.04488, abs=1e-5)
    assert told.brier_of_naive == pytest.approx(0.04862, abs=1e-5)
    assert told.brier_of_fleet == pytest.approx(0.04903, abs=1e-5)
    assert told.brier_of_base_rate == pytest.approx(0.04732, abs=1e-5)
    honest = [one for one in told.calibration if one.high <= 0.3]
    assert all(abs(one.predicted - one.observed) < 0.035 for one in honest)


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


def test_the_brier_scores_are_those_of_the_bins_of_the_calibration():
    """Murphy's decomposition: (predicted - observed)^2 + observed (1 - observed), by bins."""
    told = walk_forward(lemons(3), nodes=60, since=120.0, until=240.0)
    rows = np.array([b.rows for b in told.calibration])
    predicted = np.array([b.predicted for b in told.calibration])
    observed = np.array([b.observed for b in told.calibration])
    by_bins = (predicted - observed) ** 2 + observed * (1 - observed)
    assert told.brier == pytest.approx(np.average(by_bins, weights=rows), abs=0.01)
    base = np.average(observed, weights=rows)
    assert told.brier_of_base_rate == pytest.approx(base * (1 - base))
    assert told.brier_of_naive < told.brier_of_base_rate
    assert told.brier_of_fleet > told.brier_of_naive  # who is a lemon is worth knowing


def looks(found: list[NodeHistory], nodes: int, until: float) -> Looks:
    return looks_of(past_of(found, nodes=nodes), lambda _at: PRIOR, until=until)


def test_the_nodes_that_never_failed_stand_in_one_row_a_week_that_weighs_them_all():
    once = history_of("a", [(20.0, 21.0)])
    rows = looks([once], 100, 70.0)
    quiet = rows.weight > 1
    assert rows.at[quiet].tolist() == [14.0, 21.0, 28.0, 35.0, 42.0]
    assert set(rows.weight[quiet]) == {99.0}
    assert not rows.failed[quiet].any()
    assert looks([once], 1, 70.0).weight.max() == 1.0


def test_an_outcome_is_known_from_the_day_its_28_days_are_over():
    for until, last in ((42.0, 14.0), (48.9, 14.0), (49.0, 21.0)):
        assert looks([history_of("a", [(1.0, 2.0)])], 2, until).at.max() == last
    rows = looks([history_of("a", [(42.0, 43.0)]), history_of("b", [(42.1, 43.0)])], 2, 42.5)
    assert rows.failed.tolist() == [1.0, 0.0]  # at day 14: 28 days on is still within


def test_a_node_out_of_service_is_not_asked_in_the_weekly_look():
    rows = looks([history_of("a", [(13.0, 29.0)])], 1, 70.0)
    assert rows.at.tolist() == [35.0, 42.0]
    edge = looks([history_of("a", [(14.0, 21.0)])], 1, 56.0)
    assert edge.at.tolist() == [21.0, 28.0]


def test_a_look_forecasts_what_the_score_says_and_names_what_the_rule_names():
    twice = history_of("a", [(1.0, 2.0), (13.0, 13.5)])
    rows, past = looks([twice], 1, 70.0), past_of([twice], nodes=1)
    first = score_node(twice, PRIOR, past.paces(14.0), past.memory(14.0)[0], at=14.0)
    assert rows.score[0] == pytest.approx(first.probability)
    assert rows.named.tolist() == [1.0, 1.0, 1.0, 0.0, 0.0]  # day 29 leaves one: 42 and over too
    assert rows.fleet[0] == pytest.approx(1 - np.exp(-28 * past.rate(14.0, over_days=90.0)))


def test_the_naive_forecast_is_the_share_known_on_the_day_of_the_fit():
    found = [history_of("a", [(1.0, 2.0), (12.0, 13.0), (30.0, 31.0)])]
    rows = looks(found, 2, 120.0)
    forecast = naive_forecast(rows, since=56.0)
    kept = rows.where(rows.at >= 56.0)
    # on day 56 the outcomes of days 14, 21 and 28 are known: the pair of day 12 was named on days
    # 14, 21 and 28, and failed each time; the other node and unnamed looks never
    first = (kept.at < 84.0) & (kept.named == 1.0)
    assert set(forecast[first]) <= {1.0}
    assert set(forecast[(kept.at < 84.0) & (kept.named == 0.0)]) == {0.0}


def test_a_back_test_never_looks_ahead():
    made = lemons(5)
    cut = [replace(h, starts=h.starts[h.starts < 180], ends=h.ends[h.starts < 180]) for h in made]
    whole = walk_forward(made, nodes=60, since=120.0, until=180.0)
    short = walk_forward(cut, nodes=60, since=120.0, until=180.0)
    assert whole.fitted_on == short.fitted_on
    assert whole.calibration == short.calibration
    assert whole.levels == short.levels


def moment(node: str, chance: float, recent: int, soon: int, at: float = 10.0) -> Moment:
    return Moment(at, node, chance, recent, 1 / 280, at + 1, soon, soon)


def test_what_a_pull_saved_is_counted_by_hand():
    """Ten pulls: nine whose node failed twice in 28 days, one that never did; a spare fails 0.1."""
    moments = [moment(f"n{n}", 0.6, 3, 2) for n in range(9)] + [moment("n9", 0.6, 3, 0)]
    (told,) = levels_worth(moments, (0.5,), outage_h=10.0, until=39.0)
    gains = np.array([18.0] * 9 + [-2.0])  # (2 - 0.1) x 10 h - 1 h, and (0 - 0.1) x 10 h - 1 h
    assert (told.pulled, told.saved_h) == (10, pytest.approx(gains.mean()))
    half = 1.2816 * gains.std(ddof=1) / np.sqrt(10)
    assert (told.low, told.high) == pytest.approx((gains.mean() - half, gains.mean() + half))
    assert told.pays
    assert levels_worth(moments, (0.5,), outage_h=10.0, until=38.9) == ()  # their 28 days are open
    assert levels_worth(moments[:9], (0.5,), outage_h=10.0, until=39.0) == ()
    assert levels_worth(moments, (0.61,), outage_h=10.0, until=39.0) == ()
    (dear,) = levels_worth(moments, (0.5,), outage_h=0.5, until=39.0)
    assert not dear.pays


def test_a_node_is_pulled_once_the_first_time_it_reaches_the_level_with_enough_outages():
    seen = [moment("a", 0.6, 2, 1, 1.0), moment("a", 0.6, 3, 2, 2.0), moment("a", 0.9, 3, 3, 3.0)]
    assert pull_at(seen, 0.6, recent=3)["a"].left == 2
    assert pull_at(seen, 0.6)["a"].left == 1
    assert pull_at(seen, 0.95) == {}


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
