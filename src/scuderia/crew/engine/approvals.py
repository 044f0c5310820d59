"""How many proposed swaps people will approve, and how fast: their record, joined to a prior."""

import numpy as np

from scuderia.fleet.engine.snapshot import SwapRecord

PRIOR_APPROVED = PRIOR_REFUSED = 0.5
"""Jeffreys' prior: before anyone has decided, nearly all and nearly none are the likeliest."""
PRIOR_HOURS = (0.5, 2.0, 8.0)
"""Each weighs as much as one approved swap."""
PROPOSED_AFTER_H = 4.0
"""A swap is proposed when an outage has lasted so long."""


def draw_share(record: SwapRecord, random: np.random.Generator) -> float:
    """Draw the share of proposed swaps that will be approved."""
    return float(random.beta(PRIOR_APPROVED + record.approved, PRIOR_REFUSED + record.refused))


def draw_delay_h(record: SwapRecord, random: np.random.Generator) -> float:
    """Draw the hours from the beginning of an outage to the swap that is approved."""
    return PROPOSED_AFTER_H + float(random.choice([*PRIOR_HOURS, *record.approved_hours]))


def words(record: SwapRecord) -> str:
    """Say what the draws stand on."""
    told = record.approved + record.refused
    if not told:
        return "nobody has decided a swap yet, so any share may be approved"
    return f"people approved {record.approved} of the {told} swaps proposed so far"
