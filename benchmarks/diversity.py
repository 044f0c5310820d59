"""Vendi score, entropy and coverage of 166,466 real prompts; prints one JSON object.

    python -m benchmarks.diversity [--folder ../shared/data/prompts] [--rows 0]

`cpu_s` is all three of vectors in memory, best of three; `interval_cpu_s` the 30 parts of 2,000
beside it, and `embedding_cpu_s` what making the vectors costs. Linear algebra has one thread, as in
the command: its threads spin while they wait, and cost seven times as much on a busy machine.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks.duplicates import FOLDER, best_cpu_s, cpu_s, prompts_of
from benchmarks.machine import told_of_here
from scuderia.datasets.engine.coverage import cover
from scuderia.datasets.engine.entropy import spread_of
from scuderia.datasets.engine.vendi import vendi_interval, vendi_score
from scuderia.datasets.queries.diversity import embedded

CENTRES = 16


def main() -> None:
    """Measure on the prompts of a folder, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--rows", type=int, default=0, help="the first rows alone; 0 for all")
    given = parser.parse_args()
    texts = prompts_of(given.folder)
    texts = [text for text in texts[: given.rows or len(texts)] if text]
    lengths = [len(text) // 20 for text in texts]
    begun = cpu_s()
    vectors = embedded(texts)
    embedding = cpu_s() - begun
    parts = {
        "vendi_cpu_s": best_cpu_s(lambda: vendi_score(vectors)),
        "entropy_cpu_s": best_cpu_s(lambda: spread_of(lengths)),
        "coverage_cpu_s": best_cpu_s(lambda: cover(vectors, CENTRES)),
    }
    interval = best_cpu_s(lambda: vendi_interval(vectors, n=2_000, resamples=30, seed=1), 1)
    found = vendi_interval(vectors, n=2_000, resamples=30, seed=1)
    covered = cover(vectors, CENTRES)
    figures = {"cpu_s": sum(parts.values()), **parts} | {
        "interval_cpu_s": interval,
        "embedding_cpu_s": embedding,
    }
    print(
        json.dumps(
            {
                "rows": len(texts),
                "vendi": round(vendi_score(vectors), 1),
                "vendi_of_2000": [round(one, 1) for one in (found.middle, found.low, found.high)],
                "radius": round(covered.radius, 3),
                "likeness": round(covered.likeness, 3),
                "spread_of_lengths": round(spread_of(lengths).effective, 1),
                **{name: round(value, 2) for name, value in figures.items()},
            }
            | told_of_here("numpy", "scipy", "wordllama"),
            indent=2,
        )
    )


if __name__ == "__main__":
    if "OPENBLAS_NUM_THREADS" not in os.environ:  # numpy is loaded by now: begin again with it
        named = [sys.executable, "-m", "benchmarks.diversity", *sys.argv[1:]]
        os.execve(sys.executable, named, {**os.environ, "OPENBLAS_NUM_THREADS": "1"})  # noqa: S606
    main()
