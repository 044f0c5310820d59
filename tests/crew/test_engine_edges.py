"""The crew's arithmetic at its edges, each value worked by hand."""

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from scuderia.crew.engine import forecasts
from scuderia.crew.engine.approvals import SwapHabits, draw_habits, words
from scuderia.crew.engine.customer_months import MonthState, month_outlook
from scuderia.crew.engine.effects import Forecast
from scuderia.crew.engine.outlook import FleetOutlook, LemonOutlook, fleet_outlook
from scuderia.crew.engine.repairs import RepairOutlook, prior_hours, repair_outlook
from scuderia.crew.engine.spare_pools import (
    PoolView,
    forecast_pool,
    pool_view,
    replay_past,
    spare_need,
)
from scuderia.fleet.engine.lemon import PRIOR
from scuderia.fleet.engine.lemon_worth import PUBLISHED_WORTH
from scuderia.fleet.engine.snapshot import SwapRecord
from scuderia.twin.engine.outage_logs import log_of_spans
from scuderia.twin.nouns import HISTORY
from tests.crew.snapshots import node, snapshot

DAY_S, HOUR_S = 86_400, 3_600


def always(hours: float) -> RepairOutlook:
    """Every repair takes this long."""
    return RepairOutlook(np.array([hours]), np.array([1.0]), 1)


@dataclass
class Told:
    """A generator that gives what it is told; an exponential is its scale."""

    shares: list[float]
    scales: list[float] = field(default_factory=list)

    def random(self, count: int | None = None) -> Any:
        if count is None:
            return self.shares[0]
        return np.array(self.shares[:count] * (1 if count <= len(self.shares) else count))

    def exponential(self, scale: float) -> float:
        self.scales.append(scale)
        return scale


def told(*shares: float) -> Any:
    return Told(list(shares))


def month(**changes: Any) -> MonthState:
    """Ten hours to go of a month of twenty node-hours, half of which may be lost."""
    facts = {
        "target": 0.5, "served_h": 10.0, "lost_h": 0.0, "nodes": 1, "left_h": 10.0,
        "open_h": (), "failures_per_day": 0.0,
    } | changes  # fmt: skip
    return MonthState(**facts)


@pytest.mark.parametrize(
    ("repair_h", "age_h", "lost_h"), [(12.0, 5.0, 7.0), (15.0, 5.0, 10.0), (100.0, 5.0, 10.0)]
)
def test_an_outage_that_lasts_costs_what_is_left_of_it_within_the_month(repair_h, age_h, lost_h):
    outlook = month_outlook(month(open_h=(age_h,)), always(repair_h), seed=1)
    told = (outlook.low, outlook.expected, outlook.high)
    assert told == pytest.approx((1 - lost_h / 20,) * 3)


def test_a_month_that_ends_exactly_at_its_promise_keeps_it():
    outlook = month_outlook(month(open_h=(0.0,)), always(10.0), seed=1)
    assert (outlook.expected, outlook.budget_h) == (0.5, 10.0)
    assert (outlook.chance_missed, outlook.hours_to_miss) == (0.0, None)


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        ({"served_h": 6.0, "lost_h": 4.0, "open_h": (0.0,)}, 6.0),
        ({"served_h": 0.75, "lost_h": 0.75, "left_h": 0.5, "open_h": (0.0,)}, 0.25),
        ({"served_h": 0.0, "lost_h": 12.0, "left_h": 8.0}, 0.0),
    ],
)
def test_the_budget_is_gone_when_the_lasting_outage_has_used_it(changes, hours):
    outlook = month_outlook(month(**changes), always(500.0), seed=1)
    assert (outlook.chance_missed, outlook.hours_to_miss) == (1.0, pytest.approx(hours))


