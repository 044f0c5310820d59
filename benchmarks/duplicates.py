"""The exact join of 166,466 real prompts, beside datasketch; prints one JSON object.

    python -m benchmarks.duplicates [--folder ../shared/data/prompts] [--asked 2000]

The prompts are the 160,710 of Anthropic's evals and the 5,756 human turns of hh-rlhf's harmless
test rows; the truth is 2,531 pairs of distinct sets at Jaccard 0.8, computed once, otherwise.
`cpu_s` is from the Parquet file to the report, the reading process too, best of three in a process
that has loaded its compiled code; `command_cpu_s` is the whole `scuderia datasets duplicates`, and
`first_command_cpu_s` the same with nothing compiled yet. `datasketch_ratio` is the CPU of its
MinHash-LSH (128 permutations, 0.8, each candidate checked exactly) over ours, from texts in memory.
`one_prompt_*` asks an index of all prompts about one of them, by the clock of the wall.
"""

import argparse
import gzip
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.machine import told_of_here
from scuderia.datasets.engine.duplicate_index import DuplicateIndex
from scuderia.datasets.engine.duplicates import join
from scuderia.datasets.engine.shingles import GRAM, normalised, shingle
from scuderia.datasets.queries.duplicates import DuplicateReport, find_duplicates

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "prompts"
TURN = re.compile(r"\n\n(?=Human:|Assistant:)")
HUMAN = "Human:"
THRESHOLD = "0.8"
ROUNDS = 3


def prompts_of(folder: Path) -> list[str]:
    from pyarrow import parquet

    texts = (
        parquet.read_table(folder / "anthropic_evals_prompts.parquet").column("text").to_pylist()
    )
    with gzip.open(folder / "hh_harmless_base_test.jsonl.gz", "rt") as lines:
        for line in lines:
            turns = TURN.split(json.loads(line)["chosen"])
            texts += [one[len(HUMAN) :].strip() for one in turns if one.startswith(HUMAN)]
    return texts


def write_prompts(texts: list[str], path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"text": texts}), path)


def true_pairs(folder: Path) -> tuple[set[tuple[int, int]], int]:
    """Return the pairs by the first row of each set, and how many sets differ."""
    from pyarrow import parquet

    sets = parquet.read_table(folder / "identical_set_ids.parquet").column("set_id").to_pylist()
    first: dict[int, int] = {}
    for row, own in enumerate(sets):
        first.setdefault(own, row)
    table = parquet.read_table(folder / "exact_pairs_jaccard_ge_0.8.parquet").to_pydict()
    pairs = (
        sorted((first[sets[a]], first[sets[b]]))
        for a, b in zip(table["a"], table["b"], strict=True)
    )
    return {(a, b) for a, b in pairs}, len(first)


