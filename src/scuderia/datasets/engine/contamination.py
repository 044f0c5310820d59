"""Which rows repeat items of evaluation sets: the exact join, kept to pairs that cross."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from scuderia.datasets.engine.duplicates import JoinedSets, join
from scuderia.datasets.engine.shingles import shingle

COMPARED = "NFKC, lower case, white space collapsed; sets of character 5-grams; Jaccard"

Alike = dict[int, dict[int, float]]
"""Row -> item, counted over all sets end to end -> Jaccard."""


def contaminated(
    rows: Sequence[str],
    items: Sequence[str],
    threshold: Fraction,
    told: Callable[[int, int], None],
) -> Alike:
    """Return every row that is like an item, with all such items; empty texts are like nothing.

    raises   TooMuchText, TooManyPairs
    """
    joined = join(shingle([*rows, *items]), threshold, told)
    texts_of = _texts_of(joined)
    found: Alike = {}

    def note(one: int, other: int, likeness: float) -> None:
        for row in texts_of[one]:
            for text in texts_of[other]:
                if row < len(rows) <= text:
                    found.setdefault(row, {})[text - len(rows)] = likeness

    of_items = np.unique(joined.identical.set_of[len(rows) :])
    for one in of_items[joined.sizes[of_items] > 0].tolist():
        note(one, one, 1.0)
    for (a, b, _), likeness in zip(joined.pairs.tolist(), joined.jaccards().tolist(), strict=True):
        note(a, b, likeness)
        note(b, a, likeness)
    return dict(sorted(found.items()))


def _texts_of(joined: JoinedSets) -> list[list[int]]:
    """Return the texts of each distinct set."""
    held: list[list[int]] = [[] for _ in range(joined.sizes.size)]
    for text, own in enumerate(joined.identical.set_of.tolist()):
        held[own].append(text)
    return held
