"""How well a few centres stand for all items, and how new one item is beside them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scuderia.datasets.engine.vendi import BadVectors, Vectors, require_unit

_ROWS_A_PART = 65_536


@dataclass(frozen=True, slots=True)
class Coverage:
    """What k greedy centres come to.

    centres    rows that were chosen, in order
    radius     Euclidean distance of the farthest item from its centre; at most twice the best
    likeness   mean cosine of an item with its nearest centre (facility location)
    """

    centres: tuple[int, ...]
    radius: float
    likeness: float


def cover(vectors: Vectors, k: int) -> Coverage:
    """Choose k centres, each the item farthest from those before (Gonzalez, 1985).

    The first is the item nearest to the mean, so nothing is drawn by chance.
    raises   BadVectors
    """
    require_unit(vectors)
    if k < 1:
        raise BadVectors(f"{k} centres cover nothing")
    centres = [int(np.argmax(vectors @ vectors.mean(axis=0)))]
    nearest = vectors @ vectors[centres[0]]
    while len(centres) < min(k, len(vectors)):
        centres.append(int(np.argmin(nearest)))
        np.maximum(nearest, vectors @ vectors[centres[-1]], out=nearest)
    nearest = nearest.clip(-1, 1)
    radius = float(np.sqrt(max(0.0, 2 - 2 * float(nearest.min()))))
    return Coverage(tuple(centres), radius, float(nearest.mean(dtype=np.float64)))


def cells_occupied(vectors: Vectors, cells: Vectors) -> npt.NDArray[np.int64]:
    """Return how many items are nearest to each cell's centre, shape (cells,)."""
    require_unit(vectors)
    require_unit(cells)
    parts = np.array_split(vectors, max(1, len(vectors) // _ROWS_A_PART))
    owners = [np.argmax(part @ cells.T, axis=1) for part in parts]
    return np.bincount(np.concatenate(owners), minlength=len(cells))


def novelty(item: Vectors, vectors: Vectors) -> tuple[float, int]:
    """Return 1 - the largest cosine with an item held, and which; `item` has shape (1, d)."""
    require_unit(item)
    require_unit(vectors)
    likeness = vectors @ item[0]
    nearest = int(np.argmax(likeness))
    return float(1 - likeness[nearest]), nearest