def test_the_interval_of_a_month_runs_from_the_tenth_to_the_ninetieth_of_a_hundred():
    class Spread(RepairOutlook):
        def draw_remaining(self, random: Any, *, age_h: float, count: int) -> Any:
            assert count == 400
            return np.arange(400.0)

    spread = Spread(np.array([1.0]), np.array([1.0]), 1)
    outlook = month_outlook(month(served_h=600.0, left_h=400.0, open_h=(0.0,)), spread, seed=1)
    # shares are 0.601, 0.602, ... 1.000: the tenth lies at place 39.9 of 0..399
    assert outlook.low == pytest.approx(0.601 + 0.0399)
    assert outlook.expected == pytest.approx(0.601 + 0.1995)
    assert outlook.high == pytest.approx(0.601 + 0.3591)


def test_only_nodes_in_service_fail_anew():
    facts = {"left_h": 240.0, "served_h": 0.0, "failures_per_day": 1.0}
    filled = frozenset({0, 1})
    ten = month(**facts, nodes=10, open_h=(1.0, 1.0))
    outlook = month_outlook(ten, always(1.0), seed=1, without=filled)
    assert (1 - outlook.expected) * 2_400 == pytest.approx(
        8 * 10, abs=1.5
    )  # 8 nodes, 10 days, 1 h each
    none = month(**facts, nodes=2, open_h=(1.0, 1.0))
    assert month_outlook(none, always(1.0), seed=1, without=filled).low == 1.0


def test_a_new_outage_costs_nothing_beyond_the_month():
    # ten outages are awaited; each begins halfway on average and lasts to the end: five hours
    ever = month(nodes=100, failures_per_day=0.24)
    outlook = month_outlook(ever, always(1_000.0), seed=1)
    assert (1 - outlook.expected) * 1_010 == pytest.approx(10 * 5, abs=4)


def test_a_customer_of_nothing_misses_nothing():
    nothing = month(served_h=0.0, nodes=0, left_h=0.0)
    outlook = month_outlook(nothing, always(1.0), seed=1)
    assert (outlook.chance_missed, outlook.low, outlook.high, outlook.budget_h) == (0, 1, 1, 0)


THREE = RepairOutlook(np.array([1.0, 2.0, 4.0]), np.array([0.25, 0.25, 0.5]), 3)


@pytest.mark.parametrize(
    ("age_h", "shares", "left_h"),
    [
        (0.0, (0.0, 0.2499, 0.25, 0.4999, 0.5, 0.9999), (1, 1, 2, 2, 4, 4)),
        (1.0, (0.0, 0.33, 0.34, 0.9999), (1, 1, 3, 3)),
        (3.999, (0.5,), (1 / 60,)),
        (4.0, (0.0, 0.5), (1 / 60, 4 * (2 ** (1 / 1.6) - 1))),
        (8.0, (0.5,), (8 * (2 ** (1 / 1.6) - 1),)),
    ],
)
def test_what_is_left_of_a_repair_is_drawn_by_weight(age_h, shares, left_h):
    drawn = THREE.draw_remaining(told(*shares), age_h=age_h, count=len(shares))
    assert drawn.tolist() == pytest.approx(left_h)


def test_a_share_beyond_the_rounded_sum_of_weights_is_the_longest_repair():
    tenths = RepairOutlook(np.arange(1.0, 11.0), np.full(10, 0.1), 10)  # they sum to a hair less
    assert tenths.draw_remaining(told(1 - 2**-53), age_h=0.0, count=1).tolist() == [10.0]


@pytest.mark.parametrize(
    ("hours", "age_h", "chance"),
    [(0.0, 0.0, 1.0), (1.0, 0.0, 0.75), (2.0, 0.0, 0.5), (1.0, 1.0, 2 / 3), (4.0, 0.0, 0.0),
     (4.0, 4.0, 2**-1.6), (8.0, 4.0, 3**-1.6)],
)  # fmt: skip
def test_longer_means_longer_and_not_as_long(hours, age_h, chance):
    assert THREE.chance_longer(hours, age_h=age_h) == pytest.approx(chance)


def test_beyond_a_repair_of_a_blink_the_tail_counts_in_minutes():
    blink = always(0.001)
    assert blink.chance_longer(1 / 60, age_h=0.002) == pytest.approx(2**-1.6)


