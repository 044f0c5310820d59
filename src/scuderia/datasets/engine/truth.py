"""Truth from votes: one call for every method, and the choice between them by votes held out."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from scuderia.datasets.engine.bwa import fit_bwa
from scuderia.datasets.engine.confusion import by_owner, counted
from scuderia.datasets.engine.dawid_skene import confusion_prior, fit_dawid_skene
from scuderia.datasets.engine.ebcc import fit_ebcc
from scuderia.datasets.engine.glad import fit_glad
from scuderia.datasets.engine.mace import fit_mace
from scuderia.datasets.engine.one_coin import fit_one_coin
from scuderia.datasets.engine.votes import Beliefs, Floats, Votes, vote_shares
from scuderia.datasets.nouns import TruthMethod

HELD_OUT, ENOUGH_VOTES = 0.1, 3
POOLED = 8.0
CERTAIN_SE = 2.0
USUAL = TruthMethod.DS


def _ebcc(votes: Votes) -> Beliefs:
    found = fit_ebcc(votes)
    return by_owner(found.fit.states, found.owner, votes.n_classes)


def _bwa(votes: Votes) -> Beliefs:
    beliefs, _ = fit_bwa(votes)
    whole: Floats = beliefs.sum(axis=1, keepdims=True)
    return np.divide(beliefs, whole)


_METHODS: Mapping[TruthMethod, Callable[[Votes], Beliefs]] = {
    TruthMethod.MAJORITY: vote_shares,
    TruthMethod.DS: lambda votes: fit_dawid_skene(votes).states,
    TruthMethod.ONECOIN: lambda votes: fit_one_coin(votes).states,
    TruthMethod.BWA: _bwa,
    TruthMethod.EBCC: _ebcc,
    TruthMethod.MACE: lambda votes: fit_mace(votes).states,
    TruthMethod.GLAD: lambda votes: fit_glad(votes)[0],
}


def infer(votes: Votes, method: TruthMethod) -> Beliefs:
    """Return what the method believes of each item; the same votes give the same beliefs."""
    return _METHODS[method](votes)


def worker_accuracy(votes: Votes, beliefs: Beliefs) -> Floats:
    """Return how often each worker is believed right, shape (n_workers,); nan without a vote."""
    right = beliefs[votes.items(), votes.labels]
    hits = np.bincount(votes.workers, right, minlength=votes.n_workers)
    given, worth = votes.per_worker(), np.full(votes.n_workers, np.nan)
    np.divide(hits, given, out=worth, where=given > 0)
    return worth


def held_out(votes: Votes, seed: int = 0) -> npt.NDArray[np.bool_]:
    """Draw a tenth of the votes on items that have three or more, shape (n_votes,)."""
    many = np.repeat(np.diff(votes.starts) >= ENOUGH_VOTES, np.diff(votes.starts))
    drawn: npt.NDArray[np.bool_] = np.random.default_rng(seed).random(len(votes)) < HELD_OUT
    return drawn & many


def vote_log_scores(votes: Votes, out: npt.NDArray[np.bool_], method: TruthMethod) -> Floats:
    """Return the logarithm of how likely each held-out vote was, told from the rest alone.

    Every method is put to the same test: what it believes of the items, and what raters with these
    beliefs as the truth would answer, each rater's habits drawn towards those of all.
    """
    rest = votes.only(~out)
    beliefs = np.ascontiguousarray(infer(rest, method))
    counts = counted(rest, beliefs)
    pooled = counts.sum(axis=0) + confusion_prior(votes.n_classes)
    counts += POOLED * pooled / pooled.sum(axis=0)
    counts /= counts.sum(axis=1, keepdims=True)
    likely = beliefs[votes.items()[out]] * counts[votes.workers[out], votes.labels[out]]
    scores: Floats = np.log(likely.sum(axis=1))
    return scores


def chosen(scores: Mapping[TruthMethod, Floats]) -> TruthMethod:
    """Return the method to use: the usual one, unless another foretells votes surely better.

    scores   of each method for the same votes
    """
    if not scores[USUAL].size:
        return USUAL
    best = max(scores, key=lambda method: scores[method].mean())
    gain = scores[best] - scores[USUAL]
    return best if gain.mean() > CERTAIN_SE * gain.std() / np.sqrt(gain.size) else USUAL
