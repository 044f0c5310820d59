"""CP-SAT on windows of the calendar: a few dozen updates are free, everything else stands still.

A model of all updates at once barely beats the greedy plan; one of about 60, a campaign and its
neighbours, is mostly solved to its optimum at once. One worker and a limit in deterministic time,
so that the same seed gives the same plan.
"""

from collections import defaultdict
from dataclasses import dataclass
from random import Random
from typing import Any

from scuderia.freeze.engine.planned_updates import MOVE_COST, UNPLACED_COST
from scuderia.freeze.engine.slot_bits import OUT, bits, first_from, runs, spread
from scuderia.freeze.engine.update_calendar import UpdateCalendar

FREE_MAX = 60
DETERMINISTIC_TIME = 0.05


@dataclass(frozen=True, slots=True)
class Choice:
    """The variables of one free update: where it starts, whether at all, whether as planned.

    starts   the domain of the first, as bits
    """

    start: Any
    placed: Any
    interval: Any
    stays: Any
    starts: int


def solve_windows(calendar: UpdateCalendar, draw: Random, *, windows: int) -> int:
    """Improve a plan window by window, the costliest campaigns first; return what was gained."""
    gained, tried = 0, set[int]()
    for _ in range(windows):
        free = _a_window(calendar, draw, tried)
        if not free:
            break
        gained += _solve(calendar, free)
    return gained


def _a_window(calendar: UpdateCalendar, draw: Random, tried: set[int]) -> list[int]:
    """Return the costliest update not yet tried, its campaign and its costly neighbours."""
    costs = [calendar.cost_at(number, slot) for number, slot in enumerate(calendar.at)]
    seed = max(
        (number for number, cost in enumerate(costs) if cost and number not in tried),
        key=lambda number: (costs[number], -number),
        default=None,
    )
    if seed is None:
        return []
    campaign = [seed, *calendar.lower[seed], *calendar.higher[seed], *calendar.beside[seed]]
    around = {
        one
        for number in campaign
        for place, _ in calendar.places[number]
        for one in calendar.members[place]
    }
    tried.update(campaign)
    neighbours = sorted(around.difference(campaign))
    draw.shuffle(neighbours)
    neighbours.sort(key=lambda one: costs[one] == 0)
    return sorted((campaign + neighbours)[:FREE_MAX])


def _solve(calendar: UpdateCalendar, free: list[int]) -> int:
    """Place the free updates anew at the least cost; leave them where they are if that is best."""
    from ortools.sat.python import cp_model  # slow to import, and only a replan needs it

    before = {number: calendar.at[number] for number in free}
    cost = sum(calendar.cost_at(number, slot) for number, slot in before.items())
    for number, slot in before.items():
        if slot != OUT:
            calendar.lift(number)
    model = cp_model.CpModel()
    choices = _choices(cp_model, model, calendar, before)
    _add_rings(model, calendar, choices)
    _add_caps(model, calendar, choices)
    _add_cost(model, calendar, choices)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.max_deterministic_time = DETERMINISTIC_TIME
    status = solver.solve(model)
    after = before
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        found = {
            number: solver.value(choice.start) if solver.value(choice.placed) else OUT
            for number, choice in choices.items()
        }
        found = {**before, **found}
        if sum(calendar.cost_at(number, slot) for number, slot in found.items()) < cost:
            after = found
    for number, slot in after.items():
        if slot != OUT:
            calendar.place(number, slot)
    return cost - sum(calendar.cost_at(number, slot) for number, slot in after.items())


