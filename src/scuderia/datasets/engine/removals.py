"""Keep-first: which rows go, and for the sake of which kept row each of them goes."""

import numpy as np

from scuderia.datasets.engine.duplicates import JoinedSets
from scuderia.datasets.engine.similarity_join import PairRows
from scuderia.datasets.nouns import Removal
from scuderia.twin.engine.jit import compiled


def keep_first(joined: JoinedSets) -> list[Removal]:
    """Walk the rows in order and remove each that is like a kept one, which is its twin.

    A row that is like a removed row alone stays: its likeness to what is kept was never found.
    Of several kept rows the most alike is the twin, of equals the first. The empty text is like
    nothing, so no row without text goes.
    """
    set_of, first, sizes = joined.identical.set_of, joined.identical.first, joined.sizes
    twins, common = _twins(joined.pairs, sizes)
    repeats = (first[set_of] != np.arange(set_of.size)) & (sizes[set_of] > 0)
    removed = []
    for row in np.flatnonzero(repeats | (twins[set_of] >= 0)).tolist():
        own = set_of[row]
        twin, shared = (twins[own], common[own]) if twins[own] >= 0 else (own, sizes[own])
        likeness = int(shared) / int(sizes[own] + sizes[twin] - shared)
        removed.append(Removal(row, int(first[twin]), likeness))
    return removed


@compiled
def _twins(pairs: PairRows, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each set its kept twin, or -1, and the grams that they share.

    pairs   in order of their first set: when a set comes up as the first of a pair, every pair in
            which it is the second has gone by, so whether it is kept is settled
    """
    twins = np.full(sizes.size, -1, np.int64)
    common = np.zeros(sizes.size, np.int64)
    for at in range(pairs.shape[0]):
        first, second, shared = pairs[at]
        if twins[first] >= 0:
            continue
        held = twins[second]
        # Likenesses are compared as fractions; a tie stays with the earlier twin.
        ours = shared * (sizes[held] + sizes[second] - common[second])
        theirs = common[second] * (sizes[first] + sizes[second] - shared)
        if held < 0 or ours > theirs:
            twins[second], common[second] = first, shared
    return twins, common
