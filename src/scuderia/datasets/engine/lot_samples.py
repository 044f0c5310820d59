"""Which items of a lot are looked at: those whose hash with a published seed is lowest.

Whoever has the seed and the items' names gets the same sample, with ten lines of their own
(docs/sampling.md). Publish the seed only when the lot is closed.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Sequence

from scuderia.basics.errors import BadInput


class BadSample(BadInput):
    """No sample can be drawn of these items."""

    code = "DATA-052"
    remedy = "Give each item of the lot a name of its own, and a seed that is not empty."


def order_key(seed: str, item: str) -> str:
    """Return what the items are ordered by: SHA-256 of the seed, a line feed and the name."""
    return hashlib.sha256(f"{seed}\n{item}".encode()).hexdigest()


def draw_sample(items: Sequence[str], n: int, seed: str) -> list[str]:
    """Return n items, lowest hash first.

    raises   BadSample: no seed, an item twice, fewer than n items
    """
    if not seed:
        raise BadSample("a sample without a seed could not be drawn again")
    if len(set(items)) < len(items):
        twice = next(item for item, times in Counter(items).items() if times > 1)
        raise BadSample(f"the item {twice[:80]!r} stands twice in the lot")
    if n > len(items):
        raise BadSample(f"a sample of {n:,} of {len(items):,} items")
    return [item for _, item in heapq.nsmallest(n, ((order_key(seed, one), one) for one in items))]
