import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scuderia.datasets.engine.quotas import BadQuota, QuotaPlan, allocate, gaps_of, holm, suppressed
from tests.examples import examples

DOMAINS = {"code": 0.3, "law": 0.2, "medicine": 0.2, "travel": 0.3}
LANGUAGES = {"de": 0.25, "en": 0.5, "it": 0.25}


def test_gap_is_the_sum_of_differences_and_chi_square_that_of_scipy():
    plan = QuotaPlan({"domain": DOMAINS, "language": LANGUAGES}, 1_000)
    counts = {("code", "en"): 70, ("law", "de"): 20, ("travel", "it"): 10}
    domain, language = gaps_of(plan, counts)
    assert domain.l1 == pytest.approx(0.4 + 0 + 0.2 + 0.2)
    found = stats.chisquare([70, 20, 0, 10], [30, 20, 20, 30])
    assert (domain.chi_square, domain.p_value) == pytest.approx((found.statistic, found.pvalue))
    assert domain.p_holm == pytest.approx(2 * found.pvalue)
    assert language.p_holm == pytest.approx(language.p_value)


def test_value_that_nobody_planned_is_a_gap_beyond_chance():
    (gap,) = gaps_of(QuotaPlan({"domain": DOMAINS}, 10), {("sport",): 5})
    assert (gap.l1, gap.chi_square, gap.p_value) == (2, math.inf, 0)
    (gap,) = gaps_of(QuotaPlan({"domain": DOMAINS}, 10), {})
    assert (gap.l1, gap.p_value) == (0, 1)


# Holm's own procedure by hand: 0.01*4, 0.02*3 (0.06), 0.03*2 (0.06), 0.5.
def test_holm_by_hand():
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("is_joint", [True, False])
def test_allocator_closes_a_gap_of_four_tenths_within_the_budget(is_joint):
    cells = list(product(DOMAINS, LANGUAGES))
    wanted = {cell: DOMAINS[cell[0]] * LANGUAGES[cell[1]] for cell in cells}
    if is_joint:
        plan = QuotaPlan({"cell": {"/".join(cell): share for cell, share in wanted.items()}}, 4_000)
        key = {cell: ("/".join(cell),) for cell in cells}
    else:
        plan = QuotaPlan({"domain": DOMAINS, "language": LANGUAGES}, 4_000)
        key = {cell: cell for cell in cells}
    rng = np.random.default_rng(11)
    skewed = {
        cell: share * (1.8 if cell[0] in ("code", "law") else 0.2) for cell, share in wanted.items()
    }
    counts = {
        key[cell]: round(1_200 * share / sum(skewed.values())) for cell, share in skewed.items()
    }
    rates = {
        key[cell]: float(rate) for cell, rate in zip(cells, rng.uniform(0.4, 0.95, 12), strict=True)
    }
    assert max(gap.l1 for gap in gaps_of(plan, counts)) >= 0.4
    spent = 0
    for _ in range(40):
        tasks = allocate(plan, counts, rates, 200)
        spent += sum(tasks.values())
        for cell, asked in tasks.items():
            counts[cell] += int(rng.binomial(asked, rates[cell]))
        if not tasks:
            break
    assert max(gap.l1 for gap in gaps_of(plan, counts)) < 0.05
    assert spent <= 2_800 / min(rates.values())
    assert sum(counts.values()) == pytest.approx(4_000, rel=0.02)


@examples(100)
@given(
    st.lists(st.integers(0, 50), min_size=3, max_size=3), st.integers(0, 80), st.integers(1, 100)
)
def test_no_task_is_asked_for_where_nothing_is_lacking(held, budget, target):
    shares = {"a": 0.5, "b": 0.3, "c": 0.2}
    counts = {(value,): count for value, count in zip(shares, held, strict=True)}
    rates = {("a",): 1.0, ("b",): 0.5, ("c",): 0.0}
    tasks = allocate(QuotaPlan({"topic": shares}, target), counts, rates, budget)
    assert sum(tasks.values()) <= budget
    assert ("c",) not in tasks
    for value, share in shares.items():
        lacking = target * share - counts[value,]
        brought = tasks.get((value,), 0) * rates[value,]
        assert brought < max(lacking, 0) + 1


def test_largest_deficit_by_acceptance_comes_first():
    plan = QuotaPlan({"topic": {"a": 0.5, "b": 0.5}}, 100)
    assert allocate(plan, {}, {("a",): 0.9, ("b",): 0.5}, 1) == {("a",): 1}
    assert allocate(plan, {("a",): 40}, {("a",): 0.9, ("b",): 0.5}, 1) == {("b",): 1}


def test_tasks_are_counted_by_what_they_are_expected_to_bring():
    plan = QuotaPlan({"topic": {"a": 1.0}}, 10)
    assert allocate(plan, {}, {("a",): 0.5}, 100) == {("a",): 20}


def test_cell_with_a_value_that_has_enough_gets_no_task():
    plan = QuotaPlan({"one": {"x": 0.5, "y": 0.5}, "other": {"p": 0.9, "q": 0.1}}, 100)
    counts = {("x", "q"): 60}
    rates = {("x", "p"): 1.0, ("y", "p"): 0.1, ("y", "q"): 1.0}
    assert allocate(plan, counts, rates, 10) == {("y", "p"): 10}


def test_small_cells_of_a_pool_are_hidden_and_never_one_alone():
    assert suppressed({"a": 30, "b": 9, "c": 12}) == {"a": 30, "b": None, "c": None}
    assert suppressed({"a": 30, "b": 9, "c": 3}) == {"a": 30, "b": None, "c": None}
    assert suppressed({"a": 30, "b": 10, "c": 0}) == {"a": 30, "b": 10, "c": 0}


@pytest.mark.parametrize(
    ("attributes", "target", "counts"),
    [
        ({}, 10, {}),
        ({"a": {"x": 0.9}}, 10, {}),
        ({"a": {"x": 1.5, "y": -0.5}}, 10, {}),
        ({"a": {"x": 1.0}}, 0, {}),
        ({"a": {"x": 1.0}}, 10, {("x", "y"): 1}),
        ({"a": {"x": 1.0}}, 10, {("x",): -1}),
    ],
)
def test_plan_that_makes_no_sense_is_refused(attributes, target, counts):
    with pytest.raises(BadQuota):
        gaps_of(QuotaPlan(attributes, target), counts)
    with pytest.raises(BadQuota):
        allocate(QuotaPlan({"a": {"x": 1.0}}, 10), {}, {("x",): 2.0}, 5)
