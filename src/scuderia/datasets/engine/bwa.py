"""BWA: each class a number from 0 to 1, averaged over raters by how little each strays from it."""

import numpy as np
import numpy.typing as npt

from scuderia.datasets.engine.votes import Beliefs, Floats, Numbers, Votes, vote_shares
from scuderia.twin.engine.jit import compiled

PRIOR_VOTES, PULL = 15.0, 1.0
ROUNDS_MAX, SPREAD_MIN = 500, 1e-6


def fit_bwa(votes: Votes) -> tuple[Beliefs, Floats]:
    """Return beliefs, and each rater's weight for each class, shape (n_workers, n_classes).

    source   Li, Rubinstein and Cohn, WWW 2019: Bayesian weighted average, one class against the
             rest, with the prior's variance matched to that of the votes
    """
    beliefs = vote_shares(votes)
    spread = (np.diff(votes.starts)[:, None] * beliefs * (1 - beliefs)).sum(axis=0)
    matched = 4 * (1 - 1 / votes.n_classes) * PRIOR_VOTES * spread / max(len(votes), 1)
    before = np.maximum(matched, SPREAD_MIN)
    strayed = np.zeros((votes.n_workers, votes.n_classes))
    voted = votes.per_worker()[:, None]
    weights = np.ones_like(strayed)
    columns = votes.starts, votes.workers, votes.labels
    _average(*columns, weights, beliefs.mean(axis=0), beliefs, strayed, 0.0)
    for _ in range(ROUNDS_MAX):
        weights = (PRIOR_VOTES + voted) / (before + strayed)
        if _average(*columns, weights, beliefs.mean(axis=0), beliefs, strayed, PULL) <= 0:
            break
    return beliefs, weights


@compiled
def _average(
    starts: npt.NDArray[np.int64],
    workers: Numbers,
    labels: npt.NDArray[np.int16],
    weights: Floats,
    mean: Floats,
    beliefs: Beliefs,
    strayed: Floats,
    pull: float,
) -> float:
    """Average anew, and sum how far each rater strays; return by how much it moved too far."""
    width = mean.size
    strayed[:] = 0.0
    moved = 0.0
    top, whole = np.empty(width), np.empty(width)
    for item in range(starts.size - 1):
        whole[:] = pull
        top[:] = pull * mean
        for vote in range(starts[item], starts[item + 1]):
            worker = workers[vote]
            for label in range(width):
                whole[label] += weights[worker, label]
            top[labels[vote]] += weights[worker, labels[vote]]
        for label in range(width):
            if whole[label] > 0:
                fresh = top[label] / whole[label]
                old = beliefs[item, label]
                moved = max(moved, abs(fresh - old) - 1e-8 - 1e-3 * abs(fresh))
                beliefs[item, label] = fresh
        for vote in range(starts[item], starts[item + 1]):
            worker = workers[vote]
            for label in range(width):
                away = beliefs[item, label] - (labels[vote] == label)
                strayed[worker, label] += away * away
    return moved
