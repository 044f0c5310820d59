"""Replans an update calendar around a zone: greedy, then ruin and recreate, then CP-SAT.

It counts steps and reads no clock, so one seed gives the same plan twice, on a slow machine too.
"""

from dataclasses import dataclass
from random import Random

from scuderia.freeze.engine.infeasible import Unplaced, explain_unplaced
from scuderia.freeze.engine.landing import LandingRule
from scuderia.freeze.engine.planned_updates import ReplanCase, Starts, verified_case
from scuderia.freeze.engine.replan_greedy import Aims, place_greedily
from scuderia.freeze.engine.replan_search import improve
from scuderia.freeze.engine.replan_windows import solve_windows
from scuderia.freeze.engine.update_calendar import UpdateCalendar

STEPS = 2_200
WINDOWS = 5


@dataclass(frozen=True, slots=True)
class Replan:
    """A plan around the new zone.

    starts           by update, Unix seconds; None: left out
    objective        what it costs: weighted slots late, 96 for each update moved that was not in
                     the zone's way, 5,760 by weight for each that is left out
    greedy           what the first, greedy plan cost
    displaced        how many updates the zone stood in the way of
    moved            ids of those that start at another time than planned
    unplaced         those left out, each with what binds it
    """

    starts: Starts
    objective: int
    greedy: int
    displaced: int
    moved: tuple[int, ...]
    unplaced: tuple[Unplaced, ...]


def replan(
    case: ReplanCase,
    *,
    seed: int = 1,
    steps: int = STEPS,
    windows: int = WINDOWS,
    landing: LandingRule | None = None,
) -> Replan:
    """Place what the new zone displaces, and as little else as pays.

    Updates that break a rule as they were planned are placed anew as well.

    steps     of ruin and recreate
    windows   solved with CP-SAT afterwards; none under a landing rule, which its model lacks
    landing   how fast moved updates may start after the zone; None: as fast as they fit
    raises    BadCalendar
    """
    calendar = UpdateCalendar(verified_case(case), landing)
    aims, draw = Aims(calendar), Random(seed)  # noqa: S311 - a search, no secret
    place_greedily(calendar, aims)
    greedy = calendar.cost()
    improve(calendar, aims, draw, steps=steps)
    if landing is None:
        solve_windows(calendar, draw, windows=windows)
    place_greedily(calendar, aims)
    starts = calendar.starts()
    return Replan(
        starts=starts,
        objective=calendar.cost(),
        greedy=greedy,
        displaced=sum(calendar.displaced),
        moved=tuple(
            update.id
            for update, start in zip(case.updates, starts, strict=True)
            if start not in (None, update.start)
        ),
        unplaced=explain_unplaced(calendar),
    )
