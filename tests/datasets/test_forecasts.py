from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.forecast import DATA, POINTS, foretold, topics
from scuderia.datasets.engine.forecast_errors import PRIOR_GROUPS, PRIOR_SPREAD, BackTest, misses_of
from scuderia.datasets.engine.forecasts import (
    IDLE_HOURS,
    Arrivals,
    BadForecast,
    Change,
    ForecastAsked,
    ForecastState,
    Pause,
    back_tests,
    forecast,
    pool_of,
    side_by_side,
    what_moves,
    worked_clock,
)
from tests.examples import examples

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)


def steady(count, per_day=100.0, raters=20, seed=1, start=START):
    """Return Poisson arrivals of equal contributors."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.exponential(1 / per_day, count))
    who = rng.integers(0, raters, count)
    return [(f"r{r:02d}", start + timedelta(days=float(t))) for r, t in zip(who, at, strict=True)]


def asked(target, days, **more):
    return ForecastAsked(target, START + days * DAY, **more)


def test_a_steady_project_ends_when_its_rate_says_and_each_percentile_is_later():
    told = forecast(Arrivals.of(steady(500)), asked(1_000, 5))
    assert told.state is ForecastState.EXPECTED
    assert abs((told.p50 - START) / DAY - 10) < 0.7
    assert told.low < told.p50 < told.p80 < told.high < told.p95
    assert (told.done, told.groups) == (500, 1)


@pytest.mark.parametrize(
    ("judged", "target", "days", "pauses", "state"),
    [
        ([], 10, 5, (), ForecastState.NO_WORK),
        ([("r", START), ("s", START)], 10, 0, (), ForecastState.NO_WORK),
        (steady(50), 50, 5, (), ForecastState.REACHED),
        (steady(50), 99, 5, (Pause(START + DAY),), ForecastState.PAUSED),
    ],
)
def test_where_no_date_can_be_said_none_is(judged, target, days, pauses, state):
    told = forecast(Arrivals.of(judged), asked(target, days, pauses=pauses))
    assert told.state is state
    assert (told.low, told.p50, told.p80, told.p95, told.high) == (None,) * 5
    assert told.words
    assert (told.work_days is None) == (state is not ForecastState.PAUSED)


def test_what_nobody_can_foresee_within_ten_years_has_no_date():
    told = forecast(Arrivals.of(steady(50, per_day=5)), asked(10_000_000, 10))
    assert told.state is ForecastState.EXPECTED
    assert told.p50 is None


def test_a_pause_moves_the_date_by_its_length_and_is_no_slowness():
    judged = steady(500)
    plain = forecast(Arrivals.of(judged), asked(1_000, 5))
    ahead = Pause(START + 5 * DAY, START + 9 * DAY)
    assert (
        abs(
            forecast(Arrivals.of(judged), asked(1_000, 5, pauses=(ahead,))).p50
            - plain.p50
            - 4 * DAY
        )
        < DAY / 2
    )
    # the same work, with a week in the middle in which nobody could work
    week = [(who, at if at < START + 2 * DAY else at + 7 * DAY) for who, at in judged]
    found = pool_of(Arrivals.of(week), asked(1_000, 12))
    assert abs(found.worked_days - 5) < 0.2
    assert abs(found.per_day - 100) < 10


def test_a_project_that_fell_silent_says_so():
    told = forecast(Arrivals.of(steady(500)), asked(1_000, 9))
    assert "nothing arrived for" in told.words
    assert told.p50 > START + 9 * DAY


def test_the_same_question_has_the_same_answer_whatever_came_later_and_in_what_order():
    judged = steady(900)
    known = [one for one in judged if one[1] <= START + 5 * DAY]
    told = forecast(Arrivals.of(known), asked(1_000, 5, seed=3))
    assert forecast(Arrivals.of(judged[::-1]), asked(1_000, 5, seed=3)) == told
    assert forecast(Arrivals.of(known), asked(1_000, 5, seed=4)) != told


@pytest.mark.parametrize(
    "bad",
    [
        asked(-5, 1),
        asked(5, 1, pauses=(Pause(START, START),)),
    ],
)
def test_a_question_without_sense_is_refused(bad):
    with pytest.raises(BadForecast):
        forecast(Arrivals.of(steady(5)), bad)


HOURS = st.integers(0, 400)


@examples(200)
@example([0, IDLE_HOURS - 1, 2 * IDLE_HOURS - 1], [], None)
@given(
    st.lists(HOURS, min_size=1, max_size=12).map(sorted),
    st.lists(st.tuples(HOURS, HOURS).filter(lambda one: one[0] < one[1]), max_size=4),
    st.none() | HOURS,
)
def test_worked_time_is_what_an_hour_by_hour_count_gives(hours, spans, open_from):
    pauses = [Pause(START + timedelta(hours=a), START + timedelta(hours=b)) for a, b in spans]
    if open_from is not None:
        pauses.append(Pause(START + timedelta(hours=open_from)))
    seconds = np.array([int(START.timestamp()) + 3_600 * hour for hour in hours])
    paused = {hour for a, b in spans for hour in range(a, b)}
    if open_from is not None:
        paused |= set(range(open_from, 401))
    worked = 0
    for one, other in pairwise(hours):
        if other - one < IDLE_HOURS:
            worked += len(set(range(one, other)) - paused)
    assert worked_clock(seconds, pauses)[-1] * 24 == pytest.approx(worked)


def test_the_pools_rate_is_gamma_with_the_arrivals_over_the_worked_days_as_its_mean():
    judged = [("busy", START + timedelta(hours=h)) for h in range(40)] + [("new", START)]
    pool = pool_of(Arrivals.of(judged), asked(100, 40 / 24))
    # moments of (40, 1): mean 20.5, variance 380.25, so a = 20.5^2 / 359.75, b = a E / 20.5
    a, worked = 20.5**2 / 359.75, 40 / 24
    assert pool.shape == pytest.approx(2 * a + 41)
    assert pool.rate == pytest.approx(a * worked / 20.5 + worked)
    assert pool.per_day == pytest.approx(41 / worked)


def test_each_change_moves_the_date_its_way():
    arrivals, question = Arrivals.of(steady(500)), asked(1_000, 5)
    before = forecast(arrivals, question).work_days[0]

    def moved(**change):
        return forecast(arrivals, question, change=Change(**change)).work_days[0] - before

    assert moved(lost_days=2.0) == pytest.approx(2.0)
    assert moved(more_raters=20) == pytest.approx(-before / 2, rel=0.05)
    assert moved(more_target=500) == pytest.approx(before, rel=0.05)
    assert moved(overlap=0.8) == pytest.approx(-before / 5, rel=0.05)
    assert moved(without=frozenset({"r00", "r01"})) == pytest.approx(before / 9, rel=0.3)
    assert moved(without=frozenset({"a stranger"})) == 0
    movers = what_moves(arrivals, question)
    assert [abs(one.days) for one in movers] == sorted((abs(m.days) for m in movers), reverse=True)
    assert len(movers) == 5
    assert what_moves(Arrivals.of([]), question) == ()


def test_weekends_without_work_are_foreseen():
    judged = [one for one in steady(5_000) if one[1].weekday() < 5]
    friday = START + timedelta(days=46)
    arrivals = Arrivals.of(judged)
    done = arrivals.until(int(friday.timestamp())).seconds.size
    told = forecast(arrivals, ForecastAsked(done + 150, friday))
    assert (told.p50 - friday) / DAY > told.work_days[0] + 0.5


def back_test(group, progress=0.5, factor=1.0, *, was_interrupted=False):
    """Return a back-test of a project that took `factor` times what its rate foretold."""
    return BackTest(group, progress, 500, 100.0, 5.0 * factor, 100.0, was_interrupted)


def test_without_back_tests_little_is_claimed_and_with_many_what_they_say():
    none = misses_of([], 0.5)
    assert (none.middle, none.groups) == (0.0, 0)
    rng = np.random.default_rng(5)
    many = [back_test(f"g{at}", factor=float(np.exp(rng.normal(0.3, 0.2)))) for at in range(200)]
    found = misses_of(many, 0.5)
    assert found.middle == pytest.approx(0.3, abs=0.05)
    assert found.spread == pytest.approx(0.2, abs=0.04)
    assert none.spread > PRIOR_SPREAD > found.spread
    # forty topics of one project say no more than one
    one = misses_of([back_test("same", factor=1.3)] * 40, 0.5)
    assert one.spread == pytest.approx(misses_of([back_test("same", factor=1.3)], 0.5).spread)
    assert one.freedom == PRIOR_GROUPS


def test_the_middle_follows_how_misses_grow_with_progress():
    past = [
        back_test(f"g{at}", point, factor)
        for at in range(12)
        for point, factor in ((0.25, 1.0), (0.5, 1.5), (0.75, 2.25))
    ]
    early, late = misses_of(past, 0.25), misses_of(past, 0.75)
    assert late.middle - early.middle == pytest.approx(np.log(2.25), rel=0.05)


def test_a_date_lies_half_way_between_the_projects_own_rate_and_that_of_finished_ones():
    past = [back_test(f"g{at}", point) for at in range(3) for point in (0.25, 0.5, 0.75)]
    slower = [replace(one, whole_per_day=25.0) for one in past]
    arrivals, question = Arrivals.of(steady(500)), asked(1_000, 5)
    days = [forecast(arrivals, question, of).work_days[0] for of in (past, slower)]
    # the misses of the slower ones are half-way too, so what is learned of them cancels it
    middles = [misses_of(of, 0.5).middle for of in (past, slower)]
    assert middles[1] - middles[0] == pytest.approx(-np.log(2))
    assert days[1] == pytest.approx(days[0], rel=0.05)


def test_projects_that_ran_side_by_side_are_one_group():
    def ran(first, last):
        return Arrivals.of([("r", START + first * DAY), ("r", START + last * DAY)])

    of = {
        "a": ran(0, 10),
        "b": ran(5, 15),
        "c": ran(14, 30),
        "d": ran(11, 13),
        "e": Arrivals.of([]),
    }
    groups = side_by_side(of)
    assert groups["a"] == groups["b"] == groups["d"]
    assert len({groups["a"], groups["c"], groups["e"]}) == 3


def test_interruptions_count_once_a_project_and_only_those_after_such_progress():
    past = [
        back_test("a", 0.25, was_interrupted=True),
        back_test("a", 0.75, was_interrupted=True),
        back_test("b", 0.25, was_interrupted=True),
        back_test("c", 0.75),
    ]
    assert misses_of(past, 0.5).interrupted == 1
    assert misses_of(past, 0.2).interrupted == 2


def test_of_simulated_projects_like_their_past_about_eight_in_ten_end_inside():
    """The process is its own: days of gamma rates, not the engine's Poisson with one rate."""

    def project(seed):
        rng = np.random.default_rng(seed)
        days = rng.gamma(4, 25 * np.exp(rng.normal(0, 0.3)), 60)
        at = [day + rng.random() for day, many in enumerate(days) for _ in range(int(many))]
        return Arrivals.of([(f"r{rng.integers(30)}", START + t * DAY) for t in sorted(at)[:1_000]])

    past = [one for at in range(30) for one in back_tests(project(at), 1_000, f"p{at}")]
    inside = []
    for at in range(100, 160):
        arrivals = project(at)
        now = datetime.fromtimestamp(int(arrivals.seconds[399]), UTC)
        told = forecast(arrivals, ForecastAsked(1_000, now), past)
        end = datetime.fromtimestamp(int(arrivals.seconds[999]), UTC)
        inside.append(told.low <= end <= told.high)
    assert 0.7 <= np.mean(inside) <= 0.95


@pytest.mark.long
@pytest.mark.skipif(not DATA.is_dir(), reason="UKPConvArg1 is not in ../shared/data")
def test_the_real_topics_end_inside_the_interval_as_often_as_it_says():
    of = topics()
    covered = [foretold(point, of)["covered"] for point in POINTS]
    assert all(0.72 <= one / 32 <= 0.88 for one in covered)