def cpu_s() -> float:
    """Return the CPU seconds of this process and of those that it started and that ended."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def best_cpu_s(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        begun = cpu_s()
        call()
        taken.append(cpu_s() - begun)
    return min(taken)


def run_command(path: Path, cache: Path | None = None) -> tuple[float, float]:
    """Return the CPU seconds and the peak MB of one whole command, reader and all."""
    more = {"NUMBA_CACHE_DIR": str(cache)} if cache else {}
    command = [str(Path(sys.executable).with_name("scuderia")), "datasets", "duplicates"]
    begun = cpu_s()
    child = subprocess.Popen(  # noqa: S603 - our own command
        [*command, str(path), "--json"], stdout=subprocess.DEVNULL, env={**os.environ, **more}
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"the command ended with {child.returncode}")
    return max(cpu_s() - begun, used.ru_utime + used.ru_stime), used.ru_maxrss / 1024


def asked_ms(texts: list[str], count: int) -> tuple[float, float]:
    """Return the median and the 99th percentile of asking about one prompt."""
    index = DuplicateIndex(texts, Fraction(THRESHOLD))
    index.find(texts[0])
    taken = []
    for place in np.random.default_rng(1).integers(0, len(texts), count).tolist():
        begun = time.perf_counter_ns()
        index.find(texts[place])
        taken.append(time.perf_counter_ns() - begun)
    return float(np.percentile(taken, 50)) / 1e6, float(np.percentile(taken, 99)) / 1e6


def by_datasketch(texts: list[str]) -> tuple[set[tuple[int, int]], float]:
    """Return the pairs of distinct texts that datasketch finds, and its CPU seconds."""
    from datasketch import MinHash, MinHashLSH

    begun = cpu_s()
    grams: dict[frozenset[bytes], int] = {}
    for row, text in enumerate(texts):
        plain = normalised(text)
        begins = range(max(len(plain) - GRAM + 1, 1))
        own = frozenset(plain[at : at + GRAM].encode() for at in begins)
        grams.setdefault(own, row)
    sets = list(grams)
    lsh = MinHashLSH(threshold=float(THRESHOLD), num_perm=128)
    sketches = MinHash.bulk(sets, num_perm=128)
    for at, sketch in enumerate(sketches):
        lsh.insert(at, sketch, check_duplication=False)
    found = set()
    for at, sketch in enumerate(sketches):
        for other in lsh.query(sketch):
            shared = len(sets[at] & sets[other]) if other < at else 0
            if shared * 9 >= 4 * (len(sets[at]) + len(sets[other])):
                found.add((grams[sets[other]], grams[sets[at]]))
    return found, cpu_s() - begun


def shares(found: set[tuple[int, int]], truth: set[tuple[int, int]]) -> dict[str, float]:
    right = len(found & truth)
    return {"recall": right / len(truth), "precision": right / max(len(found), 1)}


def peer_figures(
    texts: list[str], truth: set[tuple[int, int]], ours: float
) -> tuple[dict[str, object], tuple[str, ...]]:
    try:
        found, taken = by_datasketch(texts)
    except ImportError:
        return {"datasketch_ratio": None, "datasketch": "it is not installed here"}, ()
    figures = {"cpu_s": round(taken, 2), "pairs": len(found), **shares(found, truth)}
    return {"datasketch_ratio": round(taken / ours, 1), "datasketch": figures}, ("datasketch",)


def figures_of(
    report: DuplicateReport, truth: set[tuple[int, int]], sets: int
) -> dict[str, object]:
    found = {(one.a, one.b) for one in report.pairs}
    return {
        **shares(found, truth),
        "rows": report.rows,
        "pairs": report.pairs_total,
        "true_pairs": len(truth),
        "sets_as_in_truth": report.distinct_sets == sets,
        "removed": report.removed_total,
    }


def main() -> None:
    """Measure on the prompts of a folder, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--asked", type=int, default=2_000)
    given = parser.parse_args()
    texts = prompts_of(given.folder)
    truth, sets = true_pairs(given.folder)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prompts.parquet"
        write_prompts(texts, path)
        cold, _ = run_command(path, Path(folder) / "cache")
        command, peak = run_command(path, Path(folder) / "cache")
        report = find_duplicates(path, "text", THRESHOLD)
        ours = best_cpu_s(lambda: find_duplicates(path, "text", THRESHOLD))
    in_memory = best_cpu_s(lambda: join(shingle(texts), Fraction(THRESHOLD)))
    middle, slow = asked_ms(texts, given.asked)
    peer, packages = peer_figures(texts, truth, in_memory)
    print(
        json.dumps(
            figures_of(report, truth, sets)
            | {
                "cpu_s": round(ours, 2),
                "in_memory_cpu_s": round(in_memory, 2),
                "command_cpu_s": round(command, 2),
                "first_command_cpu_s": round(cold, 2),
                "peak_mb": round(peak),
                "one_prompt_p50_ms": round(middle, 3),
                "one_prompt_p99_ms": round(slow, 3),
            }
            | peer
            | told_of_here("numpy", "numba", "pyarrow", *packages),
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
