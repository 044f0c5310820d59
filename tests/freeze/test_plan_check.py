"""The checker of plans: each planted fault is found, and a plan that holds is left alone."""

from dataclasses import replace

import pytest

from scuderia.freeze.engine.plan_check import Fault, check_plan, plan_cost
from scuderia.freeze.engine.planned_updates import Closure
from tests.freeze.replan_cases import DAY_S, GRID_S, ORIGIN, a_case, an_update, night

ZONE = Closure("zone 0", frozenset({8}), frozenset("a"), night(3, hour=20), night(3, hour=22))
NEW = Closure("new zone", frozenset({0, 1}), frozenset("a"), night(1, hour=20), night(1, hour=23))
UPDATES = (
    an_update(0, night(0), (0, 1), at_once_per_rack=2, campaign=0, ring=0),
    an_update(1, night(0, hour=19), (8,), campaign=0, ring=1, earliest=night(0, hour=19)),
    an_update(2, night(2), (4, 5), at_once_per_rack=2, deadline=night(2, hour=18)),
    an_update(3, night(2, hour=18), (0,)),
    an_update(4, night(2, hour=18), (1,)),
    an_update(5, night(3, hour=17.75), (8,)),
    an_update(6, night(3), (12, 13), at_once_per_rack=2),
    an_update(7, night(1, hour=17.75), (0,)),
    an_update(8, night(2, hour=8), (16, 20), earliest=ORIGIN),
    an_update(9, night(2, hour=21), (9,)),
)
CASE = a_case(*UPDATES, new=NEW, closures=(ZONE,))
STARTS = tuple(update.start for update in UPDATES)


def moved(**starts: int | None):
    told = list(STARTS)
    for name, start in starts.items():
        told[int(name[1:])] = start
    return tuple(told)


def faults(starts, case=CASE, **facts):
    return {violation.fault for violation in check_plan(case, starts, **facts)}


def test_a_plan_that_holds_is_left_alone():
    assert check_plan(CASE, STARTS, objective=0) == []


PLANTED = {
    "a start too few": (STARTS[:-1], Fault.COUNT),
    "before the horizon": (moved(u3=ORIGIN - GRID_S), Fault.HORIZON),
    "after the horizon": (moved(u3=ORIGIN + CASE.slots * GRID_S), Fault.HORIZON),
    "a second off the grid": (moved(u3=night(2, hour=18) + 1), Fault.GRID),
    "a slot before its earliest": (moved(u1=night(0, hour=19) - GRID_S), Fault.EARLIEST),
    "a slot past its deadline": (moved(u2=night(2) + GRID_S), Fault.DEADLINE),
    "a slot before the night opens": (moved(u3=night(2) - GRID_S), Fault.WINDOW),
    "a slot over the end of the night": (moved(u3=night(2, hour=25.25)), Fault.WINDOW),
    "on a night that is no work night": (moved(u8=night(1, hour=8)), Fault.WINDOW),
    "a roll-back into a zone": (moved(u5=night(3, hour=18)), Fault.ZONE),
    "work in a zone": (moved(u5=night(3, hour=21)), Fault.ZONE),
    "a roll-back into the new zone": (moved(u7=night(1, hour=18)), Fault.NEW_ZONE),
    "work in the new zone": (moved(u7=night(1, hour=21)), Fault.NEW_ZONE),
    "a ring while the lower one bakes": (moved(u0=night(0) + GRID_S), Fault.RING_ORDER),
    "a ring whose lower one is left out": (moved(u0=None), Fault.RING_UNPLACED),
    "a third node of a rack": (moved(u7=night(2, hour=18)), Fault.RACK_CAP),
    "a fourth node of a cluster": (moved(u2=night(2, hour=18)), Fault.CLUSTER_CAP),
    "a fourth node of a customer": (
        moved(u5=night(2, hour=18), u9=night(2, hour=18)),
        Fault.CUSTOMER_CAP,
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name):
    starts, fault = PLANTED[name]
    assert fault in faults(starts)


def test_an_objective_told_wrong_is_found():
    assert faults(STARTS, objective=1) == {Fault.OBJECTIVE}


def test_zones_and_work_may_touch():
    flush = replace(ZONE, start=STARTS[5] + UPDATES[5].whole_s)
    assert faults(STARTS, replace(CASE, closures=(flush,))) == set()
    a_second_sooner = replace(flush, start=flush.start - 1)
    assert faults(STARTS, replace(CASE, closures=(a_second_sooner,))) == {Fault.ZONE}


def test_a_zone_stops_its_nodes_and_classes_alone():
    over_all = {"start": ORIGIN, "end": ORIGIN + 7 * DAY_S}
    others = replace(ZONE, nodes=frozenset({3, 23}), **over_all)
    assert faults(STARTS, replace(CASE, closures=(others,))) == set()
    of_a_class = replace(ZONE, classes=frozenset("b"), **over_all)
    assert faults(STARTS, replace(CASE, closures=(of_a_class,))) == set()


def test_the_night_that_clocks_set_back_is_an_hour_longer():
    """Helsinki, 24 October 20:00 (17 UTC) to 25 October 04:00, which is 02:00 UTC by then."""
    last = an_update(0, night(0, hour=25))
    assert faults((last.start,), a_case(last)) == set()
    assert faults((last.start + GRID_S,), a_case(last)) == {Fault.WINDOW}
    next_night = an_update(0, night(1))
    assert faults((next_night.start,), a_case(next_night)) == set()
    assert faults((next_night.start - GRID_S,), a_case(next_night)) == {Fault.WINDOW}


def test_the_cost_counts_lateness_moves_and_what_is_left_out():
    assert plan_cost(CASE, moved(u3=STARTS[3] + 1)) == 1 + 96
    assert plan_cost(CASE, moved(u3=STARTS[3] + 2 * GRID_S)) == 2 + 96
    assert plan_cost(CASE, moved(u3=STARTS[3] - GRID_S)) == 96
    assert plan_cost(CASE, moved(u3=None)) == 5760
    heavy = replace(CASE, updates=tuple(replace(u, weight=6) for u in UPDATES))
    assert plan_cost(heavy, moved(u3=STARTS[3] + GRID_S)) == 6 + 96
    assert plan_cost(heavy, moved(u3=None)) == 6 * 5760


def test_a_displaced_update_moves_for_nothing():
    displaced = an_update(0, night(1, hour=21), due=night(3))
    assert plan_cost(a_case(displaced, new=NEW), (displaced.start + DAY_S,)) == 0