def test_the_published_repairs_weigh_as_twenty_of_the_fleets_own():
    assert repair_outlook([10_000.0]).weight[-1] == pytest.approx(1 / 21)
    lasting = repair_outlook([], [20_000.0])
    assert (lasting.hours[-1], lasting.weight[-1]) == (20_000.0, pytest.approx(1 / 21))
    assert lasting.repairs == 0
    assert repair_outlook([0.0, 0.01, 7.0]).hours[:3] == pytest.approx([1 / 60, 1 / 60, 0.05], 0.2)


def test_the_prior_runs_through_every_published_quantile():
    published = [(0, 0.05), (0.2, 1), (0.5, 20.4), (0.75, 75.9), (0.9, 311), (0.95, 738),
                 (0.99, 1_966), (1, 3_144)]  # fmt: skip
    prior = prior_hours()
    assert len(prior) == 200
    for (low, low_h), (high, high_h) in pairwise(published):
        half_a_step = 0.0025 / (high - low)
        first, last = prior[round(low * 200)], prior[round(high * 200) - 1]
        assert first == pytest.approx(low_h * (high_h / low_h) ** half_a_step)
        assert last == pytest.approx(low_h * (high_h / low_h) ** (1 - half_a_step))


def test_before_anyone_has_decided_nearly_all_and_nearly_none_are_likeliest():
    random = np.random.default_rng(1)
    shares = np.array([draw_habits(SwapRecord(), random).share for _ in range(4_000)])
    # by the incomplete beta function of (0.1, 0.1)
    assert np.mean(shares < 0.1) == pytest.approx(0.405, abs=0.02)
    assert np.mean(shares > 0.9) == pytest.approx(0.405, abs=0.02)
    asked = SwapRecord(refused=5, approved_hours=(1.0,) * 14)
    shares = np.array([draw_habits(asked, random).share for _ in range(4_000)])
    assert np.mean(shares) == pytest.approx(14.1 / 19.2, abs=0.005)


def test_a_yes_comes_hours_after_the_proposal_which_comes_after_four():
    random = np.random.default_rng(1)
    always_yes = SwapHabits(1.0, (0.5, 20.0), np.array([0.25, 0.75]))
    waits = [always_yes.draw_wait_h(random, age_h=0.0) for _ in range(2_000)]
    assert set(waits) == {4.5, 24.0}
    assert np.mean(np.array(waits) == 24.0) == pytest.approx(0.75, abs=0.03)
    assert {always_yes.draw_wait_h(random, age_h=3.0) for _ in range(200)} == {1.5, 21.0}
    assert {always_yes.draw_wait_h(random, age_h=99.0) for _ in range(200)} == {0.5, 20.0}
    never = replace(always_yes, share=0.0)
    assert {never.draw_wait_h(random, age_h=0.0) for _ in range(200)} == {None}


def test_how_fast_people_answer_is_drawn_from_their_record_and_three_more():
    random = np.random.default_rng(1)
    habits = [draw_habits(SwapRecord(approved_hours=(20.0,) * 7), random) for _ in range(500)]
    assert {one.hours for one in habits} == {(0.5, 2.0, 8.0, *[20.0] * 7)}
    weights = np.array([one.weight for one in habits])
    assert np.sum(weights, axis=1) == pytest.approx(np.ones(500))
    assert np.mean(weights, axis=0) == pytest.approx(np.full(10, 0.1), abs=0.02)


def test_the_record_is_said_in_words():
    assert words(SwapRecord()) == "nobody has decided a swap yet, so any share may be approved"
    asked = SwapRecord(refused=2, approved_hours=(1.0,))
    assert words(asked) == "people approved 1 of the 3 swaps proposed so far"
    assert words(SwapRecord(refused=1)) == "people approved 0 of the 1 swaps proposed so far"


def forecast(nothing: list[float], acting: list[float]) -> Forecast:
    return Forecast(np.array(nothing), np.array(acting))


@pytest.mark.parametrize(
    ("acting", "low"), [([1.0] * 11, 1.0), ([0.999] * 11, 0.0), ([*range(11)], 1.0)]
)
def test_the_low_end_is_the_tenth_or_nothing_within_the_handover(acting, low):
    assert forecast([50.0] * 11, acting).low == low


