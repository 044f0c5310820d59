"""Replanning: every plan holds by the checker, nothing moves without need, one seed, one plan."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.replan import INSTANCES, REFERENCE, measured, read_instance
from scuderia.freeze.engine.impact_bill import impact_bill
from scuderia.freeze.engine.infeasible import Certainty, Rule
from scuderia.freeze.engine.landing import LandingRule
from scuderia.freeze.engine.plan_check import Fault, check_plan, plan_cost
from scuderia.freeze.engine.planned_updates import BadCalendar, Closure, verified_case
from scuderia.freeze.engine.replan import STEPS, WINDOWS, replan
from scuderia.freeze.engine.replan_greedy import Aims, place_greedily
from scuderia.freeze.engine.replan_search import improve
from scuderia.freeze.engine.replan_windows import _solve, solve_windows
from scuderia.freeze.engine.slot_bits import OUT, bits, runs
from scuderia.freeze.engine.update_calendar import UpdateCalendar
from tests.examples import examples
from tests.freeze.replan_cases import (
    GRID_S,
    HOUR_S,
    ORIGIN,
    PLACES,
    a_case,
    an_update,
    night,
    random_case,
)

SEEDS = st.integers(0, 10**6)
ROOMY = {"rack_caps": (9,) * 6, "cluster_caps": (9,) * 3, "customer_caps": (9,) * 3}
NEW = Closure("new zone", frozenset({0, 1}), frozenset("a"), night(1, hour=17), night(2, hour=25))


def seeded(seed):
    return Random(seed)  # noqa: S311 - a test's draws


def planned(case, **facts):
    """Replan, and hold the plan to the checker."""
    told = replan(case, **{"steps": 60, "windows": 2, **facts})
    assert check_plan(case, told.starts, objective=told.objective) == []
    assert told.objective <= told.greedy
    return told


@examples(60)
@given(SEEDS)
def test_every_plan_holds_and_none_is_worse_than_the_greedy_one(seed):
    told = planned(random_case(seed, updates=18), steps=40, windows=0)
    assert len(told.unplaced) == told.starts.count(None)


@examples(12)
@given(SEEDS)
def test_windows_of_cp_sat_keep_every_rule(seed):
    case = random_case(seed, updates=14)
    calendar = UpdateCalendar(case)
    place_greedily(calendar, Aims(calendar))
    before = calendar.cost()
    gained = solve_windows(calendar, seeded(seed), windows=2)
    assert before - gained == calendar.cost()
    assert gained >= 0
    assert check_plan(case, calendar.starts(), objective=calendar.cost()) == []


def test_a_window_keeps_a_lower_ring_whose_higher_ring_stands_outside_it():
    """A heavier update would pay for the only slot, but the ring outside needs the lower one."""
    only = {"earliest": night(3), "due": night(3, hour=18), "deadline": night(3, hour=18)}
    pair = {"nodes": (0, 1), "at_once_per_rack": 2}
    lower = replace(an_update(0, night(3), campaign=0), **only, **pair)
    higher = an_update(1, night(4), (8,), campaign=0, ring=1)
    heavy = replace(an_update(2, night(2), weight=10), **only, **pair)
    case = a_case(lower, higher, heavy, new=NEW)
    calendar = UpdateCalendar(case)
    assert calendar.at[2] == OUT
    assert _solve(calendar, [0, 2]) == 0
    assert check_plan(case, calendar.starts(), objective=57_600) == []
    assert _solve(calendar, [0, 1, 2]) == 8 * 5_760
    assert check_plan(case, calendar.starts(), objective=2 * 5_760) == []


def test_a_window_moves_what_may_stay_only_where_that_pays():
    """Four slots late beside the quiet one is cheaper than moving it; fourteen is not the best."""
    pair = {"nodes": (0, 1), "at_once_per_rack": 2}
    quiet = replace(an_update(0, night(3), due=night(6)), **pair)
    late = replace(an_update(1, night(2), earliest=night(3), due=night(3, hour=18)), **pair)
    calendar = UpdateCalendar(a_case(quiet, late, new=NEW))
    calendar.place(1, calendar.at[0] + 14)
    assert _solve(calendar, [0, 1]) == 10
    assert calendar.at == [calendar.planned[0], calendar.planned[0] + 4]


@examples(40)
@given(SEEDS)
def test_a_start_is_allowed_where_the_checker_finds_no_fault(seed):
    case = random_case(seed, updates=3)
    alone = replace(case, updates=(replace(case.updates[0], ring=0),))
    calendar = UpdateCalendar(alone)
    if calendar.at[0] != OUT:
        calendar.lift(0)
    fits = calendar.fitting(0, bits(0, alone.slots - 1))
    for slot in range(0, alone.slots, 7):
        start = ORIGIN + slot * GRID_S
        assert bool(fits >> slot & 1) is (check_plan(alone, (start,)) == []), slot


@examples(40)
@given(SEEDS)
def test_the_levels_count_what_stands_after_any_placing_and_lifting(seed):
    case = random_case(seed, updates=16)
    draw = seeded(seed)
    calendar = UpdateCalendar(case)
    for _ in range(80):
        number = draw.randrange(len(case.updates))
        if calendar.at[number] != OUT:
            calendar.lift(number)
        else:
            fits = list(runs(calendar.fitting(number, bits(0, case.slots - 1))))
            if fits:
                calendar.place(number, draw.choice(fits)[0])
    number = draw.randrange(len(case.updates))
    for place, down in calendar.places[number]:
        for slot in range(case.slots):
            used = sum(
                dict(calendar.places[one])[place]
                for one in calendar.members[place]
                if OUT < calendar.at[one] <= slot < calendar.at[one] + calendar.work[one]
            )
            assert bool(calendar.full(place, down) >> slot & 1) is (
                used + down > calendar.caps[place]
            )


@examples(30)
@given(SEEDS)
def test_the_cost_that_the_planner_counts_is_the_checkers(seed):
    case = random_case(seed)
    calendar = UpdateCalendar(case)
    aims = Aims(calendar)
    place_greedily(calendar, aims)
    assert calendar.cost() == plan_cost(case, calendar.starts())
    first = calendar.cost()
    improve(calendar, aims, seeded(seed), steps=30)
    assert calendar.cost() == plan_cost(case, calendar.starts()) <= first


@examples(25)
@given(SEEDS)
def test_a_landing_keeps_its_rates_and_every_other_rule(seed):
    rule = LandingRule(rates=((4 * HOUR_S, 1), (24 * HOUR_S, 2)), then=3, wide_wait_s=20 * HOUR_S)
    case = random_case(seed, updates=30)
    told = replan(case, steps=40, landing=rule)
    assert check_plan(case, told.starts, objective=told.objective, landing=rule) == []


def test_what_comes_down_after_a_zone_comes_no_faster_than_its_rate():
    backlog = [an_update(n, night(1), (0,), due=night(6), earliest=night(1)) for n in range(6)]
    case = a_case(*backlog, new=replace(NEW, end=night(2)), places=replace(PLACES, **ROOMY))
    rule = LandingRule(rates=((8 * HOUR_S, 1),), then=4)
    told = replan(case, steps=40, landing=rule)
    assert check_plan(case, told.starts, landing=rule) == []
    assert None not in told.starts
    at_once = tuple(night(2) for _ in backlog)
    found = {violation.fault for violation in check_plan(case, at_once, landing=rule)}
    assert found == {Fault.LANDING_RATE}
    assert check_plan(case, at_once) == []


def test_a_wide_update_waits_after_the_zone():
    wide = an_update(0, night(1), (0, 4), due=night(6), earliest=night(1))
    case = a_case(wide, new=replace(NEW, end=night(2)))
    told = replan(case, steps=20, landing=LandingRule())
    assert told.starts[0] is not None
    assert told.starts[0] >= night(3)
    found = check_plan(case, (night(2),), landing=LandingRule())
    assert {violation.fault for violation in found} == {Fault.LANDING_WIDE}


def test_a_zone_and_a_due_date_of_the_far_future_are_planned_with():
    far = ORIGIN + 10**12
    update = an_update(0, night(2), due=far, deadline=far, earliest=night(1))
    told = planned(a_case(update, new=replace(NEW, end=far)))
    assert told.starts == (None,)
    assert planned(a_case(replace(update, start=far - far % GRID_S + ORIGIN % GRID_S))).starts


def test_one_seed_gives_one_plan():
    case = random_case(7, updates=30)
    assert replan(case, seed=3, steps=80, windows=3) == replan(case, seed=3, steps=80, windows=3)


def test_a_displaced_update_is_placed_after_the_zone_or_before():
    update = an_update(0, night(2), due=night(4), earliest=night(1))
    told = planned(a_case(update, new=NEW))
    assert told.starts[0] is not None
    assert told.starts[0] >= NEW.end
    assert told.objective == 0
    sooner = replace(update, earliest=ORIGIN, due=night(2), deadline=night(2))
    before = planned(a_case(sooner, new=NEW)).starts[0]
    assert before is not None
    assert before + sooner.whole_s <= NEW.start


def test_what_the_zone_does_not_touch_stays_where_it_is():
    quiet = an_update(0, night(1), (8,))
    displaced = an_update(1, night(1), due=night(5))
    told = planned(a_case(quiet, displaced, new=NEW))
    assert told.starts[0] == quiet.start
    assert told.moved == (1,)


def test_a_higher_ring_moves_when_its_lower_ring_must():
    lower = an_update(0, night(1), campaign=0, due=night(5), earliest=night(1))
    higher = an_update(1, night(1, hour=21), (8,), campaign=0, ring=1, due=night(6))
    told = planned(a_case(lower, higher, new=NEW))
    assert None not in told.starts
    assert told.objective == 96


def test_two_that_need_the_same_room_take_turns():
    pair = [an_update(n, night(1), (0, 1), at_once_per_rack=2, due=night(5)) for n in range(2)]
    told = planned(a_case(*pair, new=NEW))
    assert told.objective == 0
    assert abs(told.starts[0] - told.starts[1]) >= HOUR_S


def only_unplaced(case):
    (told,) = planned(case).unplaced
    return told


def test_an_update_whose_deadline_lies_in_the_zone_is_proven_to_have_no_place():
    update = an_update(0, night(2), earliest=night(1), deadline=night(2, hour=20))
    told = only_unplaced(a_case(update, new=NEW))
    assert told.certainty is Certainty.PROVEN
    assert set(told.binding) == {Rule.EARLIEST, Rule.DEADLINE, Rule.NEW_ZONE}
    assert set(told.relax) == {Rule.EARLIEST, Rule.DEADLINE, Rule.NEW_ZONE}
    assert told.waits_for is None


def test_an_update_that_found_its_cap_taken_has_no_place_in_this_plan():
    facts = {"earliest": night(3), "due": night(3, hour=18), "deadline": night(3, hour=18)}
    holder = replace(an_update(0, night(3), (2, 3), at_once_per_rack=2, weight=10), **facts)
    late = replace(an_update(1, night(2)), **facts)
    told = only_unplaced(a_case(holder, late, new=NEW))
    assert told.update == 1
    assert told.certainty is Certainty.HERE
    assert Rule.RACK_CAP in told.binding


def test_an_update_wider_than_a_cap_is_proven_to_have_no_place():
    wide = an_update(0, night(2), (0, 1), at_once_per_rack=2, due=night(5))
    case = a_case(wide, new=NEW, places=replace(PLACES, rack_caps=(1,) * 6))
    told = only_unplaced(case)
    assert (told.certainty, told.binding) == (Certainty.PROVEN, (Rule.RACK_CAP,))


def test_a_ring_whose_lower_one_cannot_bake_in_time_is_proven_to_have_no_place():
    lower = an_update(0, night(2), campaign=0, earliest=night(3), due=night(5))
    facts = {"earliest": night(3), "due": night(3, hour=19), "deadline": night(3, hour=19)}
    higher = replace(an_update(1, night(2), (1,), campaign=0, ring=1), **facts)
    told = only_unplaced(a_case(lower, higher, new=NEW))
    assert (told.update, told.certainty) == (1, Certainty.PROVEN)
    assert set(told.binding) == {Rule.LOWER_RINGS, Rule.DEADLINE}


def test_a_ring_that_waits_names_the_update_it_waits_for():
    root = an_update(0, night(2), campaign=0, earliest=night(1), deadline=night(2, hour=20))
    waits = an_update(1, night(4), (8,), campaign=0, ring=1)
    told = planned(a_case(root, waits, new=NEW)).unplaced
    assert [(one.update, one.waits_for) for one in told] == [(0, None), (1, 0)]
    assert {one.certainty for one in told} == {Certainty.PROVEN}


@examples(12)
@given(SEEDS)
def test_what_binds_is_irreducible_and_what_is_proven_has_no_place_alone(seed):
    case = random_case(seed)
    told = planned(case, steps=20, windows=0)
    position = {update.id: n for n, update in enumerate(case.updates)}
    for one in told.unplaced:
        assert bool(one.binding) is (one.waits_for is None)
        assert len(set(one.binding)) == len(one.binding)
        assert set(one.relax) <= set(one.binding)
        update = case.updates[position[one.update]]
        if one.certainty is Certainty.PROVEN and not update.ring:
            alone = replace(case, updates=(update,))
            some = (ORIGIN + slot * GRID_S for slot in range(0, case.slots, 5))
            assert all(check_plan(alone, (start,)) for start in some)


def test_the_bill_counts_what_the_zone_changes():
    updates = (
        an_update(0, night(2), (0, 1, 4), campaign=0, weight=3, deadline=night(2, hour=20)),
        an_update(1, night(2, hour=20), (8,), campaign=0, ring=1),
        an_update(2, night(2), (12,)),
        an_update(3, night(2), (1,), due=night(6)),
        an_update(4, night(2), (1,), update_class="b"),
        an_update(5, NEW.end, (0,)),
        an_update(6, NEW.start - HOUR_S, (0,), due=night(6)),
        an_update(7, night(2, hour=20), (9,), campaign=0, ring=0),
        an_update(8, NEW.start, (0,), weight=6, due=NEW.end + HOUR_S - 1, earliest=NEW.start),
        an_update(9, NEW.start, (0,), weight=6, due=NEW.end + HOUR_S, deadline=NEW.end + HOUR_S),
    )
    bill = impact_bill(a_case(*updates, new=NEW), gpus_per_node=8)
    assert bill.moved == (0, 3, 6, 8, 9)
    assert bill.waiting == (1,)
    assert bill.customers == (0, 1)
    assert bill.gpu_hours == 2 * 8 * 32
    assert (bill.past_due, bill.past_deadline) == ((0, 8), (0,))
    assert bill.debt_node_hours == {1: 8 + 33, 3: 24, 6: 2 * 32}
    assert (bill.nights_lost, bill.nights_cut) == ({0: 2}, {0: 0})


def test_a_night_that_the_zone_takes_in_part_is_cut():
    part = replace(NEW, start=NEW.start + 1)
    bill = impact_bill(a_case(new=part))
    assert (bill.nights_lost, bill.nights_cut) == ({0: 1}, {0: 1})


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"nodes": ()}, "nodes"),
        ({"nodes": (0, 0)}, "nodes"),
        ({"nodes": (99,)}, "nodes"),
        ({"nodes": (0, 20)}, "one site"),
        ({"p95_s": 0}, "p95_s"),
        ({"bake_s": -1}, "bake_s"),
        ({"weight": 0}, "weight"),
        ({"at_once_in_all": 0}, "at_once"),
        ({"start": night(2) + 1}, "start"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused_by_its_field(facts, field):
    with pytest.raises(BadCalendar, match=field):
        replan(a_case(replace(an_update(0, night(2)), **facts)))


def test_a_calendar_out_of_bounds_is_refused():
    with pytest.raises(BadCalendar, match="slots"):
        verified_case(a_case(slots=0))
    with pytest.raises(BadCalendar, match="caps"):
        verified_case(a_case(places=replace(PLACES, rack_caps=(-1,) * 6)))


def test_an_empty_calendar_has_an_empty_plan():
    assert planned(a_case()).starts == ()


@pytest.mark.long
@pytest.mark.parametrize("name", REFERENCE)
def test_ten_thousand_updates_are_planned_no_worse_than_was_measured_before(name):
    path = INSTANCES / f"{name}.json.gz"
    if not path.exists():
        pytest.skip(f"no instance at {path}")
    told = measured(read_instance(path), seed=1, steps=STEPS, windows=WINDOWS)
    assert told["violations"] == 0
    assert told["same_twice"]
    assert told["objective"] <= REFERENCE[name]["objective"]
    assert told["displaced"] == REFERENCE[name]["displaced"]
