import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scuderia.fleet.engine import lemon
from scuderia.fleet.engine.lemon_fit import PUBLISHED, Rows, build_rows, fit_weights

BLANK = lemon.LemonModel(0.0, (0.0,) * len(lemon.FEATURES), "blank")
RATE = lemon.FleetRate(4.2e-3, 1.0)


def history(*outages: tuple[float, float], node: str = "n1") -> lemon.NodeHistory:
    ordered = sorted(outages)
    return lemon.NodeHistory(
        node, np.array([s for s, _ in ordered]), np.array([e for _, e in ordered])
    )


@st.composite
def histories(draw: st.DrawFn) -> lemon.NodeHistory:
    gaps = draw(st.lists(st.floats(0.01, 40), max_size=8))
    lengths = draw(st.lists(st.floats(0.01, 20), min_size=len(gaps), max_size=len(gaps)))
    outages, at = [], 0.0
    for gap, length in zip(gaps, lengths, strict=True):
        outages.append((at + gap, at + gap + length))
        at += gap + length
    return history(*outages)


def test_a_node_that_never_failed_scores_below_its_fleet():
    score = lemon.score_node(history(), PUBLISHED, RATE, at=200.0)
    base = 1 / (1 + math.exp(-lemon.base_log_odds(RATE)))
    assert score.probability < base
    assert (score.outages_28d, score.outages_90d, score.relapses_90d) == (0, 0, 0)


def test_features_match_a_table_worked_by_hand():
    # outages at day 10-11, 80-82 and 86-87, looked at on day 90 with a fleet that expects 0.378
    seen = lemon.node_features(history((10, 11), (80, 82), (86, 87)), RATE, at=90.0)
    expected = [
        math.log((3 + 1) / (90 * 4.2e-3 + 1)),
        math.log1p(2),
        math.log1p(3),
        math.log1p(math.exp(-80 / 60) + math.exp(-10 / 60) + math.exp(-4 / 60)),
        math.exp(-3 / 2),
        math.log1p(1),
        4 / 90,
    ]
    assert seen == pytest.approx(expected)


def test_an_outage_that_began_a_whole_window_ago_has_left_the_window():
    within = lemon.node_features(history((0.5, 1), (62.5, 63)), RATE, at=90.0)
    gone = lemon.node_features(history((0, 1), (62, 63)), RATE, at=90.0)
    assert (within[1], within[2]) == (math.log1p(1), math.log1p(2))
    assert (gone[1], gone[2]) == (math.log1p(0), math.log1p(1))


def test_a_relapse_counts_up_to_seven_days_after_the_return_and_for_ninety_days():
    assert lemon.node_features(history((80, 81), (88, 89)), RATE, at=90.0)[5] == math.log1p(1)
    assert lemon.node_features(history((80, 81), (88.5, 89)), RATE, at=90.0)[5] == 0
    assert lemon.node_features(history((1, 2), (5, 6)), RATE, at=94.5)[5] == math.log1p(1)
    assert lemon.node_features(history((1, 2), (5, 6)), RATE, at=95.0)[5] == 0


@given(histories(), st.floats(0, 400), st.floats(0.01, 30))
@settings(max_examples=60, deadline=None)
def test_nothing_later_than_the_evaluation_changes_a_score(past, at, gap):
    later = history(
        *zip(past.starts, past.ends, strict=True),
        (max(at, *past.ends, 0.0) + gap, max(at, *past.ends, 0.0) + gap + 1),
    )
    assert lemon.score_node(past, PUBLISHED, RATE, at=at) == lemon.score_node(
        later, PUBLISHED, RATE, at=at
    )


@given(histories(), st.floats(0.1, 27), st.floats(0.01, 0.09))
@settings(max_examples=60, deadline=None)
def test_one_more_recent_outage_never_lowers_a_score(past, ago, length):
    at = float(np.max(past.ends, initial=0.0)) + 30.0
    worse = history(*zip(past.starts, past.ends, strict=True), (at - ago, at - ago + length))
    assert (
        lemon.score_node(worse, PUBLISHED, RATE, at=at).probability
        > lemon.score_node(past, PUBLISHED, RATE, at=at).probability
    )


@given(st.lists(histories(), max_size=6), st.floats(1, 300))
@settings(max_examples=40, deadline=None)
def test_the_fleet_rate_is_always_a_rate(found, at):
    rate = lemon.fleet_rate(found, nodes=max(len(found), 1) + 3, at=at)
    assert rate.per_node_day > 0
    assert 0.25 <= rate.shape <= 8.0


def test_the_fit_agrees_with_a_plain_gradient_ascent():
    # a second implementation: projected gradient ascent on the same penalised likelihood
    random = np.random.default_rng(7)
    features = random.normal(size=(400, len(lemon.FEATURES)))
    truth = np.array([1.0, 0.5, 0.0, -1.0, 0.3, 0.0, 0.8])
    odds = -1.0 + features @ truth
    failed = (random.random(400) < 1 / (1 + np.exp(-odds))).astype(float)
    zero, one = np.zeros(400), np.ones(400)
    fitted = fit_weights(
        Rows(zero, features, zero, failed, zero, one, one), prior=BLANK, fitted_on="made"
    )
    design, beta = np.column_stack([one, features]), np.zeros(len(lemon.FEATURES) + 1)
    ridge = np.array([0.1] + [20.0] * len(lemon.FEATURES))
    for _ in range(4000):
        chance = 1 / (1 + np.exp(-design @ beta))
        beta = beta + 0.005 * (design.T @ (failed - chance) - ridge * beta)
        beta[1:] = np.maximum(beta[1:], 0.0)
    assert [fitted.intercept, *fitted.weights] == pytest.approx(beta, abs=1e-4)
    assert min(fitted.weights) == 0.0


def test_without_rows_the_fit_is_its_prior():
    rows = build_rows([], nodes=0, until=0.0)
    fitted = fit_weights(rows, prior=PUBLISHED, fitted_on="no history")
    assert (fitted.intercept, fitted.weights) == (PUBLISHED.intercept, PUBLISHED.weights)


def test_a_row_is_known_only_when_its_28_days_have_passed():
    rows = build_rows([history((20, 25), (30, 31))], nodes=3, until=60.0)
    at_start = rows.where((rows.at == 20.0) & (rows.routine == 0.0))
    assert list(at_start.closes) == [25.0 + 28.0]
    assert list(at_start.failed) == [1.0]
    assert len(rows.known_at(52.9).where(rows.known_at(52.9).at == 20.0).at) == 0


def test_a_node_out_of_service_is_not_asked_in_the_weekly_look():
    rows = build_rows([history((13, 29))], nodes=1, until=40.0)
    assert 28.0 not in rows.at[rows.routine == 1.0]
    assert 35.0 in rows.at[rows.routine == 1.0]
