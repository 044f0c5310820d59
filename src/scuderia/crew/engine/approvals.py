"""How many proposed swaps people will approve, and how fast: their record, joined to a prior."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scuderia.fleet.engine.snapshot import SwapRecord

PRIOR_APPROVED = PRIOR_REFUSED = 0.1
"""Before anyone has decided, nearly all and nearly none are by far the likeliest: people who use
the crew approve what it proposes, and others let it expire."""
PRIOR_HOURS = (0.5, 2.0, 8.0)
"""Each weighs as much as one approved swap."""
PROPOSED_AFTER_H = 4.0
"""A swap is proposed when an outage has lasted so long."""

Weights1D: TypeAlias = NDArray[np.float64]
"""Shape (n_hours,), sum 1."""


@dataclass(frozen=True, slots=True)
class SwapHabits:
    """How people decide on swaps in one future.

    share           of the proposed swaps that they approve
    hours, weight   from a proposal to its yes, and how often it takes so long
    """

    share: float
    hours: tuple[float, ...]
    weight: Weights1D

    def draw_wait_h(self, random: np.random.Generator, *, age_h: float) -> float | None:
        """Draw the hours from now to the approved swap of an outage of that age; None: no swap."""
        if random.random() >= self.share:
            return None
        answered = self.hours[int(random.choice(len(self.hours), p=self.weight))]
        return max(PROPOSED_AFTER_H - age_h, 0.0) + answered


def draw_habits(record: SwapRecord, random: np.random.Generator) -> SwapHabits:
    """Draw how people may decide, given what they decided (Beta; a Bayesian bootstrap)."""
    hours = (*PRIOR_HOURS, *record.approved_hours)
    return SwapHabits(
        share=float(random.beta(PRIOR_APPROVED + record.approved, PRIOR_REFUSED + record.refused)),
        hours=hours,
        weight=random.dirichlet(np.ones(len(hours))),
    )


def words(record: SwapRecord) -> str:
    """Say what the draws stand on."""
    told = record.approved + record.refused
    if not told:
        return "nobody has decided a swap yet, so any share may be approved"
    return f"people approved {record.approved} of the {told} swaps proposed so far"
