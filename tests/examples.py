"""How many examples a property test draws: a share of them in the run that everybody waits for.

`make test-long`, which CI runs, and `make test-fresh` draw all of them.
"""

import os
from typing import Any

from hypothesis import settings

EVERY = not {"SCUDERIA_EVERY_EXAMPLE", "SCUDERIA_FRESH"}.isdisjoint(os.environ)
SHARE = 5
FEWEST = 5


def drawn(whole: int) -> int:
    """Return how many of `whole` examples this run draws."""
    return whole if EVERY else min(whole, max(FEWEST, whole // SHARE))


def examples(whole: int, **more: Any) -> settings:
    """Decorate a property test: `whole` examples where all are drawn, and hypothesis's settings."""
    return settings(max_examples=drawn(whole), **more)
