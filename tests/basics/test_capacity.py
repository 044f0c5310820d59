"""Capacity bought back: one definition, reckoned a second time here in exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.basics.capacity import CapacityUnit, capacity_gain

SHELVES = CapacityUnit("shelves", "shelf-hours", 8)
HOURS = st.integers(-100_000, 100_000)


def gain(hours, *, days=7.0, between=None, unit=SHELVES):
    return capacity_gain(unit, hours, counted="crate-hours", days=days, between=between)


@given(HOURS, st.integers(1, 90), st.integers(1, 16))
def test_capacity_is_the_hours_won_over_the_hours_of_the_horizon(hours, days, each):
    told = gain(hours, days=days, unit=CapacityUnit("shelves", "shelf-hours", each))
    exact = Fraction(hours * each, days * 24)
    assert told.hours == hours * each
    assert told.amount == pytest.approx(float(exact), abs=6e-5)
    assert (told.unit, told.hours_unit) == ("shelves", "shelf-hours")


@given(HOURS, HOURS, HOURS)
def test_its_interval_is_scaled_like_the_mean(one, two, three):
    low, mean, high = sorted((one, two, three))
    told = gain(mean, between=(low, high))
    assert told.low <= told.amount <= told.high
    assert (told.low, told.high) == (gain(low).amount, gain(high).amount)


def test_a_loss_stands_below_zero_and_no_interval_is_invented():
    told = gain(-21)
    assert (told.amount, told.low, told.high) == (-1.0, None, None)
    assert told.words == "-1 shelves' worth of capacity"


def test_the_words_and_the_formula_name_every_figure():
    told = gain(90.3, between=(12, 160.55))
    assert told.words == "4.3 shelves' worth of capacity (80%: 0.57 to 7.65)"
    assert told.formula == ("90.3 crate-hours x 8 shelves = 722 shelf-hours, over 7 days x 24 h")


def test_large_figures_are_written_out():
    told = gain(23_910.0, days=28.0)
    assert "23,910 crate-hours x 8 shelves = 191,280 shelf-hours" in told.formula


def test_availability_won_by_a_whole_year_gives_the_same_capacity():
    # 3,200 shelves, 97.68% of their hours before and 99.32% after
    hours = (0.9932 - 0.9768) * 400 * 365 * 24
    assert gain(hours, days=365).amount == pytest.approx(52.48)


@pytest.mark.parametrize(
    "unit",
    [
        CapacityUnit("", "shelf-hours", 8), CapacityUnit("shelves", " ", 8),
        CapacityUnit("s" * 33, "shelf-hours", 8), CapacityUnit("shelves", "shelf-hours", 0),
        CapacityUnit("shelves", "shelf-hours", float("inf")),
    ],
)  # fmt: skip
def test_a_unit_without_words_or_number_is_unsound(unit):
    assert SHELVES.is_sound
    assert not unit.is_sound