def _choices(
    cp_model: Any, model: Any, calendar: UpdateCalendar, before: dict[int, int]
) -> dict[int, Choice]:
    """Make the variables: the domain of each start carries windows, zones and the fixed load."""
    choices: dict[int, Choice] = {}
    for number, slot in before.items():
        opens, closes, must = _fixed_rings(calendar, number, before)
        starts = calendar.fitting(number, bits(opens, closes)) if opens is not None else 0
        if not starts:
            continue
        domain = cp_model.Domain.from_intervals([list(run) for run in runs(starts)])
        start = model.new_int_var_from_domain(domain, f"start {number}")
        placed = model.new_bool_var(f"placed {number}")
        work = calendar.work[number]
        interval = model.new_optional_fixed_size_interval_var(start, work, placed, f"work {number}")
        stays = None
        planned = calendar.planned[number]
        if not calendar.displaced[number] and planned >= 0 and starts >> planned & 1:
            stays = model.new_bool_var(f"stays {number}")
            model.add(start == planned).only_enforce_if(stays)
            model.add_implication(stays, placed)
            model.add_hint(stays, slot == planned)
        if must:
            model.add(placed == 1)
        model.add_hint(placed, slot != OUT)
        model.add_hint(start, slot if slot != OUT else first_from(starts, 0))
        choices[number] = Choice(start, placed, interval, stays, starts)
    return choices


def _fixed_rings(
    calendar: UpdateCalendar, number: int, free: dict[int, int]
) -> tuple[int | None, int, bool]:
    """Return the first and last slot that rings outside the window leave, and whether it must be.

    A higher ring outside that is placed needs this one placed.
    """
    opens: int | None = 0
    for one in calendar.lower[number]:
        if one not in free:
            opens = None if calendar.at[one] == OUT else opens
            if opens is None:
                break
            opens = max(opens, calendar.at[one] + calendar.turn[one])
    above = [
        calendar.at[one]
        for one in calendar.higher[number]
        if one not in free and calendar.at[one] != OUT
    ]
    last = min(above, default=calendar.case.slots - 1 + calendar.turn[number])
    return opens, last - calendar.turn[number], bool(above)


def _add_rings(model: Any, calendar: UpdateCalendar, choices: dict[int, Choice]) -> None:
    for number, choice in choices.items():
        for one in calendar.lower[number]:
            if one in choices:
                lower = choices[one]
                model.add_implication(choice.placed, lower.placed)
                model.add(choice.start >= lower.start + calendar.turn[one]).only_enforce_if(
                    choice.placed
                )
            elif calendar.at[one] == OUT:
                model.add(choice.placed == 0)


def _add_caps(model: Any, calendar: UpdateCalendar, choices: dict[int, Choice]) -> None:
    """Hold the caps of every place in which two free updates can clash."""
    users: dict[int, list[tuple[Any, int]]] = defaultdict(list)
    reach: dict[int, int] = defaultdict(int)
    for number, choice in choices.items():
        taken = spread(choice.starts, calendar.work[number])
        for place, down in calendar.places[number]:
            users[place].append((choice.interval, down))
            reach[place] |= taken
    for place, intervals in users.items():
        spare = calendar.caps[place] - sum(down for _, down in intervals)
        if len(intervals) == 1:  # its own starts carry the fixed load
            continue
        fixed = calendar.load_above(place, spare, reach[place])
        if not fixed and spare >= 0:
            continue
        loads = [
            (model.new_fixed_size_interval_var(first, length, ""), down)
            for first, length, down in fixed
        ]
        used = [*intervals, *loads]
        model.add_cumulative(
            [interval for interval, _ in used], [down for _, down in used], calendar.caps[place]
        )


def _add_cost(model: Any, calendar: UpdateCalendar, choices: dict[int, Choice]) -> None:
    terms: list[Any] = []
    for number, choice in choices.items():
        weight = calendar.weight[number]
        terms.append(UNPLACED_COST * weight * (1 - choice.placed))
        if calendar.due[number] < calendar.case.slots - 1:
            late = model.new_int_var(0, calendar.case.slots - calendar.due[number], "")
            model.add(late >= choice.start - calendar.due[number]).only_enforce_if(choice.placed)
            terms.append(weight * late)
        if not calendar.displaced[number]:
            stays = 0 if choice.stays is None else choice.stays
            terms.append(MOVE_COST * (choice.placed - stays))
    model.minimize(sum(terms))
