"""The measured effect beside the expected one, and how well an agent's promises hold."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scuderia.loop.nouns import OutcomeVerdict


@dataclass(frozen=True, slots=True)
class Promise:
    """What was expected of acting; low and high are the 80% interval of `expected`."""

    better: str
    do_nothing: float
    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise and what was measured in the end."""

    promise: Promise
    value: float


def verdict_of(promise: Promise, value: float) -> OutcomeVerdict:
    """Say whether the promise was kept.

    MET           in the interval or better, and better than doing nothing
    MISSED        worse than the interval
    INCONCLUSIVE  in the interval, which is too wide to tell it from doing nothing; or no number
    """
    sign = 1.0 if promise.better == "lower" else -1.0
    worse_edge = promise.high if promise.better == "lower" else promise.low
    if not math.isfinite(value):
        return OutcomeVerdict.INCONCLUSIVE
    if sign * value > sign * worse_edge:
        return OutcomeVerdict.MISSED
    if sign * value < sign * promise.do_nothing:
        return OutcomeVerdict.MET
    return OutcomeVerdict.INCONCLUSIVE


def interval_coverage(kept: Sequence[Kept]) -> float | None:
    """Return the share of measured values inside their interval; None without any."""
    inside = [one.promise.low <= one.value <= one.promise.high for one in kept]
    return sum(inside) / len(inside) if inside else None


def median_error(kept: Sequence[Kept]) -> float | None:
    """Return the median of |measured - expected| / |do nothing - expected|; None if unknown."""
    errors = [
        abs(one.value - one.promise.expected) / effect
        for one in kept
        if (effect := abs(one.promise.do_nothing - one.promise.expected)) > 0
    ]
    return statistics.median(errors) if errors else None
