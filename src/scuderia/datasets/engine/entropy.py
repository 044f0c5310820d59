"""Entropy of shares: how evenly items are spread over the values of a column."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable

from scuderia.datasets.nouns import Spread


def spread_of(values: Iterable[Hashable]) -> Spread:
    """Return H = -sum p ln p and exp(H), the effective number of values; 0 for no items."""
    counts = Counter(values)
    total = counts.total()
    entropy = -sum(n / total * math.log(n / total) for n in counts.values()) + 0.0
    largest = max(counts.values(), default=0) / max(total, 1)
    return Spread(total, len(counts), entropy, math.exp(entropy) if total else 0.0, largest)
