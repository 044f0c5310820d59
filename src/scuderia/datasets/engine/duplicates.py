"""The exact similarity join: every pair of gram sets with Jaccard >= threshold, and no other.

Prefix, length and positional filters (AllPairs, PPJoin) leave few candidates, and each of those
is counted. Nothing is sampled and nothing is rounded: a threshold is a fraction p / q, and
J >= p / q is asked as overlap * (p + q) >= p * (|x| + |y|) in whole numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from scuderia.basics.errors import BadInput
from scuderia.datasets.engine.shingles import Numbers, Offsets, ShingleSets
from scuderia.datasets.engine.similarity_join import (
    Index,
    PairRows,
    WalkedSets,
    gathered,
    group_identical,
    held_by,
    index_begins,
    join_entries,
    signatures_of,
)

THRESHOLD_MIN = Fraction(1, 2)
PARTS_MAX = 10_000
PAIRS_MAX = 10_000_000
_SETS_A_STEP = 8_192
Told = Callable[[int, int], None]
"""Told how many sets are done, of how many."""


class BadThreshold(BadInput):
    """A threshold that no join is made for."""

    code = "DATA-032"
    remedy = "Say a Jaccard threshold from 0.5 to 1, with at most four decimals."


class TooManyPairs(BadInput):
    """So many pairs are alike that they share more than their content."""

    code = "DATA-033"
    remedy = "Strip what the texts share (--strip-template), or raise the threshold."


@dataclass(frozen=True, slots=True)
class IdenticalSets:
    """Which texts have one and the same set.

    set_of   the distinct set of each text, shape (texts,); sets are numbered by first appearance
    first    the first text of each distinct set, shape (sets,)
    """

    set_of: Offsets
    first: Offsets


@dataclass(frozen=True, slots=True)
class JoinedSets:
    """What a join found.

    pairs   of distinct sets, a before b by first appearance, in that order
    sizes   grams in each distinct set
    """

    identical: IdenticalSets
    pairs: PairRows
    sizes: Offsets

    def jaccards(self) -> npt.NDArray[np.float64]:
        """Return each pair's similarity, shape (pairs,)."""
        a, b, common = self.pairs.T
        return np.asarray(common / (self.sizes[a] + self.sizes[b] - common), np.float64)


def threshold_of(text: str) -> Fraction:
    """Return the threshold as the fraction that was written.

    raises   BadThreshold
    """
    try:
        found = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise BadThreshold(f"{text[:40]!r} is no threshold") from None
    if not THRESHOLD_MIN <= found <= 1 or found.denominator > PARTS_MAX:
        raise BadThreshold(f"{text[:40]} is no threshold of a join")
    return found


def _untold(_done: int, _all: int) -> None:
    """Tell nobody."""


def join(sets: ShingleSets, threshold: Fraction, told: Told = _untold) -> JoinedSets:
    """Find every pair of distinct sets with Jaccard >= threshold.

    The empty set is like itself alone.
    raises   TooManyPairs: more than ten million
    """
    identical = identical_sets(sets)
    by_size = np.argsort(sets.sizes[identical.first], kind="stable")
    walked = _walked(sets, identical.first[by_size])
    p, q = threshold.numerator, threshold.denominator
    index = _empty_index(walked, sets.grams, p, q)
    found: list[PairRows] = []
    held = 0
    for begin in range(0, by_size.size, _SETS_A_STEP):
        end = min(begin + _SETS_A_STEP, by_size.size)
        found.append(join_entries(begin, end, walked, index, p, q))
        held += len(found[-1])
        if held > PAIRS_MAX:
            raise TooManyPairs(f"more than {PAIRS_MAX:,} pairs reach the threshold of {threshold}")
        told(end, by_size.size)
    return JoinedSets(identical, _in_order(found, by_size), sets.sizes[identical.first])


def identical_sets(sets: ShingleSets) -> IdenticalSets:
    """Group texts whose sets are the same, gram by gram."""
    set_of, first = group_identical(sets.numbers, sets.offsets, sets.grams)
    return IdenticalSets(set_of, first)


def rarity_order(numbers: Numbers, grams: int) -> Numbers:
    """Return each gram's place in the order rarest first, shape (grams,)."""
    order = np.empty(grams, np.int32)
    order[np.argsort(held_by(numbers, grams), kind="stable")] = np.arange(grams, dtype=np.int32)
    return order


def _walked(sets: ShingleSets, kept: Offsets) -> WalkedSets:
    """Return these sets, which come smallest first, with their rarest grams first."""
    rarity = rarity_order(sets.numbers, sets.grams)
    numbers, offsets = gathered(sets.numbers, sets.offsets, kept, rarity)
    sizes = np.diff(offsets)
    changes = np.flatnonzero(np.diff(sizes)) + 1
    for begin, end in pairwise([0, *changes.tolist(), sizes.size]):
        if begin < end and sizes[begin] > 1:
            # Sets of one size are the rows of a table, and numpy sorts rows at once.
            numbers[offsets[begin] : offsets[end]].reshape(end - begin, -1).sort(axis=1)
    return numbers, offsets, signatures_of(numbers, offsets)


def _empty_index(walked: WalkedSets, grams: int, p: int, q: int) -> Index:
    numbers, offsets, _ = walked
    begins = index_begins(numbers, offsets, grams, p, q)
    return (
        begins[:-1].copy(),
        begins[:-1].copy(),
        np.empty((begins[-1], 2), np.int64),
        np.zeros(offsets.size - 1, np.int32),
        np.full(grams, -1, np.int32),
        np.diff(offsets).astype(np.int32),
    )


def _in_order(found: list[PairRows], by_size: Offsets) -> PairRows:
    pairs = np.concatenate(found) if found else np.empty((0, 3), np.int64)
    pairs[:, :2] = np.sort(by_size[pairs[:, :2]], axis=1)
    return np.ascontiguousarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])
