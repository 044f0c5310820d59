"""Bradley and Terry's strengths from pairs, with Davidson's ties and a bias for the first place."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scuderia.datasets.engine.votes import Floats, Numbers

ROUNDS_MAX, SETTLED = 2_000, 1e-3
VIRTUAL = 1.0
"""Games that every item is held to have drawn with an item of strength 1: keeps all finite."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Judgments on pairs: what stood first, what stood second, and who was asked.

    won      1 where the first is better, 0 where the second is, 0.5 for a tie; shape (n,)
    """

    first: Numbers
    second: Numbers
    raters: Numbers
    won: Floats
    n_items: int
    n_raters: int

    def __len__(self) -> int:
        return self.first.size

    def only(self, kept: npt.NDArray[np.bool_]) -> "Pairs":
        """Return the judgments that are kept; items and raters keep their numbers."""
        first, second, raters = self.first[kept], self.second[kept], self.raters[kept]
        return Pairs(first, second, raters, self.won[kept], self.n_items, self.n_raters)


@dataclass(frozen=True, slots=True)
class Strengths:
    """What pairs came to.

    strength   (n_items,), against an item of strength 1
    tie        Davidson's factor; 0 where ties were left out or none was seen
    bias       (n_biases,): how many times stronger an item is for standing first; 1: not at all
    """

    strength: Floats
    tie: float
    bias: Floats
    rounds: int

    def chances(self, pairs: Pairs, bias_of: Numbers | None = None) -> tuple[Floats, Floats]:
        """Return P(first is better) and P(tie), shape (n,) each."""
        one = self.strength[pairs.first] * self._bias(pairs, bias_of)
        two = self.strength[pairs.second]
        tied = self.tie * np.sqrt(one * two)
        whole = one + two + tied
        return one / whole, tied / whole

    def _bias(self, pairs: Pairs, bias_of: Numbers | None) -> Floats:
        return self.bias[np.zeros(len(pairs), int) if bias_of is None else bias_of]


def fit_bradley_terry(
    pairs: Pairs,
    *,
    ties: bool = False,
    bias_of: Numbers | None = None,
    weights: Floats | None = None,
    start: Floats | None = None,
    rounds: int = ROUNDS_MAX,
    settled: float = SETTLED,
) -> Strengths:
    """Climb to the likeliest strengths by minorising; each round can only gain.

    ties      fit Davidson's factor; else a tie counts as half a win for both
    bias_of   of each judgment the number of the bias it is under (all 0: one for all; the raters:
              one for each, drawn towards none by a virtual win on either side); None: no bias
    weights   how often each judgment counts
    start     strengths to begin with
    source    Hunter, Annals of Statistics 32 (2004); Davidson, JASA 65 (1970), its root bounded
              by the arithmetic mean
    """
    counts = np.ones(len(pairs)) if weights is None else weights
    one, two, n = pairs.first, pairs.second, pairs.n_items
    group = np.zeros(len(pairs), np.int32) if bias_of is None else bias_of
    is_tied = (pairs.won == 0.5) & ties  # noqa: PLR2004 - a tie, by the meaning of `won`
    wins = np.bincount(one, counts * pairs.won, n) + np.bincount(two, counts * (1 - pairs.won), n)
    firsts = np.bincount(group, counts * pairs.won)
    tied = float((counts * is_tied).sum())
    strength = np.ones(n) if start is None else start
    tie, bias = float(ties and tied > 0), np.ones(firsts.size)
    done = 0
    while done < rounds:
        done += 1
        a, b = strength[one] * bias[group], strength[two]
        root = np.sqrt(a * b)
        share = counts / (a + b + tie * root)
        needed = np.bincount(one, share * bias[group] * (1 + tie * b / root / 2), n)
        needed += np.bincount(two, share * (1 + tie * a / root / 2), n)
        fresh = (wins + VIRTUAL / 2) / (needed + VIRTUAL / (1 + strength))
        if tie:
            tie = tied / float((share * root).sum())
        if bias_of is not None:
            met = np.bincount(group, share * (a + tie * root / 2) / bias[group])
            bias = (firsts + 1) / (met + 2 / (1 + bias))
        moved = float(np.abs(np.log(fresh / strength)).max(initial=0.0))
        strength = fresh
        if moved <= settled:
            break
    return Strengths(strength, tie, bias, done)