def test_the_high_end_lies_above_what_is_expected():
    assert forecast([200] * 101, [*range(101)]).high == 90.0
    tail = [0.0] * 92 + [100.0] * 9  # its ninetieth is nothing, its mean is not
    assert forecast([0.0] * 101, tail).high == 100.0
    longer = [0.0] * 97 + [100.0] * 4
    assert forecast([0.0] * 101, longer).high == 100.0
    rare = [0.0] * 100 + [1_000.0]
    assert forecast([0.0] * 101, rare).high == 1_000.0


@pytest.mark.parametrize(
    ("share", "days"), [(0.0, 0.01), (0.18, 0.25), (0.223, 1.0), (0.31, 7.0), (0.4199999, 28.0)]
)
def test_a_return_breaks_again_as_the_published_year_did(share, days):
    assert forecasts.draw_gap_days(told(share), 0.5) == pytest.approx(days, rel=1e-4)


@pytest.mark.parametrize(("rate", "scale"), [(0.5, 2.0), (1.0, 1.0), (0.0, 1e6)])
def test_what_is_no_relapse_comes_after_28_days_at_the_nodes_rate(rate, scale):
    assert forecasts.draw_gap_days(told(0.42), rate) == pytest.approx(28 + scale)


def test_a_broken_node_returns_and_breaks_again():
    # six of ten hours are left; then a day in service, then ten hours
    broken = forecasts.SlotOutlook(4.0, 0.5, always(10.0))
    again = 6 * HOUR_S + DAY_S
    spans = forecasts.draw_spans(broken, horizon_s=again + 1, random=told(0.223))
    assert spans == [(0, 6 * HOUR_S), (again, again + 10 * HOUR_S)]
    assert forecasts.draw_spans(broken, horizon_s=again, random=told(0.223)) == spans[:1]


def test_a_slot_that_a_spare_took_breaks_as_the_spare_does_and_not_as_the_node_that_left():
    # out from now for six hours; the spare comes after two and breaks at its own rate, in two days
    broken = forecasts.SlotOutlook(4.0, 0.5, always(10.0))
    outages = forecasts.draw_outages(broken, told(0.223))
    assert next(outages) == (0, 6 * HOUR_S)
    assert outages.send(2 * HOUR_S)[0] == 2 * HOUR_S + 2 * DAY_S
    back = forecasts.draw_outages(broken, told(0.223))
    next(back)
    assert back.send(None)[0] == 6 * HOUR_S + DAY_S


def test_a_node_in_service_breaks_at_its_own_rate():
    serving = forecasts.SlotOutlook(None, 0.5, always(10.0))
    spans = forecasts.draw_spans(serving, horizon_s=2 * DAY_S + 1, random=told(0.223))
    assert spans == [(2 * DAY_S, 2 * DAY_S + 10 * HOUR_S)]
    assert forecasts.draw_spans(serving, horizon_s=2 * DAY_S, random=told(0.223)) == []


def test_a_gap_and_an_outage_last_a_second_at_least_and_a_gap_a_million_days_at_most():
    often = forecasts.SlotOutlook(None, 1e9, always(10.0))
    assert forecasts.draw_spans(often, horizon_s=2, random=told(0.223))[0][0] == 1
    never = forecasts.SlotOutlook(None, 1e-9, always(10.0))
    last = 10**6 * DAY_S
    assert forecasts.draw_spans(never, horizon_s=last + 1, random=told(0.223))[0][0] == last
    short = forecasts.SlotOutlook(0.0, 0.5, RepairOutlook(np.array([1 / 60]), np.array([1.0]), 1))
    assert forecasts.draw_spans(short, horizon_s=1, random=told(0.223)) == [(0, 60)]


def test_an_outage_at_the_very_end_of_the_horizon_is_not_in_it():
    assert forecasts.hours_out([(HOUR_S, 2 * HOUR_S)], HISTORY, HOUR_S) == 0.0
    assert forecasts.hours_out([(0, 2 * HOUR_S)], HISTORY, HOUR_S) == 1.0


