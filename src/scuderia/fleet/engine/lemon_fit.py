"""Fits the lemon score: the likelihood of the whole past, in continuous time, by EM steps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scuderia.fleet.engine.lemon import PRIOR, TAUS_DAYS, LemonModel, Memory, Terms1D
from scuderia.fleet.engine.lemon_past import FleetPast, Stretches, paces_by_day, stretches_of

PRIOR_STARTS = 6.0
"""Of each term: the prior weighs as much as this many outages of the fleet's own."""
REFIT_DAYS = 28.0
STEPS_MAX = 1_000
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPast:
    """A past made ready to be fitted as of any of its days, none of which looks ahead.

    paces        of every midnight, shape (2, days)
    in_service   nodes at every midnight, shape (days,)
    """

    stretches: Stretches
    paces: NDArray[np.float64]
    in_service: NDArray[np.float64]

    def terms_at_starts(self, day: float) -> NDArray[np.float64]:
        """Return what spoke for each outage that began before `day`, shape (n_outages, 7)."""
        begun = self.stretches.ends < day
        starts = self.stretches.ends[begun]
        gone = (starts - self.stretches.begins[begun])[:, None]
        memory = self.stretches.memory[begun] * np.exp(-gone / TAUS_DAYS)
        # the fleet's pace is that of the morning: a burst does not explain itself
        return np.column_stack([self.paces[:, starts.astype(int)].T, memory])

    def exposure(self, day: float) -> Terms1D:
        """Return the integral of every term over all service before `day`, shape (7,)."""
        here = self.stretches.begins < day
        begins = self.stretches.begins[here]
        served = (np.minimum(self.stretches.ends[here], day) - begins)[:, None]
        memory: Memory = self.stretches.memory[here] * TAUS_DAYS * -np.expm1(-served / TAUS_DAYS)
        mornings = int(np.ceil(day))
        lengths = np.minimum(day - np.arange(mornings), 1.0)
        fleet = self.paces[:, :mornings] @ (self.in_service[:mornings] * lengths)
        return np.concatenate([fleet, memory.sum(axis=0)])


def prepare(past: FleetPast, *, until: float) -> PreparedPast:
    """Make a past ready to be fitted as of any day up to `until`.

    cost   O(outages + days), and one pass for each outage of the node that has most
    """
    days = int(np.ceil(until)) + 1
    return PreparedPast(stretches_of(past), paces_by_day(past, days), past.in_service_by_day(days))


def fit_model(ready: PreparedPast, *, day: float, prior: LemonModel = PRIOR) -> LemonModel:
    """Return the likeliest weights as of `day`, drawn towards `prior`; none of them is negative.

    source   a sum of rates is fitted by sharing each outage among the terms in proportion to what
             each says of it, and dividing by the exposure (EM; Dempster, Laird and Rubin 1977); a
             gamma prior adds PRIOR_STARTS outages and their exposure to every term
    """
    terms, exposure = ready.terms_at_starts(day), ready.exposure(day)
    centre = np.array(prior.weights)
    weights = centre.copy()
    for _ in range(STEPS_MAX):
        spoken = terms * weights
        shared = np.sum(spoken / np.sum(spoken, axis=1, keepdims=True), axis=0)
        better = (PRIOR_STARTS + shared) / (PRIOR_STARTS / centre + exposure)
        done = np.max(np.abs(better - weights) / weights) < TOLERANCE
        weights = better
        if done:
            break
    words = f"{day:.0f} days and {len(terms)} outages of its own past"
    return LemonModel(tuple(float(one) for one in weights), words)


def model_of(past: FleetPast, *, at: float) -> LemonModel:
    """Return the weights in use at day `at`: fitted anew every 28 days, on what came before."""
    day = float(np.floor(max(at, 0.0) / REFIT_DAYS) * REFIT_DAYS)
    if not day or not np.any(past.starts < day):
        return PRIOR
    return fit_model(prepare(past, until=day), day=day)
