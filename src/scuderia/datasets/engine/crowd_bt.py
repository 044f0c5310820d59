"""CrowdBT: a rater tells the better of two with a reliability of their own, or the worse."""

from dataclasses import dataclass

import numpy as np

from scuderia.datasets.engine.bradley_terry import Pairs, Strengths, fit_bradley_terry
from scuderia.datasets.engine.votes import Floats

ROUNDS_MAX, SETTLED, STEPS = 100, 1e-3, 5
RELIABLE, UNRELIABLE = 4.0, 1.0
GRID = 201
RELIABILITY_BAR, CERTAIN = 0.7, 0.95
"""A rater is flagged for an audit where P(reliability < bar) is above `CERTAIN`."""


@dataclass(frozen=True, slots=True)
class CrowdStrengths:
    """Strengths, and how reliable each rater is, shape (n_raters,): 0.5 is a coin."""

    strengths: Strengths
    reliability: Floats
    rounds: int


def fit_crowd_bt(pairs: Pairs) -> CrowdStrengths:
    """Fit strengths and reliabilities to the judgments that are no ties, by EM.

    source   Chen et al., WSDM 2013: P(rater says i over j) = e * p_ij + (1 - e) * (1 - p_ij), with
             a Beta prior on e; an unreliable judgment counts for the other side
    """
    decided = pairs.only(np.abs(pairs.won - 0.5) > 0)
    both = Pairs(
        np.concatenate([decided.first, decided.second]),
        np.concatenate([decided.second, decided.first]),
        np.concatenate([decided.raters, decided.raters]),
        np.concatenate([decided.won, decided.won]),
        pairs.n_items,
        pairs.n_raters,
    )
    given = np.bincount(decided.raters, minlength=pairs.n_raters)
    strengths = fit_bradley_terry(decided)
    reliability = np.full(pairs.n_raters, RELIABLE / (RELIABLE + UNRELIABLE))
    done = 0
    while done < ROUNDS_MAX:
        done += 1
        agreed = agreement_chances(strengths, decided)
        mine = reliability[decided.raters]
        followed = mine * agreed / (mine * agreed + (1 - mine) * (1 - agreed))
        hits = np.bincount(decided.raters, followed, pairs.n_raters)
        fresh = (hits + RELIABLE) / (given + RELIABLE + UNRELIABLE)
        moved = float(np.abs(fresh - reliability).max(initial=0.0))
        reliability = fresh
        strengths = fit_bradley_terry(
            both,
            weights=np.concatenate([followed, 1 - followed]),
            start=strengths.strength,
            rounds=STEPS,
        )
        if moved <= SETTLED:
            break
    return CrowdStrengths(strengths, reliability, done)


def agreement_chances(strengths: Strengths, pairs: Pairs) -> Floats:
    """Return how likely each judgment is by the strengths alone, shape (n,)."""
    first, _ = strengths.chances(pairs)
    return np.where(pairs.won > 0.5, first, 1 - first)  # noqa: PLR2004 - the first has won


def doubt_below(strengths: Strengths, pairs: Pairs, bar: float) -> tuple[Floats, Floats, Floats]:
    """Return P(reliability < bar), and a 95% interval, of each rater; shape (n_raters,) each.

    The posterior is exact on a grid: a judgment on a pair that nobody can tell apart says nothing.
    """
    decided = pairs.only(np.abs(pairs.won - 0.5) > 0)
    grid = (np.arange(GRID) + 0.5) / GRID
    agreed = agreement_chances(strengths, decided)
    logs = np.empty((pairs.n_raters, GRID))
    for place, one in enumerate(grid):
        logs[:, place] = np.bincount(
            decided.raters, np.log(one * agreed + (1 - one) * (1 - agreed)), pairs.n_raters
        )
    logs += (RELIABLE - 1) * np.log(grid) + (UNRELIABLE - 1) * np.log(1 - grid)
    mass = np.exp(logs - logs.max(axis=1, keepdims=True))
    mass = np.cumsum(mass / mass.sum(axis=1, keepdims=True), axis=1)
    below = mass[:, int(np.searchsorted(grid, bar)) - 1]
    low, high = (grid[(mass < share).sum(axis=1).clip(0, GRID - 1)] for share in (0.025, 0.975))
    return below, low, high
