import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scuderia.crew.engine import forecasts
from scuderia.crew.engine.assign_spares import assign_spares
from scuderia.crew.engine.customer_months import MonthState, month_outlook
from scuderia.crew.engine.repairs import prior_hours, repair_outlook
from scuderia.fleet.queries.snapshot import month_bounds
from scuderia.twin.nouns import HISTORY, Policy
from tests.crew.snapshots import NOW
from tests.examples import examples

LENGTHS = st.lists(st.floats(0.1, 2_000), max_size=30)


def test_the_prior_gives_back_the_published_quantiles():
    quantiles = np.percentile(prior_hours(), [20, 50, 75, 90, 95])
    assert quantiles == pytest.approx([1.0, 20.4, 75.9, 311.0, 738.0], rel=0.06)


def test_a_repair_that_has_taken_long_takes_longer_still():
    outlook = repair_outlook([])
    chances = [outlook.chance_longer(24.0, age_h=age) for age in (0.0, 1.0, 24.0, 168.0)]
    assert chances == sorted(chances)


@given(LENGTHS, LENGTHS, st.floats(0, 5_000), st.integers(0, 99))
@example([1.0, 1.0, 1.0, 1.0, 757.0], [708.0], 706.0, 0)
@example([1.0, 1.0, 1.0, 1.0, 709.0], [708.0], 707.0, 0)
@examples(60)
def test_what_is_left_of_a_repair_is_never_nothing(finished, lasting, age_h, seed):
    outlook = repair_outlook(finished, lasting)
    assert float(np.sum(outlook.weight)) == pytest.approx(1.0)
    left = outlook.draw_remaining(np.random.default_rng(seed), age_h=age_h, count=20)
    assert np.all(left > 0)
    chances = [outlook.chance_longer(hours, age_h=age_h) for hours in (0.0, 1.0, 50.0, 5_000.0)]
    assert all(0 <= chance <= 1 for chance in chances)
    assert chances == sorted(chances, reverse=True)


@given(LENGTHS, LENGTHS)
@examples(40)
def test_open_repairs_weigh_as_kaplan_and_meier_say(finished, lasting):
    # the product-limit estimate, written down a second time
    prior = prior_hours()
    outlook = repair_outlook(finished, lasting)
    died = [(hours, 1.0) for hours in finished] + [(hours, 20 / len(prior)) for hours in prior]
    at = 30.0
    survival = 1.0
    for hours in sorted({hours for hours, _ in died if hours <= at}):
        dead = sum(weight for length, weight in died if length == hours)
        risk = sum(weight for length, weight in died if length >= hours)
        risk += sum(length >= hours for length in lasting)
        survival *= 1 - dead / risk
    assert outlook.chance_longer(at, age_h=0.0) == pytest.approx(survival, abs=1e-9)


def test_the_draws_follow_the_conditional_chance():
    outlook = repair_outlook([5.0, 50.0, 500.0])
    left = outlook.draw_remaining(np.random.default_rng(1), age_h=24.0, count=4_000)
    assert np.mean(left > 48.0) == pytest.approx(outlook.chance_longer(48.0, age_h=24.0), abs=0.03)


def test_beyond_every_repair_ever_seen_the_tail_is_a_power_law():
    outlook = repair_outlook([])
    assert outlook.chance_longer(4_000.0, age_h=4_000.0) == pytest.approx(2**-1.6)
    left = outlook.draw_remaining(np.random.default_rng(2), age_h=4_000.0, count=4_000)
    assert np.mean(left > 4_000.0) == pytest.approx(2**-1.6, abs=0.03)


def test_gaps_after_a_return_match_the_published_relapses():
    random = np.random.default_rng(3)
    gaps = np.array([forecasts.draw_gap_days(random, 4.2e-3) for _ in range(6_000)])
    for share, days in forecasts.RETURN_GAPS[1:]:
        assert np.mean(gaps <= days) == pytest.approx(share, abs=0.02)


def test_a_swap_leaves_the_slot_empty_for_the_handover_alone():
    # by hand: out for 10 h of a 24 h horizon; a spare after one hour leaves one hour
    spans = [(0, 36_000)]
    assert forecasts.hours_out(spans, HISTORY, 86_400) == 10.0
    assert forecasts.hours_out(spans, Policy(spares=1, swap_delay_s=3_600), 86_400) == 1.0
    assert forecasts.hours_out([(0, 200_000)], HISTORY, 86_400) == 24.0
    assert forecasts.hours_out([], HISTORY, 86_400) == 0.0


