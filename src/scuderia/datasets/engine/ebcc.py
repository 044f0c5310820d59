"""EBCC: classes come in guises, so that raters may err alike on the same items; in mean field."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import digamma, gammaln, xlogy

from scuderia.datasets.engine.confusion import Counts, Fit, fit
from scuderia.datasets.engine.dawid_skene import confusion_prior, mean_field
from scuderia.datasets.engine.votes import Floats, Numbers, Votes, vote_shares

GUISES, SPARSE = 10, 0.1
RESTARTS, FINALISTS = 10, 2
SCREENING_ROUNDS, ROUNDS_MAX = 15, 250
EMPTY = 1e-3
WORK_MAX = 300_000_000
"""Votes times states times rounds of screening; a larger set gets fewer restarts, two at least."""


class Guises(NamedTuple):
    """The states that are still alive: to which class each belongs, and what each item is."""

    owner: Numbers
    states: Floats


@dataclass(frozen=True, slots=True)
class EbccFit:
    """The fit of the highest bound; `bounds` are those of all that were followed to the end."""

    fit: Fit
    owner: Numbers
    bounds: tuple[float, ...]


def fit_ebcc(votes: Votes, *, seed: int = 0, guises: int = GUISES) -> EbccFit:
    """Screen random starts, follow the best to the end, and return the one of the highest bound.

    source   Li, Rubinstein and Cohn, ICML 2019, with the class prior from vote shares; a guise
             that holds no item leaves, which changes no belief by more than 1e-3 of an item
    """
    rng = np.random.default_rng(seed)
    shares = vote_shares(votes)
    before = shares.sum(axis=0) + 1e-9
    work = len(votes) * votes.n_classes * guises * SCREENING_ROUNDS
    restarts = int(np.clip(WORK_MAX // max(work, 1), FINALISTS, RESTARTS))
    screened = sorted(
        (
            _followed(votes, _start(shares, guises, rng), before, guises, SCREENING_ROUNDS)
            for _ in range(restarts)
        ),
        key=lambda found: -found.bounds[0],
    )
    ended = [
        _followed(votes, Guises(one.owner, one.fit.states), before, guises, ROUNDS_MAX)
        for one in screened[:FINALISTS]
    ]
    best = max(ended, key=lambda found: found.bounds[0])
    return EbccFit(best.fit, best.owner, tuple(one.bounds[0] for one in ended))


def _start(shares: Floats, guises: int, rng: np.random.Generator) -> Guises:
    split = rng.dirichlet(np.ones(guises), shares.shape) * shares[:, :, None]
    owner = np.repeat(np.arange(shares.shape[1], dtype=np.int32), guises)
    return Guises(owner, split.reshape(len(shares), -1))


def _followed(votes: Votes, begun: Guises, before: Floats, guises: int, rounds: int) -> EbccFit:
    """Fit for so many rounds; a guise leaves as soon as it is empty."""
    owner, states = begun
    while True:
        alive = states.sum(axis=0) > EMPTY
        owner, states = owner[alive], np.ascontiguousarray(states[:, alive])
        model = _Model(votes, owner, before, guises)
        at_once = min(rounds, SCREENING_ROUNDS)
        found = fit(votes, model.learn, states, rounds=at_once)
        states = found.states
        rounds -= found.rounds
        if rounds <= 0 or found.rounds < at_once:
            return EbccFit(found, owner, (model.bound(found),))


@dataclass(frozen=True, slots=True)
class _Model:
    """The rules of learning.

    classes_before   items of each class held to have been seen before the first
    guises           of each class at the beginning, those that have left counted
    """

    votes: Votes
    owner: Numbers
    classes_before: Floats
    guises: int

    def learn(self, counts: Counts, sizes: Floats) -> tuple[Counts, Floats]:
        of_class, of_guise = self._held(sizes)
        logs = digamma(of_guise) - digamma(of_class + SPARSE)[self.owner]
        logs += digamma(of_class + self.classes_before)[self.owner]
        return mean_field(counts, self._confusion()), np.exp(logs - logs.max())

    def _held(self, sizes: Floats) -> tuple[Floats, Floats]:
        of_class: Floats = np.bincount(self.owner, sizes, self.votes.n_classes).astype(float)
        return of_class, sizes + SPARSE / self.guises

    def _confusion(self) -> Floats:
        return confusion_prior(self.votes.n_classes)[:, self.owner]

    def bound(self, found: Fit) -> float:
        """Return the evidence's lower bound, but for what all fits to these votes share."""
        of_class, of_guise = self._held(found.states.sum(axis=0))
        before = self._confusion()
        counts = found.counts + before
        total = (gammaln(counts) - gammaln(before)).sum()
        total -= (gammaln(counts.sum(axis=1)) - gammaln(before.sum(axis=0))).sum()
        total += (gammaln(of_guise) - gammaln(SPARSE / self.guises)).sum()
        total -= gammaln(of_class + SPARSE).sum()
        total += gammaln(of_class + self.classes_before).sum()
        return float(total - xlogy(found.states, found.states).sum())
