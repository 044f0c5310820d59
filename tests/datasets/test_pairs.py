"""Pairwise models against a published table, a general optimiser, and planted raters."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import beta

from scuderia.datasets.engine.bradley_terry import VIRTUAL, Pairs, fit_bradley_terry
from scuderia.datasets.engine.crowd_bt import doubt_below, fit_crowd_bt
from scuderia.datasets.engine.gold_checks import GoldVerdict, gold_posterior, sequential_test

WINS = (
    (0, 7, 9, 7, 7, 9, 11), (6, 0, 7, 5, 11, 9, 9), (4, 6, 0, 7, 7, 8, 12), (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12), (4, 4, 5, 6, 6, 0, 6), (2, 4, 1, 3, 1, 7, 0),
)  # fmt: skip
"""The American League's eastern division of 1987: Agresti, Categorical Data Analysis, 10.10."""
PUBLISHED = (1.581, 1.436, 1.294, 1.248, 1.108, 0.684, 0.0)
"""Agresti's estimates, against the last team's."""


def drawn_pairs(seed: int, *, raters: int = 6, size: int = 900, bias: float = 1.0) -> Pairs:
    rng = np.random.default_rng(seed)
    strength = np.exp(rng.normal(0, 1, 8))
    first = rng.integers(0, 8, size)
    second = (first + rng.integers(1, 8, size)) % 8
    a, b = strength[first] * bias, strength[second]
    tied = 0.5 * np.sqrt(a * b)
    draw = rng.random(size) * (a + b + tied)
    won = np.where(draw < a, 1.0, np.where(draw < a + b, 0.0, 0.5))
    columns = (column.astype(np.int32) for column in (first, second, rng.integers(0, raters, size)))
    return Pairs(*columns, won, 8, raters)


def test_the_american_league_comes_out_as_published():
    first, second = (column.ravel().astype(np.int32) for column in np.indices((7, 7)))
    pairs = Pairs(first, second, np.zeros(49, np.int32), np.ones(49), 7, 1)
    seasons = 40.0 * np.array(WINS).ravel()  # so many alike drown the weak prior
    fit = fit_bradley_terry(pairs, weights=seasons, settled=1e-8, rounds=20_000)
    found = np.log(fit.strength)
    assert found - found[-1] == pytest.approx(PUBLISHED, abs=0.01)


@pytest.mark.parametrize(("ties", "is_biased"), [(False, False), (True, False), (True, True)])
def test_a_general_optimiser_finds_the_same_strengths(ties, is_biased):
    pairs = drawn_pairs(3, bias=1.6)
    group = np.zeros(len(pairs), np.int32) if is_biased else None
    found = fit_bradley_terry(pairs, ties=ties, bias_of=group, settled=1e-7, rounds=5_000)

    def loss(at: np.ndarray) -> float:
        s, tie, bias = np.exp(at[:8]), np.exp(at[8]) * ties, np.exp(at[9] * is_biased)
        a, b = s[pairs.first] * bias, s[pairs.second]
        t = tie * np.sqrt(a * b)
        is_tied = pairs.won == 0.5
        decided = pairs.won * np.log(a) + (1 - pairs.won) * np.log(b) - np.log(a + b + t)
        told = np.where(is_tied, np.log(t) - np.log(a + b + t), decided) if ties else decided
        total = told.sum() + VIRTUAL * (np.log(s) / 2 - np.log(1 + s)).sum()
        if is_biased:
            total += np.log(bias) - 2 * np.log(1 + bias)
        return -float(total) + 1e-9 * float((at**2).sum())

    other = minimize(loss, np.zeros(10), method="L-BFGS-B", options={"maxiter": 5_000})
    assert np.log(found.strength) == pytest.approx(other.x[:8], abs=5e-3)
    if ties:
        assert np.log(found.tie) == pytest.approx(other.x[8], abs=5e-3)
    if is_biased:
        assert np.log(found.bias[0]) == pytest.approx(other.x[9], abs=5e-3)
        assert found.bias[0] > 1.2


def test_chances_add_up_and_a_bias_of_ones_own_is_found():
    fair, biased = drawn_pairs(1, size=2_000), drawn_pairs(1, size=2_000, bias=4.0)
    raters = np.repeat(np.array([0, 1], np.int32), 2_000)
    both = Pairs(
        *(np.concatenate(pair) for pair in (
            (fair.first, biased.first), (fair.second, biased.second))),
        raters, np.concatenate([fair.won, biased.won]), 8, 2,
    )  # fmt: skip
    found = fit_bradley_terry(both, ties=True, bias_of=raters)
    assert found.bias[0] == pytest.approx(1, abs=0.25)
    assert found.bias[1] == pytest.approx(4, abs=0.8)
    first, tied = found.chances(both, raters)
    turned = Pairs(both.second, both.first, raters, both.won, 8, 2)
    second, _ = fit_bradley_terry(both, ties=True).chances(turned)
    assert ((first + tied) < 1).all()
    assert second.shape == first.shape


def test_coin_flippers_are_told_from_honest_raters():
    pairs = drawn_pairs(5, raters=10, size=3_000)
    flips = np.isin(pairs.raters, [2, 7]) & (pairs.won != 0.5)
    won = np.where(flips, np.random.default_rng(0).integers(0, 2, len(pairs)), pairs.won)
    told = Pairs(pairs.first, pairs.second, pairs.raters, won, 8, 10)
    found = fit_crowd_bt(told)
    assert sorted(np.argsort(found.reliability)[:2]) == [2, 7]
    below, low, high = doubt_below(found.strengths, told, 0.7)
    assert set(np.flatnonzero(below > 0.95)) == {2, 7}
    assert ((low <= found.reliability) & (found.reliability <= high)).all()


def test_all_ties_and_no_judgment_say_nothing():
    pairs = drawn_pairs(0)
    ties = Pairs(pairs.first, pairs.second, pairs.raters, np.full(len(pairs), 0.5), 8, 6)
    none = ties.only(np.zeros(len(pairs), bool))
    for told in (ties, none):
        assert fit_bradley_terry(told).strength == pytest.approx(np.ones(8))
        assert fit_crowd_bt(told).reliability == pytest.approx(np.full(6, 0.8))


def test_gold_is_weighed_as_the_beta_distribution_says():
    found = gold_posterior(17, 8, bar=0.8)
    exact = beta(18, 9)
    assert found.below == pytest.approx(exact.cdf(0.8))
    assert (found.low, found.high) == pytest.approx(tuple(exact.ppf([0.025, 0.975])))
    assert not found.is_doubted
    assert gold_posterior(10, 10, bar=0.8).is_doubted
    assert gold_posterior(0, 0, bar=0.8).below == pytest.approx(0.8)


def test_the_sequential_test_errs_as_seldom_as_it_says():
    rng = np.random.default_rng(0)
    for skill, wrong in ((0.9, GoldVerdict.BELOW), (0.7, GoldVerdict.GOOD)):
        ended = []
        for _ in range(600):
            right = asked = 0
            verdict = GoldVerdict.OPEN
            while verdict is GoldVerdict.OPEN:
                asked += 1
                right += int(rng.random() < skill)
                verdict = sequential_test(right, asked - right, good=0.9, bad=0.7)
            ended.append(verdict)
        assert np.mean([verdict is wrong for verdict in ended]) < 0.07