def test_a_swap_costs_the_handover_and_then_what_the_spare_loses():
    broken, spare = (
        forecasts.SlotOutlook(4.0, 0.0, always(5_000.0)),
        forecasts.SlotOutlook(None, 0.0, always(1.0)),
    )
    swap = forecasts.forecast_swap(broken, spare, horizon_days=7, seed=3)
    assert swap.do_nothing.tolist() == [168.0] * 150
    assert np.all((swap.acting >= 0) & (swap.acting < 1))
    assert np.mean(swap.acting) == pytest.approx(0.5, abs=0.08)
    serving = forecasts.SlotOutlook(None, 100.0, always(5_000.0))
    pulled = forecasts.forecast_swap(serving, spare, horizon_days=7, seed=3)
    assert pulled.acting.tolist() == [0.0] * 150


def test_an_escalation_that_never_binds_changes_nothing():
    slot = forecasts.SlotOutlook(4.0, 0.5, always(20.0))
    forecast = forecasts.forecast_escalation(slot, cap_h=48.0, horizon_days=7, seed=3)
    assert forecast.acting.tolist() == pytest.approx(forecast.do_nothing.tolist(), rel=1e-9)
    assert len(forecast.acting) == 150


def test_after_an_escalated_repair_the_node_breaks_as_after_any_other():
    # 990 hours are left and end at the cap of 48; of all returns 29.5% break within five days
    slot = forecasts.SlotOutlook(10.0, 1e-4, always(1_000.0))
    forecast = forecasts.forecast_escalation(slot, cap_h=48.0, horizon_days=7, seed=3)
    assert forecast.do_nothing.tolist() == [168.0] * 150
    assert np.min(forecast.acting) == 48.0
    assert np.mean(forecast.acting > 48.0) == pytest.approx(0.295, abs=0.08)


def outlook_of(rate: float, repairs: RepairOutlook) -> FleetOutlook:
    nobody = LemonOutlook(PRIOR, np.array([rate, rate]), {}, PUBLISHED_WORTH)
    return FleetOutlook(rate, repairs, nobody, 60.0)


def outlook(rate: float = 0.01) -> FleetOutlook:
    return outlook_of(rate, always(1_000.0))


def test_a_chance_within_28_days_becomes_a_rate_and_never_certainty():
    told_rates = [outlook().serving(chance).failures_per_day for chance in (0.5, 0.99, 1.0)]
    assert told_rates == pytest.approx([math.log(2) / 28, math.log(100) / 28, math.log(100) / 28])
    assert outlook().serving().failures_per_day == pytest.approx(0.0069)
    assert outlook().fresh(2.0).failures_per_day == pytest.approx(0.0138)
    broken = outlook().broken(5.0)
    assert (broken.out_h, broken.failures_per_day) == (5.0, 0.01)


def test_an_outage_that_ended_this_instant_is_a_finished_repair():
    known = fleet_outlook(snapshot([node(1, (1, 0)), node(2, (2, None)), node(3, (1, 1 - 1 / 48))]))
    assert known.repairs.repairs == 2
    assert {24.0, 48.0}.issubset(known.repairs.hours)
    assert np.any(np.isclose(known.repairs.hours, 0.5, rtol=1e-9))


def view(**changes: Any) -> PoolView:
    """Ten slots over ten days without an outage; the pool has one spare."""
    log = log_of_spans([[]] * 10, horizon_s=10 * DAY_S)
    facts = {
        "cluster": "paddock", "size": 1, "free": 3, "slots": 10, "gpus": 80, "days": 10.0,
        "log": log, "open_h": (),
    } | changes  # fmt: skip
    return PoolView(**facts)


