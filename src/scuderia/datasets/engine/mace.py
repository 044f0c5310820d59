"""MACE: a rater copies the truth, or spams by a habit of their own."""

import numpy as np

from scuderia.datasets.engine.confusion import ROUNDS_MAX, Counts, Fit, fit
from scuderia.datasets.engine.dawid_skene import mean_field
from scuderia.datasets.engine.votes import Floats, Votes, vote_shares

HABIT = 10.0
COPIES = 0.5


def fit_mace(votes: Votes, *, rounds: int = ROUNDS_MAX) -> Fit:
    """Fit to each rater how often they copy the truth, and what they answer when they do not.

    source   Hovy et al., NAACL 2013, in mean field; a vote against the believed truth is spam, and
             one for it is spam as far as the rater's habit says
    """
    right = np.arange(votes.n_classes)
    shape = (votes.n_workers, votes.n_classes)
    state = {"copies": np.full(votes.n_workers, 0.5), "habit": np.full(shape, 1 / votes.n_classes)}

    def learn(counts: Counts, sizes: Floats) -> tuple[Counts, Floats]:
        hits = counts[:, right, right]
        copied = state["copies"][:, None]
        copied = hits * copied / (copied + (1 - copied) * state["habit"])
        spam = counts.sum(axis=2) - copied
        tossed = np.stack([copied.sum(axis=1), spam.sum(axis=1)], axis=1)[:, :, None]
        coin = mean_field(tossed, np.array([[COPIES], [COPIES]]))[:, :, 0]
        habit = mean_field(spam[:, :, None], np.full((votes.n_classes, 1), HABIT))[:, :, 0]
        state.update(copies=coin[:, 0], habit=habit * (coin[:, 1] / (1 - coin[:, 0]))[:, None])
        rates = np.repeat((coin[:, 1:] * habit)[:, :, None], votes.n_classes, axis=2)
        rates[:, right, right] += coin[:, :1]
        return rates, (sizes + 1) / (sizes + 1).sum()

    return fit(votes, learn, vote_shares(votes), rounds=rounds)
