"""Truth from votes on the real crowd sets, beside crowd-kit and EBCC; prints one JSON object.

    python -m benchmarks.truth [--data ../shared/data/crowd] [--peers mv,ds] [--ebcc] [--scale]

Per set and method the share of the known labels told rightly in percent, ties sharing credit
(crowd-kit gives one label). `mean_accuracy` and `cpu_s` are of `ds`, the usual method, over all
sets, compiled beforehand, best of three; `auto_accuracy` is what auto comes to without gold.
`crowdkit_best_mean` is the best mean of the peers that were run here, `cpu_ratio` that peer's CPU
time over ours. Peers (`pip install crowd-kit`): mv, ds (100 rounds), onecoin, mace, glad; the
last three take 10 to 25 minutes together. --ebcc runs EBCC by sparse products as it was published:
ten starts, two on sets of more than 50,000 votes. --scale fits 10 million synthetic votes, and adds
1,000 more.
"""

import argparse
import json
import resource
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from benchmarks.machine import told_of_here
from scuderia.datasets.engine.dawid_skene import fit_dawid_skene
from scuderia.datasets.engine.live_truth import LiveTruth
from scuderia.datasets.engine.truth import chosen, held_out, infer, vote_log_scores
from scuderia.datasets.engine.votes import Beliefs, Votes, credit, vote_shares, votes_of
from scuderia.datasets.nouns import TruthMethod
from scuderia.datasets.queries.vote_files import GoldFile, VoteFile, read_gold, read_votes
from tests.datasets.slow_truth import slow_ebcc

HERE = Path(__file__).resolve().parents[2] / "shared" / "data" / "crowd"
ROUNDS = 3
LARGE, FEW, MANY, GUISES = 50_000, 2, 10, 10
ITEMS, WORKERS, CLASSES, PER_ITEM = 2_000_000, 10_000, 4, 5
Sets = Mapping[str, tuple[VoteFile, GoldFile]]


def load(data: Path) -> Sets:
    found = {}
    for folder in sorted(data.iterdir()):
        voted = read_votes(folder / "label.csv")
        found[folder.name] = (voted, read_gold(folder / "truth.csv", voted))
    return found


def percent(beliefs: Beliefs, known: GoldFile) -> float:
    return round(100 * float(credit(beliefs, known.items, known.labels).mean()), 2)


def mean(told: Mapping[str, float]) -> float:
    return round(float(np.mean(list(told.values()))), 2)


def timed(call: Callable[[], object], rounds: int = 1) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.process_time()
        call()
        taken.append(time.process_time() - begun)
    return min(taken)


def ours(sets: Sets) -> dict[str, object]:
    accuracy: dict[str, dict[str, float]] = {}
    seconds = {}
    for method in TruthMethod:
        infer(sets["rte"][0].votes, method)
        begun = time.process_time()
        told = {name: infer(voted.votes, method) for name, (voted, _) in sets.items()}
        seconds[method.value] = round(time.process_time() - begun, 2)
        accuracy[method.value] = {name: percent(told[name], sets[name][1]) for name in sets}
    usual = timed(
        lambda: [infer(voted.votes, TruthMethod.DS) for voted, _ in sets.values()], ROUNDS
    )
    auto = {name: auto_choice(voted.votes) for name, (voted, _) in sets.items()}
    return {
        "accuracy": accuracy,
        "means": {method: mean(told) for method, told in accuracy.items()},
        "cpu_s_by_method": seconds,
        "mean_accuracy": mean(accuracy[TruthMethod.DS]),
        "cpu_s": round(usual, 3),
        "auto": {name: method.value for name, method in auto.items()},
        "auto_accuracy": mean({name: accuracy[method][name] for name, method in auto.items()}),
    }


def auto_choice(votes: Votes) -> TruthMethod:
    out = held_out(votes)
    return chosen({method: vote_log_scores(votes, out, method) for method in TruthMethod})