def test_a_pool_sees_the_last_ninety_days_of_the_nodes_that_customers_hold():
    nodes = [
        node(1, (95, 90), (92, 80), (10, 9), days=100),
        node(2, (2, None), days=100),
        node(3, (89, 88), customer=None, days=100),
        node(4, (95, 90), (1, 0), days=100),
    ]
    seen = pool_view(snapshot(nodes, days=100, fill=4), "paddock", 2)
    assert (seen.size, seen.free, seen.slots, seen.gpus, seen.days) == (2, 1, 3, 8, 90.0)
    assert seen.open_h == (48.0,)
    out = zip(seen.log.node, seen.log.start_s // DAY_S, seen.log.end_s // DAY_S, strict=True)
    assert list(out) == [(0, 0, 10), (0, 80, 81), (1, 88, 90), (2, 89, 90)]
    assert seen.log.horizon_s == 90 * DAY_S


def test_a_pool_of_young_books_sees_all_of_them():
    seen = pool_view(snapshot([node(1, (29, 28), days=30)], days=30, fill=1), "paddock", 2)
    assert (seen.days, seen.free, seen.gpus) == (30.0, 0, 8)
    assert (seen.log.start_s.tolist(), seen.log.end_s.tolist()) == ([DAY_S], [2 * DAY_S])


def test_a_cluster_that_nobody_holds_needs_a_view_too():
    empty = pool_view(snapshot([], fill=0), "paddock", 2)
    assert (empty.free, empty.slots, empty.gpus, empty.log.n_nodes) == (0, 0, 0, 1)
    assert spare_need(empty).spares == 0


def test_the_books_of_no_time_are_a_second_long():
    assert pool_view(snapshot([], days=0, fill=0), "paddock", 0).log.horizon_s == 1


def test_the_need_is_palms_at_nineteen_of_twenty_instants():
    # ten slots down a tenth of the time: Poisson of mean one; P(N <= 3) = 0.981, P(N <= 2) = 0.920
    busy = view(log=log_of_spans([[(0, DAY_S)]] * 10, horizon_s=10 * DAY_S))
    need = spare_need(busy)
    assert (need.spares, need.nodes_down_mean) == (3, 1.0)
    assert spare_need(view(slots=0)).nodes_down_mean == 0.0
    one = view(slots=1, log=log_of_spans([[(0, DAY_S)]], horizon_s=DAY_S))
    assert spare_need(one).nodes_down_mean == 1.0


def test_a_replayed_pool_fills_a_slot_six_hours_after_its_outage_began():
    out = view(log=log_of_spans([[(0, DAY_S)], *[[]] * 9], horizon_s=10 * DAY_S), size=0)
    past = replay_past(out, 1, seed=1)
    assert (past.base.downtime_s, past.candidate.downtime_s) == (DAY_S, 6 * HOUR_S)
    full = replay_past(view(log=out.log, size=20), 30, seed=1)
    assert full.base.downtime_s == full.candidate.downtime_s == 6 * HOUR_S


def test_a_pool_is_forecast_with_its_swaps_approved_and_refused():
    yes = SwapRecord(approved_hours=(2.0,) * 10_000)
    no = SwapRecord(refused=10_000)
    waiting = view(open_h=(1.0, 2.0), size=0)
    sure = outlook_of(1e-12, always(5_000.0))
    swapped = forecast_pool(waiting, 2, sure, yes, horizon_days=7, seed=1)
    refused = forecast_pool(waiting, 2, sure, no, horizon_days=7, seed=1)
    assert len(swapped.acting) == 80
    assert np.median(swapped.do_nothing) == 2 * 168.0
    assert np.median(swapped.acting) == 3.0 + 2.0 + 2.0 + 2.0  # an hour old, and two hours old
    assert np.median(refused.acting) == np.median(refused.do_nothing) == 2 * 168.0
    most = forecast_pool(view(open_h=(1.0,), size=9, slots=1), 9, sure, yes, horizon_days=7, seed=1)
    assert np.median(most.acting) == 5.0


def test_slots_that_serve_fail_as_often_as_the_window_says():
    lively = outlook_of(0.1 / 0.69, always(1.0))
    no = SwapRecord(refused=10_000)
    told_hours = forecast_pool(view(slots=100), 1, lively, no, horizon_days=1, seed=1).acting
    # at most ten outages of an hour, about a tenth of them relapses, spread by the window's five
    assert np.mean(told_hours) == pytest.approx(11.0, rel=0.25)
    assert np.std(told_hours) > 4.0
