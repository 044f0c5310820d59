"""One accuracy a rater: right so often, and else any other label alike."""

import numpy as np

from scuderia.datasets.engine.confusion import Counts, Fit, fit
from scuderia.datasets.engine.dawid_skene import RIGHT, WRONG
from scuderia.datasets.engine.votes import Floats, Votes, vote_shares


def fit_one_coin(votes: Votes) -> Fit:
    """Fit one accuracy to each rater.

    source   Dawid and Skene with a symmetric matrix; Zhang et al., JMLR 17 (2016)
    """
    others = max(votes.n_classes - 1, 1)
    answered = votes.per_worker()
    right = np.arange(votes.n_classes)

    def learn(counts: Counts, sizes: Floats) -> tuple[Counts, Floats]:
        hits = counts[:, right, right].sum(axis=1)
        accuracy = (hits + RIGHT) / (answered + RIGHT + WRONG)
        rates = np.empty_like(counts)
        rates[:] = ((1 - accuracy) / others)[:, None, None]
        rates[:, right, right] = accuracy[:, None]
        return rates, (sizes + 1) / (sizes + 1).sum()

    return fit(votes, learn, vote_shares(votes))
