"""How far forecasts missed, by progress: what widens the next one, and moves its middle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PRIOR_SPREAD = 0.5
PRIOR_GROUPS = 2
_GROUPS_FOR_POOLING = 2
_SLOPE_RIDGE = 0.01

Floats = np.ndarray
"""Shape (n,), float64."""


@dataclass(frozen=True, slots=True)
class BackTest:
    """A forecast that is known to be right or wrong, of a project that is done.

    group             projects that ran side by side are one
    progress          from 0 to 1, when it was made
    left              judgments that were left then
    own_per_day       the rate that the project had shown by then, a worked day
    worked_days       the days of work that it then took
    whole_per_day     the rate of the project as a whole
    was_interrupted   whether the work stood still after it was made
    """

    group: str
    progress: float
    left: int
    own_per_day: float
    worked_days: float
    whole_per_day: float
    was_interrupted: bool


@dataclass(frozen=True, slots=True)
class Misses:
    """What past forecasts say of one at a given progress: log(days of work / days foretold).

    middle    by how much they missed, at the middle
    spread    between projects; times Student's t of `freedom` degrees
    groups    how many independent projects are behind it
    """

    middle: float
    spread: float
    freedom: float
    groups: int
    interrupted: int


def pooled_rate(past: Sequence[BackTest]) -> float | None:
    """Return the rate of finished projects, each group alike; none of fewer than two groups."""
    logs = list(_group_rates(past).values())
    return float(np.exp(np.mean(logs))) if len(logs) >= _GROUPS_FOR_POOLING else None


def misses_of(past: Sequence[BackTest], progress: float) -> Misses:
    """Return what the back-tests say of a forecast at this progress.

    The line over progress is fitted with each group of the same weight; the spread is that of the
    groups about it, with PRIOR_GROUPS of PRIOR_SPREAD added, so that few back-tests never claim to
    know much. Without any it is the prior's alone.
    """
    groups = sorted({one.group for one in past})
    if not groups:
        return Misses(0.0, PRIOR_SPREAD * np.sqrt(2.0), PRIOR_GROUPS, 0, 0)
    missed = _missed(past)
    at = np.array([one.progress for one in past])
    member = np.array([groups.index(one.group) for one in past])
    weight = 1.0 / np.bincount(member)[member]
    mean, centre = np.average(missed, weights=weight), np.average(at, weights=weight)
    varied = np.average((at - centre) ** 2, weights=weight) + _SLOPE_RIDGE / len(groups)
    slope = np.average((at - centre) * (missed - mean), weights=weight) / varied
    rest = (missed - mean - slope * (at - centre)) ** 2
    between = float(np.sum(weight * rest)) + PRIOR_GROUPS * PRIOR_SPREAD**2
    freedom = len(groups) - 1 + PRIOR_GROUPS
    interrupted = {one.group for one in past if one.was_interrupted and one.progress >= progress}
    return Misses(
        middle=float(mean + slope * (progress - centre)),
        spread=float(np.sqrt(between / freedom * (1.0 + 1.0 / len(groups)))),
        freedom=float(freedom),
        groups=len(groups),
        interrupted=len(interrupted),
    )


def _group_rates(past: Sequence[BackTest]) -> dict[str, float]:
    """Return the logarithm of each group's rate as a whole."""
    of: dict[str, list[float]] = {}
    for one in past:
        of.setdefault(one.group, []).append(float(np.log(one.whole_per_day)))
    return {group: float(np.mean(logs)) for group, logs in of.items()}


def _missed(past: Sequence[BackTest]) -> Floats:
    """Return how far each forecast missed, with the other groups' rates pooled as it would be."""
    rates = _group_rates(past)
    total, others = sum(rates.values()), len(rates) - 1
    found = []
    for one in past:
        rate = np.log(one.own_per_day)
        if others >= _GROUPS_FOR_POOLING:
            rate = (rate + (total - rates[one.group]) / others) / 2
        found.append(float(np.log(one.worked_days) - np.log(one.left) + rate))
    return np.array(found)
