"""The one pass that the models of raters share: from what raters are like to what items are.

A model says how likely each rater gives each label in each hidden state (a class, or a class in one
of several guises). A pass turns that into beliefs about the items, and counts anew, under these
beliefs, how often each rater gave which label in which state. What a rater is like follows from the
counts alone, so each model is a few lines of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from scuderia.datasets.engine.votes import Beliefs, Floats, Keys, Numbers, Starts, Votes
from scuderia.twin.engine.jit import compiled

Counts: TypeAlias = npt.NDArray[np.float64]
"""Shape (n_workers, n_classes, n_states): how often each rater gave which label in which state."""
Learn: TypeAlias = Callable[[Counts, Floats], tuple[Counts, Floats]]
"""From counts and items per state to P(label | state) of each rater, and P(state) up to scale."""

ROUNDS_MAX, SETTLED = 100, 3e-3
AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Fit:
    """What a model came to.

    states   (n_items, n_states)
    rates    P(label | state) of each rater, shaped like counts; `prior` is of the states
    rounds   passes that were made
    """

    states: Floats
    counts: Counts
    rates: Counts
    prior: Floats
    rounds: int


def fit(
    votes: Votes,
    learn: Learn,
    start: Floats,
    *,
    rounds: int = ROUNDS_MAX,
    settled: float = SETTLED,
) -> Fit:
    """Repeat learning and passing until beliefs move by no more than `settled` an item.

    start   the states to begin with, shape (n_items, n_states); it is left as it is
    """
    states = np.array(start, order="C")
    counts = counted(votes, states)
    keys, flat = votes.keys(), counts.reshape(-1, start.shape[1])
    rates, prior = learn(counts, states.sum(axis=0))
    done = 0
    while done < rounds:
        done += 1
        moved = _believe(votes.starts, keys, rates.reshape(flat.shape), prior, states)
        flat[:] = 0.0
        _count(votes.starts, keys, states, flat)
        if moved <= settled * votes.n_items:
            break
        rates, prior = learn(counts, states.sum(axis=0))
    return Fit(states, counts, rates, prior, done)


def counted(votes: Votes, states: Floats) -> Counts:
    """Return how often each rater gave which label in which state."""
    counts = np.zeros((votes.n_workers, votes.n_classes, states.shape[1]))
    _count(votes.starts, votes.keys(), states, counts.reshape(-1, states.shape[1]))
    return counts


def by_owner(states: Floats, owner: Numbers, n_classes: int) -> Beliefs:
    """Return the beliefs about classes, whatever the guise; `owner` is each state's class."""
    beliefs: Beliefs = states @ np.eye(n_classes)[owner]
    return beliefs


@compiled
def _count(starts: Starts, keys: Keys, states: Floats, counts: Floats) -> None:
    for item in range(starts.size - 1):
        mine = states[item]
        for vote in range(starts[item], starts[item + 1]):
            row = counts[keys[vote]]
            for state in range(mine.size):
                row[state] += mine[state]


@compiled
def _believe(starts: Starts, keys: Keys, rates: Floats, prior: Floats, states: Floats) -> float:
    """Believe anew; return how far all beliefs moved together.

    Probabilities are multiplied, not their logarithms added: brought back to 1 every few votes, no
    product of so few rates can vanish, and no exponential is taken. To count in the same loop is
    half as fast: the two tables' rows drive each other out.
    """
    width = prior.size
    likely = np.empty(width)
    moved = 0.0
    for item in range(starts.size - 1):
        first, last = starts[item], starts[item + 1]
        likely[:] = prior
        for begin in range(first, last, AT_ONCE):
            end = min(begin + AT_ONCE, last)
            for vote in range(begin, end):
                row = rates[keys[vote]]
                for state in range(width):
                    likely[state] *= row[state]
            if end < last:
                likely /= likely.max()
        whole = 0.0
        for state in range(width):
            whole += likely[state]
        mine = states[item]
        for state in range(width):
            belief = likely[state] / whole
            moved += abs(belief - mine[state])
            mine[state] = belief
    return moved