@given(st.floats(0, 800), st.integers(0, 10**6), LENGTHS)
@examples(12)
def test_a_forecast_is_the_same_again_and_stays_within_its_horizon(age_h, seed, lengths):
    repairs = repair_outlook(lengths)
    broken, spare = (
        forecasts.SlotOutlook(age_h, 4e-3, repairs),
        forecasts.SlotOutlook(None, 4e-3, repairs),
    )
    once = forecasts.forecast_swap(broken, spare, horizon_days=7, seed=seed)
    again = forecasts.forecast_swap(broken, spare, horizon_days=7, seed=seed)
    assert np.array_equal(once.acting, again.acting)
    assert np.all((once.do_nothing >= 0) & (once.do_nothing <= 168))
    assert np.all((once.acting >= 0) & (once.acting <= 168 + 1))
    assert once.low <= once.high


@given(st.floats(0, 2_000), st.integers(0, 10**6))
@examples(12)
def test_an_escalated_repair_ends_within_its_cap_or_sooner(age_h, seed):
    slot = forecasts.SlotOutlook(age_h, 0.0, repair_outlook([]))
    told = forecasts.forecast_escalation(slot, cap_h=48.0, horizon_days=7, seed=seed)
    quiet = told.do_nothing <= 48.0
    assert np.all(told.acting[quiet] <= 168.0)
    assert told.hours_saved > -24.0


def test_a_node_in_service_that_never_fails_has_no_outage_to_come():
    random = np.random.default_rng(4)
    assert (
        forecasts.draw_spans(
            forecasts.SlotOutlook(None, 0.0, repair_outlook([])), horizon_s=10**7, random=random
        )
        == []
    )


def state(**changes: object) -> MonthState:
    facts = {
        "target": 0.975, "served_h": 43_200.0, "lost_h": 0.0, "nodes": 100, "left_h": 288.0,
        "open_h": (), "failures_per_day": 0.0,
    } | changes  # fmt: skip
    return MonthState(**facts)  # type: ignore[arg-type]


def test_a_month_without_outages_keeps_its_promise():
    told = month_outlook(state(), repair_outlook([]), seed=1)
    assert (told.chance_missed, told.expected, told.hours_to_miss) == (0.0, 1.0, None)
    assert told.budget_h == pytest.approx(0.025 * (43_200 + 28_800))


def test_a_budget_that_is_used_up_is_missed_now():
    told = month_outlook(state(lost_h=5_000.0), repair_outlook([]), seed=1)
    assert (told.chance_missed, told.hours_to_miss) == (1.0, 0.0)


@given(st.lists(st.floats(1, 800), max_size=6), st.floats(0, 1_800), st.integers(0, 99))
@examples(25)
def test_filling_broken_slots_never_makes_a_month_worse(ages, lost_h, seed):
    month = state(open_h=tuple(ages), lost_h=lost_h, failures_per_day=4e-3)
    repairs = repair_outlook([])
    as_it_is = month_outlook(month, repairs, seed=seed)
    filled = month_outlook(month, repairs, seed=seed, without=frozenset(range(len(ages))))
    assert filled.chance_missed <= as_it_is.chance_missed
    assert filled.expected >= as_it_is.expected
    assert as_it_is.low <= as_it_is.expected <= as_it_is.high


@given(st.lists(st.text("abc", min_size=1, max_size=4), unique=True, max_size=8),
       st.lists(st.text("xyz", min_size=1, max_size=4), unique=True, max_size=8))  # fmt: skip
def test_no_spare_is_handed_out_twice_and_none_is_kept_back(wants, spares):
    given_out = assign_spares(wants, spares)
    assert len(set(given_out.values())) == len(given_out) == min(len(wants), len(spares))
    assert list(given_out) == wants[: len(spares)]
    assert assign_spares(wants, list(reversed(spares))) == given_out


def test_a_month_is_the_customers_own():
    starts_at, ends_at = month_bounds(NOW.replace(day=1, hour=3), "America/Los_Angeles")
    assert (starts_at.month, ends_at.month) == (6, 7)  # still June there
    starts_at, ends_at = month_bounds(NOW.replace(month=10), "Europe/Berlin")
    assert ends_at - starts_at == timedelta(days=31)  # by the wall clock
    assert math.isclose((ends_at.timestamp() - starts_at.timestamp()) / 3600, 31 * 24 + 1)
