"""GLAD: a vote is right by the rater's ability times the item's ease."""

import math

import numpy as np

from scuderia.datasets.engine.votes import Beliefs, Floats, Keys, Starts, Votes, vote_shares
from scuderia.twin.engine.jit import compiled

ROUNDS_MAX, SETTLED = 60, 3e-3
STEP_MAX = 1.0
EASE_STEPS = 2


def fit_glad(
    votes: Votes, *, rounds: int = ROUNDS_MAX, settled: float = SETTLED
) -> tuple[Beliefs, Floats, Floats]:
    """Return beliefs, each rater's ability and the logarithm of each item's ease.

    source   Whitehill et al., NIPS 2009: P(right) = 1 / (1 + exp(-ability * ease)), both with a
             normal prior of mean 1, no class
             likelier than another; the maximum is climbed by Newton steps on one number at a time
    """
    beliefs = vote_shares(votes)
    ability, ease = np.ones(votes.n_workers), np.zeros(votes.n_items)
    prior = np.zeros(votes.n_classes)
    slope, curve = np.empty_like(ability), np.empty_like(ability)
    keys = votes.keys()
    for done in range(rounds):
        moved = _climb(votes.starts, keys, prior, beliefs, ability, ease, slope, curve)
        ability += np.clip(slope / curve, -STEP_MAX, STEP_MAX)
        if done and moved <= settled * votes.n_items:
            break
    return beliefs, ability, ease


@compiled
def _climb(
    starts: Starts,
    keys: Keys,
    prior: Floats,
    beliefs: Beliefs,
    ability: Floats,
    ease: Floats,
    slope: Floats,
    curve: Floats,
) -> float:
    """Believe anew, step each item's ease, and sum up the step of each rater's ability.

    slope, curve   first and negative second derivative for each ability, filled in here
    returns        how far all beliefs moved together
    """
    width = prior.size
    slope[:] = 1 - ability
    curve[:] = 1.0
    logs = np.empty(width)
    moved = 0.0
    for item in range(starts.size - 1):
        first, last = starts[item], starts[item + 1]
        scale = math.exp(ease[item])
        logs[:] = prior
        for vote in range(first, last):
            power = scale * ability[keys[vote] // width]
            logs[keys[vote] % width] += power + math.log(max(width - 1, 1))
        logs -= logs.max()
        whole = np.exp(logs).sum()
        for label in range(width):
            belief = math.exp(logs[label]) / whole
            moved += abs(belief - beliefs[item, label])
            beliefs[item, label] = belief
        for _ in range(EASE_STEPS):
            rise, bend = 1 - ease[item], 1.0
            for vote in range(first, last):
                power = math.exp(ease[item]) * ability[keys[vote] // width]
                right = 1 / (1 + math.exp(-power))
                rise += (beliefs[item, keys[vote] % width] - right) * power
                bend += right * (1 - right) * power * power
            ease[item] += min(max(rise / bend, -STEP_MAX), STEP_MAX)
        scale = math.exp(ease[item])
        for vote in range(first, last):
            worker = keys[vote] // width
            right = 1 / (1 + math.exp(-scale * ability[worker]))
            slope[worker] += (beliefs[item, keys[vote] % width] - right) * scale
            curve[worker] += right * (1 - right) * scale * scale
    return moved
