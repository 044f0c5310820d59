"""The lemon score: the probability that a node has another outage within 28 days of service.

A node in service fails at a rate of three parts: the fleet's own rate, a burst after each of its
returns that fades within days, and a slow remainder of its past (a self-exciting rate, Hawkes
1971). No weight is negative: a worse history never scores lower. lemon_past holds what is known of
a fleet, lemon_fit fits the weights, lemon_backtest measures what they are worth.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

HORIZON_DAYS = 28.0
WINDOW_DAYS = 28.0
LONG_WINDOW_DAYS = 90.0
RELAPSE_DAYS = 7.0

Days1D: TypeAlias = NDArray[np.float64]
"""Shape (n,), days since the epoch of the history."""
Terms1D: TypeAlias = NDArray[np.float64]
"""Shape (len(TERMS),): the fleet at each of its PACES_DAYS, then one per length in TAUS_DAYS."""
Paces1D: TypeAlias = NDArray[np.float64]
"""Shape (len(PACES_DAYS),), the fleet's outages per node-day, over the last month and year."""
Memory: TypeAlias = NDArray[np.float64]
"""Shape (..., len(TAUS_DAYS)): how much of a node's past returns is still felt, per length."""

PACES_DAYS = (30.0, 365.0)
TAUS_DAYS: Days1D = np.array([1.0, 5.0, 30.0, 120.0, 365.0])
"""Relapse at once, bad repair, slow repair, season, frailty."""

TERMS: tuple[str, ...] = (
    "what the whole fleet did this month",
    "what the whole fleet did this year",
    "returns of the last day",
    "returns of the last days",
    "returns of the last weeks",
    "returns of the last months",
    "returns of the last year",
)

_DAYS_FELT: Terms1D = np.array(
    [HORIZON_DAYS] * len(PACES_DAYS) + list(TAUS_DAYS * -np.expm1(-HORIZON_DAYS / TAUS_DAYS))
)


@dataclass(frozen=True, slots=True)
class NodeHistory:
    """What is known of one node: its outages in order, and since when it has been at risk.

    starts, ends   days, same length, apart from each other; one that still lasts ends at infinity
    since          day of the node's first appearance
    """

    node: str
    starts: Days1D
    ends: Days1D
    since: float = 0.0


def history_of(
    node: str, spans: Iterable[tuple[float, float]], *, since: float = 0.0
) -> NodeHistory:
    """Return the history of a node; reports that overlap or touch are one outage.

    spans    (start, end) in days, in any order; what began before `since` begins then
    """
    joined: list[list[float]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([max(start, since), end])
    starts, ends = np.array(joined, dtype=float).reshape(-1, 2).T
    return NodeHistory(node, starts, ends, since)


@dataclass(frozen=True, slots=True)
class LemonModel:
    """Fitted weights of the rate, in the order of TERMS; none is negative.

    fitted_on   in words: which history, how many days and outages
    """

    weights: tuple[float, ...]
    fitted_on: str


PRIOR = LemonModel((0.3, 0.3, 0.05, 0.01, 0.002, 0.0005, 0.0002), "no history: the prior alone")


@dataclass(frozen=True, slots=True)
class LemonScore:
    """The probability of another outage within 28 days, and what drives it.

    drivers   (name in TERMS, how much of it there is, outages it makes one expect in 28 days),
              largest part first; the parts sum to -log(1 - probability)
    """

    node: str
    probability: float
    outages_28d: int
    outages_90d: int
    relapses_90d: int
    drivers: tuple[tuple[str, float, float], ...]


def expected_outages(model: LemonModel, paces: Paces1D, memory: Memory) -> NDArray[np.float64]:
    """Return the integral of the rate over the next 28 days of service, in closed form.

    memory    shape (n, 5)
    returns   shape (n, 7): the part of every term
    """
    amounts = np.column_stack([np.tile(paces, (len(memory), 1)), memory])
    return np.asarray(amounts * np.array(model.weights) * _DAYS_FELT)


def chances(model: LemonModel, paces: Paces1D, memory: Memory) -> NDArray[np.float64]:
    """Return the chance of an outage within 28 days of service, shape (n,)."""
    return np.asarray(-np.expm1(-np.sum(expected_outages(model, paces, memory), axis=1)))


def score_node(
    history: NodeHistory, model: LemonModel, paces: Paces1D, memory: Memory, *, at: float
) -> LemonScore:
    """Score one node as known at day `at`, and say what drives the score.

    paces    the fleet's at that day
    memory   the node's at that day, shape (5,)
    """
    parts = expected_outages(model, paces, memory[None, :])[0]
    known = history.starts[history.starts <= at]
    drivers = sorted(
        (
            (name, float(amount), float(part))
            for name, amount, part in zip(TERMS, [*paces, *memory], parts, strict=True)
        ),
        key=lambda driver: -driver[2],
    )
    return LemonScore(
        node=history.node,
        probability=float(-np.expm1(-np.sum(parts))),
        outages_28d=int(np.sum(known > at - WINDOW_DAYS)),
        outages_90d=int(np.sum(known > at - LONG_WINDOW_DAYS)),
        relapses_90d=_relapses(known, history.ends[: len(known)], at),
        drivers=tuple(drivers),
    )


def _relapses(starts: Days1D, ends: Days1D, at: float) -> int:
    soon = starts[1:] - ends[:-1] <= RELAPSE_DAYS
    return int(np.sum(soon & (starts[1:] > at - LONG_WINDOW_DAYS)))
