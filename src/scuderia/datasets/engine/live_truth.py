"""Dawid-Skene kept up to date: new votes move their items and those items' raters alone."""

import numpy as np
import numpy.typing as npt

from scuderia.datasets.engine.confusion import ROUNDS_MAX, Counts, counted, fit
from scuderia.datasets.engine.dawid_skene import confusion_prior, fit_dawid_skene
from scuderia.datasets.engine.votes import Beliefs, Floats, Numbers, Votes, vote_shares, votes_of

SPARE_SHARE = 8
REFIT_SHARE = 10
CLOSE, CLOSE_MAX = 0.03, 5_000
SETTLED = 1e-3
"""Tighter than for a file: two fits that stop early stop in different places."""


class LiveTruth:
    """What is believed of each item, and what each rater has shown, as votes come in.

    What all other items have taught of the raters concerned is held fast while the items that new
    votes are on are fitted anew with it, and with them those that were nearly tied, which a grain
    more about a rater may tip. `refit` starts again from all votes.
    """

    def __init__(self, votes: Votes) -> None:
        self._base = votes
        self._added: tuple[npt.NDArray[np.int64], Numbers, npt.NDArray[np.int16]]
        self._begin(votes)

    @property
    def beliefs(self) -> Beliefs:
        """Return what is believed of each item, shape (n_items, n_classes)."""
        return self._states[: self.n_items]

    @property
    def is_due(self) -> bool:
        """Say whether so many votes were added that a refit is worth its time."""
        return self._added[0].size * REFIT_SHARE > len(self._base)

    def add(
        self,
        items: npt.NDArray[np.integer],
        workers: npt.NDArray[np.integer],
        labels: npt.NDArray[np.integer],
    ) -> npt.NDArray[np.int64]:
        """Take votes in; return the items that they are on.

        Numbers beyond those known are new items and workers; classes are those known.
        """
        voted = np.unique(items).astype(np.int64)
        touched = np.union1d(voted, self._close)
        known = touched[touched < self.n_items]
        before = self._votes_on(known)
        self._grow(int(items.max(initial=-1)) + 1, int(workers.max(initial=-1)) + 1)
        self._forget(before, known)
        fresh = items.astype(np.int64), workers.astype(np.int32), labels.astype(np.int16)
        self._added = (
            np.concatenate([self._added[0], fresh[0]]),
            np.concatenate([self._added[1], fresh[1]]),
            np.concatenate([self._added[2], fresh[2]]),
        )
        self._learn_anew(touched)
        return voted

    def votes(self) -> Votes:
        """Return all votes, those that were added among them."""
        items, workers, labels = self._added
        sizes = {"n_items": self.n_items, "n_workers": len(self._counts)}
        return votes_of(
            np.concatenate([self._base.items(), items]),
            np.concatenate([self._base.workers, workers]),
            np.concatenate([self._base.labels, labels]),
            n_classes=self._base.n_classes,
            **sizes,
        )

    def refit(self) -> None:
        """Fit all votes from the beginning."""
        self._begin(self.votes())

    def _begin(self, votes: Votes) -> None:
        found = fit_dawid_skene(votes, settled=SETTLED)
        self._base, self.n_items = votes, votes.n_items
        self._states = found.states
        self._counts = counted(votes, found.states)
        self._sizes = found.states.sum(axis=0)
        self._close = _nearly_tied(found.states)
        self._added = np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int16)

    def _grow(self, n_items: int, n_workers: int) -> None:
        if n_items > len(self._states):
            size = n_items + n_items // SPARE_SHARE
            self._states = np.resize(self._states, (size, self._states.shape[1]))
        if n_workers > len(self._counts):
            spare = np.zeros((n_workers - len(self._counts), *self._counts.shape[1:]))
            self._counts = np.concatenate([self._counts, spare])
        self._states[self.n_items : n_items] = 0.0
        self.n_items = max(self.n_items, n_items)

    def _votes_on(self, items: npt.NDArray[np.int64]) -> Votes:
        """Return all votes on these items, which are numbered as they stand in `items`."""
        inside = items[items < self._base.n_items]
        starts = self._base.starts[inside]
        lengths = self._base.starts[inside + 1] - starts
        ends = np.cumsum(lengths)
        places = np.arange(lengths.sum()) + np.repeat(starts - ends + lengths, lengths)
        later, workers, labels = self._added
        found = np.minimum(np.searchsorted(items, later), max(items.size - 1, 0))
        kept = items[found] == later if items.size else np.zeros(later.size, bool)
        return votes_of(
            np.concatenate([np.repeat(np.arange(inside.size), lengths), found[kept]]),
            np.concatenate([self._base.workers[places], workers[kept]]),
            np.concatenate([self._base.labels[places], labels[kept]]),
            n_items=items.size,
            n_workers=len(self._counts),
            n_classes=self._base.n_classes,
        )

    def _forget(self, votes: Votes, items: npt.NDArray[np.int64]) -> None:
        """Take out what these items taught of their raters and of the classes."""
        raters, local = _renumbered(votes)
        self._counts[raters] -= counted(local, self._states[items])
        self._sizes -= self._states[items].sum(axis=0)

    def _learn_anew(self, items: npt.NDArray[np.int64]) -> None:
        raters, local = _renumbered(self._votes_on(items))
        elsewhere = self._counts[raters] + confusion_prior(local.n_classes)
        sizes_elsewhere = self._sizes + 1

        def learn(counts: Counts, sizes: Floats) -> tuple[Counts, Floats]:
            rates = counts + elsewhere
            rates /= rates.sum(axis=1, keepdims=True)
            return rates, (sizes + sizes_elsewhere) / (sizes + sizes_elsewhere).sum()

        start, old = vote_shares(local), self._states[items]
        was_known = old.sum(axis=1) > 0
        start[was_known] = old[was_known]
        found = fit(local, learn, start, rounds=ROUNDS_MAX, settled=SETTLED)
        self._states[items] = found.states
        self._counts[raters] += found.counts
        self._sizes += found.states.sum(axis=0)


def _nearly_tied(beliefs: Beliefs) -> npt.NDArray[np.int64]:
    """Return the items whose two likeliest classes are close, in order; the closest if many are."""
    if beliefs.shape[1] < 2:  # noqa: PLR2004 - one class ties with none
        return np.zeros(0, np.int64)
    highest = np.partition(beliefs, -2, axis=1)
    margin = highest[:, -1] - highest[:, -2]
    close = np.flatnonzero(margin < CLOSE)
    return np.sort(close[np.argsort(margin[close])[:CLOSE_MAX]])


def _renumbered(votes: Votes) -> tuple[Numbers, Votes]:
    """Return the raters who voted, and the votes with the raters numbered as they stand there."""
    raters, workers = np.unique(votes.workers, return_inverse=True)
    local = Votes(
        votes.starts, workers.astype(np.int32), votes.labels, raters.size, votes.n_classes
    )
    return raters, local
