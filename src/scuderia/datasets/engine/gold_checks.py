"""What items of known answer say of a rater: a Beta posterior, and when enough has been asked."""

import math
from dataclasses import dataclass
from enum import StrEnum

from scipy.special import betainc, betaincinv

RIGHT_BEFORE = WRONG_BEFORE = 1.0
CERTAIN = 0.95


class GoldVerdict(StrEnum):
    """What the answers to known items allow to be said."""

    GOOD = "good"
    BELOW = "below"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class GoldPosterior:
    """A rater's accuracy on known items: its mean, a 95% interval, and P(accuracy < bar)."""

    mean: float
    low: float
    high: float
    below: float

    @property
    def is_doubted(self) -> bool:
        """Say whether an audit is due: an audit, never a rejection."""
        return self.below > CERTAIN


def gold_posterior(right: int, wrong: int, *, bar: float) -> GoldPosterior:
    """Return the posterior after so many right and wrong answers, from a flat prior."""
    a, b = right + RIGHT_BEFORE, wrong + WRONG_BEFORE
    low, high = (float(betaincinv(a, b, share)) for share in (0.025, 0.975))
    return GoldPosterior(a / (a + b), low, high, float(betainc(a, b, bar)))


def sequential_test(
    right: int, wrong: int, *, good: float, bad: float, error: float = 0.05
) -> GoldVerdict:
    """Return Wald's verdict after so many answers: good, below, or ask on.

    good, bad   the accuracies that are told apart, 0 < bad < good < 1; either error at most about
                `error`
    source      Wald, Sequential Analysis (1947)
    """
    ratio = right * math.log(good / bad) + wrong * math.log((1 - good) / (1 - bad))
    edge = math.log((1 - error) / error)
    if ratio >= edge:
        return GoldVerdict.GOOD
    return GoldVerdict.BELOW if ratio <= -edge else GoldVerdict.OPEN
