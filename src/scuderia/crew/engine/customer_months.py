"""Whether a customer's month will end below its promise: the downtime budget, drawn forward."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scuderia.crew.engine.repairs import RepairOutlook

MONTHS_DRAWN = 400


@dataclass(frozen=True, slots=True)
class MonthState:
    """A month so far and what is still to come; node-hours.

    served_h, lost_h   so far           nodes      held by the customer from here on
    left_h             hours to go      open_h     hours so far of each outage that lasts
    failures_per_day   per node in service
    """

    target: float
    served_h: float
    lost_h: float
    nodes: int
    left_h: float
    open_h: tuple[float, ...]
    failures_per_day: float


@dataclass(frozen=True, slots=True)
class MonthOutlook:
    """How the month is expected to end.

    chance_missed      P(availability over the month < target)
    expected           the mean of the month's availability
    low, high          its 80% interval, widened to hold the mean
    budget_h           node-hours of downtime that the promise leaves, from the month's beginning
    hours_to_miss      median hours until the budget is gone, among the futures that miss; None
    """

    chance_missed: float
    expected: float
    low: float
    high: float
    budget_h: float
    hours_to_miss: float | None


def month_outlook(
    month: MonthState, repairs: RepairOutlook, *, seed: int, without: frozenset[int] = frozenset()
) -> MonthOutlook:
    """Draw the rest of the month many times.

    without   places in open_h whose slots are filled by a spare at once: what-if
    """
    random = np.random.default_rng(seed)
    total_h = month.served_h + month.lost_h + month.nodes * month.left_h
    budget = (1 - month.target) * total_h
    lost = np.full(MONTHS_DRAWN, month.lost_h)
    for place, age in enumerate(month.open_h):
        more = repairs.draw_remaining(random, age_h=age, count=MONTHS_DRAWN)
        if place not in without:
            lost += np.minimum(more, month.left_h)
    lost += _new_outages(month, repairs, random)
    shares = 1 - lost / total_h if total_h else np.ones(MONTHS_DRAWN)
    missed = lost > budget
    expected = float(np.mean(shares))
    low, high = (float(value) for value in np.percentile(shares, [10, 90]))
    return MonthOutlook(
        chance_missed=float(np.mean(missed)),
        expected=expected,
        low=min(low, expected),
        high=max(high, expected),
        budget_h=budget,
        hours_to_miss=_hours_to_miss(month, budget, lost, missed),
    )


def _new_outages(
    month: MonthState, repairs: RepairOutlook, random: np.random.Generator
) -> NDArray[np.float64]:
    serving = max(month.nodes - len(month.open_h), 0)
    counts = random.poisson(serving * month.failures_per_day * month.left_h / 24, MONTHS_DRAWN)
    lost = np.zeros(MONTHS_DRAWN)
    for number, count in enumerate(counts):
        if count:
            begins = random.random(count) * month.left_h
            lengths = repairs.draw(random, count=int(count))
            lost[number] = float(np.sum(np.minimum(lengths, month.left_h - begins)))
    return lost


def _hours_to_miss(
    month: MonthState, budget: float, lost: NDArray[np.float64], missed: NDArray[np.bool_]
) -> float | None:
    # downtime is taken to arrive evenly over what is left of the month
    if not np.any(missed):
        return None
    if month.lost_h >= budget:
        return 0.0
    pace = (lost[missed] - month.lost_h) / max(month.left_h, 1e-9)
    return float(np.median((budget - month.lost_h) / pace))
