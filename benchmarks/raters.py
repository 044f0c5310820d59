"""Bad raters among real ones: UKPConvArg1 with coin flippers; prints one JSON object.

    python -m benchmarks.raters [--data ../shared/data/ukpconvarg1/judgments.parquet] [--draws 5]

In each draw a fifth of all raters, chosen at random, has every decided judgment replaced by a coin.
`auc` is the mean over the draws of how often a coin flipper is held less reliable than a real
rater, among raters of 20 decided judgments or more; `caught_share` of those flippers is flagged.
`false_flag_share` is the share of the real raters flagged with nobody replaced, and
`false_flag_share_injected` that of the real ones beside coin flippers.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy.stats import rankdata

from benchmarks.machine import told_of_here
from scuderia.datasets.engine.bradley_terry import Pairs
from scuderia.datasets.engine.crowd_bt import CERTAIN, RELIABILITY_BAR, doubt_below, fit_crowd_bt

HERE = Path(__file__).resolve().parents[2] / "shared" / "data" / "ukpconvarg1"
VOTES_MIN, BAD_SHARE = 20, 0.2
WON = {"a1": 1.0, "a2": 0.0, "equal": 0.5}


def load(path: Path) -> Pairs:
    told = pq.read_table(path, columns=["topic", "arg1", "arg2", "worker", "value"]).to_pydict()
    items: dict[tuple[str, str], int] = {}
    raters: dict[str, int] = {}
    first, second = (
        [items.setdefault(one, len(items)) for one in zip(told["topic"], told[side], strict=True)]
        for side in ("arg1", "arg2")
    )
    by = [raters.setdefault(one, len(raters)) for one in told["worker"]]
    columns = (np.array(column, np.int32) for column in (first, second, by))
    won = np.array([WON[value] for value in told["value"]])
    return Pairs(*columns, won, len(items), len(raters))


def injected(pairs: Pairs, seed: int) -> tuple[Pairs, np.ndarray]:
    """Return the judgments with a fifth of the raters flipping coins, and who they are."""
    rng = np.random.default_rng(seed)
    bad = np.zeros(pairs.n_raters, bool)
    bad[rng.choice(pairs.n_raters, round(BAD_SHARE * pairs.n_raters), replace=False)] = True
    flipped = bad[pairs.raters] & (pairs.won != WON["equal"])
    won = np.where(flipped, rng.integers(0, 2, len(pairs)), pairs.won)
    columns = pairs.first, pairs.second, pairs.raters
    return Pairs(*columns, won, pairs.n_items, pairs.n_raters), bad


def reliabilities(pairs: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Return each rater's reliability, and who is flagged."""
    found = fit_crowd_bt(pairs)
    below, _, _ = doubt_below(found.strengths, pairs, RELIABILITY_BAR)
    return found.reliability, below > CERTAIN


def auc(scores: np.ndarray, is_bad: np.ndarray) -> float:
    """Return how often a bad one scores below a good one, ties half."""
    ranks, bad = rankdata(-scores), is_bad.sum()
    return float((ranks[is_bad].sum() - bad * (bad + 1) / 2) / (bad * (is_bad.size - bad)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HERE / "judgments.parquet")
    parser.add_argument("--draws", type=int, default=5)
    told = parser.parse_args()
    pairs = load(told.data)
    decided = np.bincount(pairs.raters[pairs.won != WON["equal"]], minlength=pairs.n_raters)
    many = decided >= VOTES_MIN
    begun = time.process_time()
    _, flagged = reliabilities(pairs)
    seconds = time.process_time() - begun
    areas, caught, slandered = [], [], []
    for seed in range(told.draws):
        mixed, bad = injected(pairs, seed)
        scores, doubted = reliabilities(mixed)
        areas.append(auc(scores[many], bad[many]))
        caught.append(float(doubted[many & bad].mean()))
        slandered.append(float(doubted[many & ~bad].mean()))
    found = {
        "judgments": len(pairs),
        "raters": pairs.n_raters,
        "raters_counted": int(many.sum()),
        "bar": RELIABILITY_BAR,
        "auc": round(float(np.mean(areas)), 4),
        "auc_lowest": round(min(areas), 4),
        "false_flag_share": round(float(flagged[many].mean()), 4),
        "false_flags": int(flagged[many].sum()),
        "false_flag_share_injected": round(float(np.mean(slandered)), 4),
        "caught_share": round(float(np.mean(caught)), 3),
        "draws": told.draws,
        "cpu_s_a_fit": round(seconds, 2),
    }
    print(json.dumps(found | told_of_here("numpy", "scipy"), indent=2))


if __name__ == "__main__":
    main()