def crowdkit(sets: Sets, names: list[str]) -> dict[str, object]:
    """Run crowd-kit's methods; one that fails on a set earns nothing there, and is named."""
    from crowdkit import aggregation as kit
    from pandas import DataFrame, Series

    makers = {
        "mv": kit.MajorityVote,
        "ds": lambda: kit.DawidSkene(100),
        "onecoin": lambda: kit.OneCoinDawidSkene(100),
        "mace": kit.MACE,
        "glad": kit.GLAD,
    }
    told: dict[str, dict[str, float]] = {name: {} for name in names}
    seconds = dict.fromkeys(names, 0.0)
    for peer in names:
        for name, (voted, known) in sets.items():
            votes = voted.votes
            frame = DataFrame(
                {"task": votes.items(), "worker": votes.workers, "label": votes.labels}
            )
            begun = time.process_time()
            found = makers[peer]().fit_predict(frame)
            seconds[peer] += time.process_time() - begun
            given = found.reindex(known.items)
            right = given == Series(known.labels, index=known.items)
            told[peer][name] = round(100 * float(right.mean()), 2)
    means = {peer: mean(one) for peer, one in told.items()}
    best = max(means, key=lambda peer: means[peer])
    return {
        "crowdkit": told,
        "crowdkit_means": means,
        "crowdkit_cpu_s": {peer: round(one, 2) for peer, one in seconds.items()},
        "crowdkit_best": best,
        "crowdkit_best_mean": means[best],
        "best_cpu_s": seconds[best],
    }


def published_ebcc(sets: Sets) -> dict[str, object]:
    told, begun = {}, time.process_time()
    for name, (voted, known) in sets.items():
        votes = voted.votes
        shares = vote_shares(votes)
        fits = []
        for seed in range(FEW if len(votes) > LARGE else MANY):
            split = np.random.default_rng(seed).dirichlet(np.ones(GUISES), shares.shape)
            start = split * shares[:, :, None]
            fits.append(slow_ebcc(votes, start, rounds=500, settled=1e-3))
        told[name] = percent(max(fits, key=lambda fit: fit[1])[0], known)
    return {
        "published_ebcc": told,
        "published_ebcc_mean": mean(told),
        "published_ebcc_cpu_s": round(time.process_time() - begun, 1),
    }


def scale() -> dict[str, object]:
    """Fit 10 million votes of 10,000 workers on 2 million items, of 4 classes."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, CLASSES, ITEMS, dtype=np.int16)
    skill = rng.beta(8, 3, WORKERS).astype(np.float32)
    items = np.repeat(np.arange(ITEMS, dtype=np.int32), PER_ITEM)
    workers = rng.integers(0, WORKERS, items.size, dtype=np.int32)
    labels = truth[items]
    wrong = rng.random(items.size, dtype=np.float32) >= skill[workers]
    labels[wrong] += rng.integers(1, CLASSES, wrong.sum(), dtype=np.int16)
    labels %= CLASSES
    del wrong
    begun = time.process_time()
    votes = votes_of(items, workers, labels)
    right = fit_dawid_skene(votes).states.argmax(axis=1) == truth
    seconds = time.process_time() - begun
    del items, workers, labels
    live, added = LiveTruth(votes), []
    for _ in range(5):
        some, by = rng.integers(0, ITEMS, 1_000), rng.integers(0, WORKERS, 1_000)
        is_right = rng.random(1_000) < skill[by]
        given = np.where(is_right, truth[some], (truth[some] + 1) % CLASSES)
        begun = time.process_time()
        live.add(some, by, given)
        added.append(time.process_time() - begun)
    before = live.beliefs.argmax(axis=1)
    live.refit()
    return {
        "scale_votes": len(votes),
        "scale_cpu_s": round(seconds, 2),
        "scale_accuracy": round(100 * float(right.mean()), 2),
        "scale_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "add_1000_cpu_ms": [round(1_000 * one, 1) for one in added],
        "same_as_refit": round(float((before == live.beliefs.argmax(axis=1)).mean()), 6),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HERE)
    parser.add_argument("--peers", default="mv,ds", help="of crowd-kit; empty: none")
    parser.add_argument("--ebcc", action="store_true", help="EBCC as published: minutes")
    parser.add_argument("--scale", action="store_true", help="10 million votes")
    told = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict[str, object] = scale() if told.scale else {}  # first: its peak is the process's
    sets = load(told.data)
    found |= ours(sets)
    if told.peers:
        peers = crowdkit(sets, told.peers.split(","))
        found |= peers | {"cpu_ratio": round(peers["best_cpu_s"] / found["cpu_s"], 1)}
    if told.ebcc:
        found |= published_ebcc(sets)
        found["ebcc_cpu_ratio"] = round(
            found["published_ebcc_cpu_s"] / found["cpu_s_by_method"]["ebcc"], 1
        )
    packages = ("numpy", "numba", "scipy", *(("crowd-kit",) if told.peers else ()))
    print(json.dumps(found | told_of_here(*packages), indent=2))


if __name__ == "__main__":
    main()
