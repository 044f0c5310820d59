"""Votes as numbers: who gave which label to which item, in the order of the items."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from scuderia.twin.engine.jit import compiled

Floats: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = npt.NDArray[np.int32]
Starts: TypeAlias = npt.NDArray[np.int64]
Keys: TypeAlias = npt.NDArray[np.uint32]
Beliefs: TypeAlias = npt.NDArray[np.float64]
"""Shape (n_items, n_classes): how likely each class is each item's true one; rows add up to 1."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes in the order of their items; every number counts from 0.

    starts   (n_items + 1,): the votes on item i are starts[i]:starts[i + 1]
    workers  (n_votes,), labels (n_votes,)
    """

    starts: Starts
    workers: Numbers
    labels: npt.NDArray[np.int16]
    n_workers: int
    n_classes: int

    @property
    def n_items(self) -> int:
        """Return how many items there are, those without a vote among them."""
        return self.starts.size - 1

    def __len__(self) -> int:
        return self.workers.size

    def items(self) -> Numbers:
        """Return each vote's item, shape (n_votes,)."""
        return np.repeat(np.arange(self.n_items, dtype=np.int32), np.diff(self.starts))

    def keys(self) -> Keys:
        """Return each vote's worker and label as one number, shape (n_votes,)."""
        keys = self.workers.astype(np.uint32)
        keys *= np.uint32(self.n_classes)
        keys += self.labels.astype(np.uint32)
        return keys

    def per_worker(self) -> Floats:
        """Return how many votes each worker gave, shape (n_workers,)."""
        return np.bincount(self.workers, minlength=self.n_workers).astype(float)

    def only(self, kept: npt.NDArray[np.bool_]) -> "Votes":
        """Return the votes that are kept; items, workers and classes keep their numbers."""
        counts = np.add.reduceat(np.append(kept, False), self.starts[:-1], dtype=np.int64)
        counts[np.diff(self.starts) == 0] = 0
        starts = np.concatenate(([0], np.cumsum(counts)))
        workers, labels = self.workers[kept], self.labels[kept]
        return Votes(starts, workers, labels, self.n_workers, self.n_classes)


def votes_of(
    items: npt.NDArray[np.integer],
    workers: npt.NDArray[np.integer],
    labels: npt.NDArray[np.integer],
    *,
    n_items: int = 0,
    n_workers: int = 0,
    n_classes: int = 0,
) -> Votes:
    """Return votes given in any order; the counts are at least what the numbers name."""
    highest = [int(column.max(initial=-1)) + 1 for column in (items, workers, labels)]
    size = max(n_items, highest[0])
    starts = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(items, minlength=size), out=starts[1:])
    ordered, given = workers.astype(np.int32, copy=False), labels.astype(np.int16, copy=False)
    if items.size and not (np.diff(items) >= 0).all():
        ordered, given = _by_item(items.astype(np.int32), ordered, given, starts[:-1].copy())
    return Votes(starts, ordered, given, max(n_workers, highest[1]), max(n_classes, highest[2]))


@compiled
def _by_item(
    items: Numbers, workers: Numbers, labels: npt.NDArray[np.int16], free: npt.NDArray[np.int64]
) -> tuple[Numbers, npt.NDArray[np.int16]]:
    """Put each vote at its item's next free place: a counting sort, which keeps their order."""
    ordered, given = np.empty_like(workers), np.empty_like(labels)
    for vote in range(items.size):
        place = free[items[vote]]
        free[items[vote]] += 1
        ordered[place] = workers[vote]
        given[place] = labels[vote]
    return ordered, given


def vote_shares(votes: Votes) -> Beliefs:
    """Return the share of each class among an item's votes; an item without any: all alike."""
    shares = np.zeros((votes.n_items, votes.n_classes))
    _share(votes.starts, votes.labels, shares)
    return shares


@compiled
def _share(starts: Starts, labels: npt.NDArray[np.int16], shares: Beliefs) -> None:
    for item in range(starts.size - 1):
        given = starts[item + 1] - starts[item]
        for vote in range(starts[item], starts[item + 1]):
            shares[item, labels[vote]] += 1 / given
        if given == 0:
            shares[item] = 1 / shares.shape[1]


def credit(
    beliefs: Beliefs, items: npt.NDArray[np.integer], truth: npt.NDArray[np.integer]
) -> Floats:
    """Return what each named item earns: 1 for the right class, a share where classes tie."""
    rows = beliefs[items]
    best = rows >= rows.max(axis=1, keepdims=True) - 1e-12
    earned: Floats = best[np.arange(items.size), truth] / best.sum(axis=1)
    return earned
