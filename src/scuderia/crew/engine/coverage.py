"""How often the intervals of each kind held what came, as measured: one table, told everywhere.

The figures are those that `benchmarks.coverage` prints; docs/rehearsals.md prints the same with its
commands, and a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SHARE_MIN, SHARE_MAX = 0.75, 0.85
"""What 80% intervals are meant to hold, of CALIBRATED_MIN outcomes or more."""
CALIBRATED_MIN = 200
RECORD_MIN = 20
"""Outcomes below which a share says too little to be shown at all."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many outcomes lay inside their interval, of all that were measured."""

    held: int
    of: int

    @property
    def share(self) -> float | None:
        """Return the share inside; None where nothing was measured."""
        return self.held / self.of if self.of else None

    @property
    def is_calibrated(self) -> bool:
        """Say whether enough was measured, and the share is what the interval promises."""
        if self.share is None or self.of < CALIBRATED_MIN:
            return False
        return SHARE_MIN <= self.share <= SHARE_MAX

    @property
    def words(self) -> str:
        """Return it for whoever decides."""
        if self.of < RECORD_MIN:
            return f"not calibrated: {self.of} measured, too few to tell"
        record = f"{self.held} of {self.of} held"
        if self.is_calibrated:
            return f"calibrated: {record}"
        if self.of < CALIBRATED_MIN:
            return f"not calibrated: {record}, of {CALIBRATED_MIN} that it takes to tell"
        return f"not calibrated: {record}, not {SHARE_MIN:.0%} to {SHARE_MAX:.0%}"


MEASURED: Mapping[str, Coverage] = {
    "fleet.swap_node": Coverage(355, 359),
    "fleet.pull_lemon": Coverage(54, 57),
    "fleet.escalate_repair": Coverage(240, 288),
    "fleet.resize_spare_pool": Coverage(18, 26),
    "fleet.resize_spare_pool, no swap decided yet": Coverage(17, 26),
}
"""By kind, and by variant where a kind's intervals are made in two ways.

What is about one slot: measured on 2026-11-29, seeds 1001 to 1250, on which nothing was fitted.
Pools: seeds 1 to 17 and 1001 to 1010.
"""


def coverage_words(kind: str) -> str:
    """Return how the kind's intervals held, in words; of one that nobody measured, that."""
    told = MEASURED.get(kind)
    return told.words if told else "not calibrated: none was measured"
