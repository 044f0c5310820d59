"""The Vendi score: how many different things a set of unit vectors amounts to.

VS = exp(-sum l ln l) over the eigenvalues l of K / n, K every pair's cosine (arXiv 2210.02410).
K / n and X'X / n have the same eigenvalues above zero, so d x d is enough: the dual form.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special
from scipy.linalg import blas

from scuderia.basics.errors import BadInput

Vectors = npt.NDArray[np.float32]
"""Unit vectors, one a row: shape (items, dimensions)."""

_BLOCK = 16_384
_LENGTH_OFF = 1e-3


class BadVectors(BadInput):
    """Vectors that no diversity can be told from."""

    code = "DATA-060"
    remedy = "Give at least one text, and an encoder whose vectors are finite and of length one."


@dataclass(frozen=True, slots=True)
class VendiInterval:
    """Scores of random parts of the set; a score grows with n, so these stand beside one another.

    n        items in each part
    low, high   the middle score -+ Student's t times their spread, 95 %
    """

    n: int
    resamples: int
    seed: int
    middle: float
    low: float
    high: float


def vendi_score(vectors: Vectors) -> float:
    """Return the score: 1 where all are one direction, at most the smaller of n and d.

    raises   BadVectors
    """
    require_unit(vectors)
    return _score(vectors)


def vendi_interval(vectors: Vectors, *, n: int, resamples: int, seed: int) -> VendiInterval:
    """Return the scores of `resamples` parts of n items each, drawn without replacement.

    raises   BadVectors: also where there are fewer than two items or parts
    """
    require_unit(vectors)
    n = min(n, len(vectors))
    if n < 2 or resamples < 2:  # noqa: PLR2004 - one has no spread
        raise BadVectors(f"{resamples} parts of {n} items have no spread")
    rng = np.random.default_rng(seed)
    scores = np.array(
        [
            _score(vectors[np.sort(rng.choice(len(vectors), n, replace=False))])
            for _ in range(resamples)
        ]
    )
    half = float(special.stdtrit(resamples - 1, 0.975) * scores.std(ddof=1))
    middle = float(scores.mean())
    return VendiInterval(n, resamples, seed, middle, middle - half, middle + half)


def require_unit(vectors: Vectors) -> None:
    """Refuse no vectors, and such as have another length than one.

    raises   BadVectors
    """
    if vectors.ndim != 2 or not vectors.size:  # noqa: PLR2004 - rows of numbers
        raise BadVectors("there are no vectors")
    lengths = np.einsum("ij,ij->i", vectors, vectors)
    if not np.all(np.abs(lengths - 1) <= _LENGTH_OFF):
        row = int(np.flatnonzero(~(np.abs(lengths - 1) <= _LENGTH_OFF))[0])
        raise BadVectors(f"vector {row} has no length of one")


def _score(vectors: Vectors) -> float:
    items, dimensions = vectors.shape
    if items < dimensions:
        gram = vectors.astype(np.float64) @ vectors.T
    else:
        gram = np.zeros((dimensions, dimensions))
        for begin in range(0, items, _BLOCK):
            # Half of a symmetric product is enough; blocks keep single precision's error small.
            block = np.asfortranarray(vectors[begin : begin + _BLOCK].T)
            gram += blas.ssyrk(1.0, block, lower=1)
    shares = np.linalg.eigvalsh(gram, UPLO="L").clip(0) / items
    return float(np.exp(special.entr(shares).sum()))
