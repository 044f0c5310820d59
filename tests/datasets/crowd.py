"""Votes to test with: the real sets where they are at hand, and crowds drawn from known raters."""

from pathlib import Path

import numpy as np
import pytest

from scuderia.datasets.engine.votes import Votes, votes_of
from scuderia.datasets.queries.vote_files import GoldFile, VoteFile, read_gold, read_votes

CROWD = Path(__file__).resolve().parents[3] / "shared" / "data" / "crowd"


def real_set(name: str) -> tuple[VoteFile, GoldFile]:
    folder = CROWD / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here: the real crowd sets lie beside the project")
    voted = read_votes(folder / "label.csv")
    return voted, read_gold(folder / "truth.csv", voted)


def drawn_votes(
    seed: int, *, items: int = 60, workers: int = 8, classes: int = 3, per_item: int = 4
) -> tuple[Votes, np.ndarray]:
    """Return votes and the truth; rater j is right with a chance that falls with j."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, items)
    item = np.repeat(np.arange(items), per_item)
    worker = rng.permuted(np.tile(np.arange(workers), (items, 1)), axis=1)[:, :per_item].ravel()
    is_right = rng.random(item.size) < 0.9 - 0.5 * worker / workers
    other = (truth[item] + rng.integers(1, max(classes, 2), item.size)) % classes
    label = np.where(is_right, truth[item], other)
    votes = votes_of(item, worker, label, n_items=items, n_workers=workers, n_classes=classes)
    return votes, truth
