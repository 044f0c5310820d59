"""How long a repair will still take, given how long it has taken: a heavy tail, so it grows.

The distribution is the fleet's own (open repairs count as "longer than this"), joined to a prior
made of the published quantiles of the StepFun year while the fleet's history is thin. Beyond the
longest repair ever seen the tail is a power law.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Hours1D: TypeAlias = NDArray[np.float64]
"""Shape (n,), hours > 0."""

PRIOR_QUANTILES: tuple[tuple[float, float], ...] = (
    (0.0, 0.05),
    (0.2, 1.0),
    (0.5, 20.4),
    (0.75, 75.9),
    (0.9, 311.0),
    (0.95, 738.0),
    (0.99, 1_966.0),
    (1.0, 3_144.0),
)
"""Repair hours of 584 faults on 400 public servers in 348 days (StepFun, Apache-2.0)."""
PRIOR_REPAIRS = 20.0
PRIOR_POINTS = 200
TAIL_EXPONENT = 1.6
"""P(T > k t) = k ** -1.6 beyond the longest: what the published p95 and p99 imply."""
MIN_HOURS = 1 / 60


@dataclass(frozen=True, slots=True)
class RepairOutlook:
    """Repair lengths with their weights, shortest first; weights sum to 1.

    repairs   how many finished repairs of this fleet stand behind it
    """

    hours: Hours1D
    weight: Hours1D
    repairs: int

    def draw(self, random: np.random.Generator, *, count: int) -> Hours1D:
        """Draw whole lengths of new repairs."""
        return self.draw_remaining(random, age_h=0.0, count=count)

    def draw_remaining(self, random: np.random.Generator, *, age_h: float, count: int) -> Hours1D:
        """Draw the hours still to go of a repair that has taken `age_h` so far; all > 0."""
        shares = random.random(count)
        longer = self.hours > age_h
        mass = float(np.sum(self.weight[longer]))
        if mass <= 0.0:
            return np.maximum(age_h * ((1 - shares) ** (-1 / TAIL_EXPONENT) - 1), MIN_HOURS)
        steps = np.cumsum(self.weight[longer]) / mass
        place = np.minimum(np.searchsorted(steps, shares, side="right"), np.sum(longer) - 1)
        return np.maximum(self.hours[longer][place] - age_h, MIN_HOURS)

    def chance_longer(self, hours: float, *, age_h: float) -> float:
        """Return P(T > age + hours | T > age)."""
        mass = math.fsum(self.weight[self.hours > age_h])  # exact: no chance passes one
        if mass <= 0.0:
            return float((1 + hours / max(age_h, MIN_HOURS)) ** -TAIL_EXPONENT)
        return math.fsum(self.weight[self.hours > age_h + hours]) / mass


def repair_outlook(finished_h: Sequence[float], open_h: Sequence[float] = ()) -> RepairOutlook:
    """Join the fleet's own repairs to the prior.

    finished_h   hours of the repairs that ended     open_h   hours so far of those that last
    returns      an open repair's weight goes to the lengths beyond it, in proportion (Efron's
                 redistribution to the right, which is Kaplan and Meier's estimate)
    """
    prior = prior_hours()
    hours = np.concatenate([np.maximum(finished_h, MIN_HOURS), prior, open_h])
    weight = np.concatenate([
        np.ones(len(finished_h)),
        np.full(len(prior), PRIOR_REPAIRS / len(prior)),
        np.ones(len(open_h)),
    ])  # fmt: skip
    lasts = np.concatenate([np.zeros(len(hours) - len(open_h)), np.ones(len(open_h))])
    order = np.lexsort((lasts, hours))
    hours, weight, lasts = hours[order], weight[order], lasts[order] > 0
    for place in np.flatnonzero(lasts):
        beyond = weight[place + 1 :]
        if np.sum(beyond) > 0:
            weight[place + 1 :] = beyond * (1 + weight[place] / np.sum(beyond))
            weight[place] = 0.0
    return RepairOutlook(hours, weight / np.sum(weight), len(finished_h))


def prior_hours() -> Hours1D:
    """Return the prior as PRIOR_POINTS equally likely lengths, log-linear between quantiles."""
    middle = (np.arange(PRIOR_POINTS) + 0.5) / PRIOR_POINTS
    shares, hours = np.array(PRIOR_QUANTILES).T
    return np.asarray(np.exp(np.interp(middle, shares, np.log(hours))))
