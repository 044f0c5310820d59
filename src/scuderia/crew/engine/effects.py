"""What acting is worth: the one definition of an effect, its interval and what waiting costs. Pure.

Every figure of a rehearsal comes from here, so that no two of them speak of different things.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Hours1D: TypeAlias = NDArray[np.float64]
"""Shape (n_futures,), hours."""

SURE_H = 1.0
"""Below so many hours the 10% point counts as none: a spare is at work within this time."""
DEFINITION = (
    "Both courses are means over the same futures; what acting saves is their difference, future "
    "by future. The interval of acting holds at least 80% of the futures, that of the saving "
    "their middle 80%, and the mean in any case"
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Hours lost within the horizon, one per future, in both arms; paired."""

    do_nothing: Hours1D
    acting: Hours1D

    @property
    def lost(self) -> tuple[float, float]:
        """Return the mean hours lost (doing nothing, acting)."""
        return float(np.mean(self.do_nothing)), float(np.mean(self.acting))

    @property
    def low(self) -> float:
        """Return the 10% point when acting; zero where nothing is nearly sure."""
        edge = float(np.percentile(self.acting, 10))
        return 0.0 if edge < SURE_H else min(edge, self.lost[1])

    @property
    def high(self) -> float:
        """Return the 90% point; a higher one where the mean of a long tail lies beyond it."""
        expected = self.lost[1]
        edges = (float(np.percentile(self.acting, share)) for share in (90, 95, 99))
        return next((edge for edge in edges if edge > expected), float(np.max(self.acting)))

    @property
    def hours_saved(self) -> float:
        """Return the mean of the paired differences; negative where acting loses more."""
        return float(np.mean(self.do_nothing - self.acting))

    @property
    def saved_between(self) -> tuple[float, float]:
        """Return the 10% and 90% points of the paired differences, widened to hold their mean."""
        low, high = np.percentile(self.do_nothing - self.acting, [10, 90])
        return min(float(low), self.hours_saved), max(float(high), self.hours_saved)

    @property
    def helps(self) -> float:
        """Return the share of futures in which acting loses fewer hours."""
        return float(np.mean(self.acting < self.do_nothing))

    @property
    def harms(self) -> float:
        """Return the share of futures in which acting loses more hours."""
        return float(np.mean(self.acting > self.do_nothing))


def cost_of_delay(hours_saved: float, *, gpus: int, horizon_days: float) -> float:
    """Return the GPU-hours that a day of waiting costs: what acting saves, spread over its days.

    hours_saved   node-hours, the rehearsal's mean     gpus   of one node
    returns       >= 0: waiting with what harms costs nothing
    """
    return round(max(hours_saved, 0.0) * gpus / horizon_days, 2)


def cost_words(hours_saved: float, *, gpus: int, horizon_days: float) -> str:
    """Say how `cost_of_delay` is reckoned, for whoever would do it by hand."""
    return (
        f"Waiting costs a day what acting saves a day: {hours_saved:.2f} node-hours x {gpus} GPUs "
        f"/ {horizon_days:g} days"
    )
