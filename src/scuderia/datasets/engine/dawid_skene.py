"""Dawid and Skene's confusion matrix of each rater, by maximum a posteriori or in mean field."""

import numpy as np
from scipy.special import digamma

from scuderia.datasets.engine.confusion import SETTLED, Counts, Fit, fit
from scuderia.datasets.engine.votes import Floats, Votes, vote_shares

RIGHT, WRONG = 4.0, 1.0
"""Votes that each rater is held to have given beforehand: on the truth, on each other class."""


def confusion_prior(n_classes: int) -> Floats:
    """Return the votes given before the first, shape (labels, classes)."""
    return np.full((n_classes, n_classes), WRONG) + np.eye(n_classes) * (RIGHT - WRONG)


def fit_dawid_skene(votes: Votes, *, settled: float = SETTLED) -> Fit:
    """Fit a confusion matrix to each rater.

    source   Dawid and Skene, Applied Statistics 28 (1979) 20-28; with a Dirichlet prior
    """
    before = confusion_prior(votes.n_classes)

    def learn(counts: Counts, sizes: Floats) -> tuple[Counts, Floats]:
        rates = counts + before
        rates /= rates.sum(axis=1, keepdims=True)
        return rates, (sizes + 1) / (sizes + 1).sum()

    return fit(votes, learn, vote_shares(votes), settled=settled)


def mean_field(counts: Counts, before: Floats) -> Counts:
    """Return exp E[log rate] under the Dirichlets that the counts make of what was held before."""
    held = counts + before
    logs: Counts = digamma(held) - digamma(held.sum(axis=1, keepdims=True))
    return np.exp(logs, out=logs)
