"""The lemon score: the probability that a node has another outage within 28 days of service.

A gamma-Poisson rate (how often this node fails beside its fleet) carries the base; counts, the
recency of the last return, relapses and downtime correct it in log-odds. No weight is negative: a
worse history never scores lower. lemon_fit fits the weights, lemon_backtest measures their worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

HORIZON_DAYS = 28.0
WINDOW_DAYS = 28.0
LONG_WINDOW_DAYS = 90.0
RELAPSE_DAYS = 7.0
DECAY_DAYS = 60.0
RECENCY_DAYS = 2.0

Days1D: TypeAlias = NDArray[np.float64]
"""Shape (n,), days since the epoch of the history."""
Features1D: TypeAlias = NDArray[np.float64]
"""Shape (len(FEATURES),), in the order of FEATURES."""

PRIOR_RATE = 4.2e-3
"""Outages per node-day; five published fleets lie between 2.3e-3 and 6.5e-3."""
PRIOR_OUTAGES = 10.0
SHAPE_MIN, SHAPE_MAX = 0.25, 8.0

FEATURES: tuple[str, ...] = (
    "own rate beside the fleet's",
    "outages in 28 days",
    "outages in 90 days",
    "outages, fading over 60 days",
    "how fresh the last return is",
    "relapses within 7 days of a return",
    "share of 90 days out of service",
)


@dataclass(frozen=True, slots=True)
class NodeHistory:
    """What is known of one node: its outages in order, and since when it has been at risk.

    starts, ends   days, same length; an outage that still lasts ends at infinity
    since          day of the node's first appearance
    """

    node: str
    starts: Days1D
    ends: Days1D
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class FleetRate:
    """How often the fleet fails, as known at one instant.

    per_node_day   outages per node-day at risk, smoothed; > 0
    shape          of the gamma that spreads nodes about it; small means some nodes are lemons
    """

    per_node_day: float
    shape: float = 1.0


@dataclass(frozen=True, slots=True)
class LemonModel:
    """Fitted weights, in log-odds: intercept, then one per name in FEATURES.

    fitted_on   in words: which history, how many rows and outages
    """

    intercept: float
    weights: tuple[float, ...]
    fitted_on: str


@dataclass(frozen=True, slots=True)
class LemonScore:
    """The probability of another outage within 28 days, and what drives it.

    drivers   (name in FEATURES, value, contribution in log-odds), largest contribution first
    """

    node: str
    probability: float
    outages_28d: int
    outages_90d: int
    relapses_90d: int
    drivers: tuple[tuple[str, float, float], ...]


def node_features(history: NodeHistory, rate: FleetRate, *, at: float) -> Features1D:
    """Describe a node by what is known at day `at`; nothing later is looked at.

    returns  shape (7,), each of order one; all but the first are 0 for a node that never failed
    """
    known = history.starts <= at
    starts, ends = history.starts[known], np.minimum(history.ends[known], at)
    out = np.zeros(len(FEATURES))
    out[0] = _relative_log_rate(len(starts), at - history.since, rate)
    if not len(starts):
        return out
    out[1] = np.log1p(np.sum(starts > at - WINDOW_DAYS))
    out[2] = np.log1p(np.sum(starts > at - LONG_WINDOW_DAYS))
    out[3] = np.log1p(np.sum(np.exp((starts - at) / DECAY_DAYS)))
    out[4] = np.exp((ends[-1] - at) / RECENCY_DAYS)
    out[5] = np.log1p(_relapses(starts, ends, at))
    out[6] = np.sum(_clip(ends, starts, at)) / LONG_WINDOW_DAYS
    return out


def _relative_log_rate(outages: int, age_days: float, rate: FleetRate) -> float:
    # the posterior mean of a gamma-Poisson rate, divided by the fleet's own
    expected = max(age_days, 0.0) * rate.per_node_day
    return float(np.log((outages + rate.shape) / (expected + rate.shape)))


def _relapses(starts: Days1D, ends: Days1D, at: float) -> int:
    soon = starts[1:] - ends[:-1] <= RELAPSE_DAYS
    return int(np.sum(soon & (starts[1:] > at - LONG_WINDOW_DAYS)))


def _clip(ends: Days1D, starts: Days1D, at: float) -> Days1D:
    opening = at - LONG_WINDOW_DAYS
    return np.maximum(ends - np.maximum(starts, opening), 0.0)


def fleet_rate(histories: Sequence[NodeHistory], *, nodes: int, at: float) -> FleetRate:
    """Estimate the fleet's rate and spread from all that is known at day `at`.

    nodes     all nodes at risk, the ones without a history included
    returns   the rate is smoothed by PRIOR_OUTAGES at PRIOR_RATE, so a young fleet has one too;
              the shape is the gamma's by moments, held within [0.25, 8]
    """
    counts = np.array([float(np.sum(h.starts <= at)) for h in histories])
    ages = np.array([max(at - h.since, 0.0) for h in histories])
    node_days = float(np.sum(ages)) + max(nodes - len(histories), 0) * max(at, 0.0)
    total = float(np.sum(counts))
    rate = (total + PRIOR_OUTAGES) / (node_days + PRIOR_OUTAGES / PRIOR_RATE)
    mean = total / max(nodes, 1)
    square = float(np.sum(counts**2)) / max(nodes, 1)
    excess = square - mean**2 - mean
    shape = mean**2 / excess if excess > 0 and mean > 0 else SHAPE_MAX
    return FleetRate(rate, min(max(shape, SHAPE_MIN), SHAPE_MAX))


def base_log_odds(rate: FleetRate) -> float:
    """Return the log-odds of an outage within the horizon for a node like the fleet."""
    chance = -np.expm1(-rate.per_node_day * HORIZON_DAYS)
    return float(np.log(chance / (1 - chance)))


def probability(model: LemonModel, rate: FleetRate, features: Features1D) -> float:
    """Return the chance of another outage within the horizon for a node described so."""
    odds = base_log_odds(rate) + model.intercept + float(features @ np.asarray(model.weights))
    return float(1 / (1 + np.exp(-odds)))


def score_node(
    history: NodeHistory, model: LemonModel, rate: FleetRate, *, at: float
) -> LemonScore:
    """Score one node as known at day `at`, and say what drives the score."""
    features = node_features(history, rate, at=at)
    parts = features * np.asarray(model.weights)
    known = history.starts[history.starts <= at]
    drivers = sorted(
        ((name, float(v), float(p)) for name, v, p in zip(FEATURES, features, parts, strict=True)),
        key=lambda driver: -abs(driver[2]),
    )
    return LemonScore(
        node=history.node,
        probability=probability(model, rate, features),
        outages_28d=int(np.sum(known > at - WINDOW_DAYS)),
        outages_90d=int(np.sum(known > at - LONG_WINDOW_DAYS)),
        relapses_90d=_relapses(known, history.ends[: len(known)], at),
        drivers=tuple(drivers),
    )
