"""A release in every format, timed; prints one JSON object.

    python -m benchmarks.release [--rows 200000] [--keep DIR]

The rows are the pairwise judgments of UKPConvArg1, cycled to the number asked for, each with its
two arguments, votes and lineage; where the set is absent, made up of the same sizes from one seed.
`seconds` is the wall from rows in memory to the folder under its name, on the disk, best of two;
`cpu_s` that of all its threads. `rebuilt_alike` says whether both wrote the same bytes, the second
from the rows in another order; `verify_s` is `scuderia datasets verify` of it.
"""

import argparse
import filecmp
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from benchmarks.machine import told_of_here
from scuderia.datasets.engine.release_facts import ReleaseFacts
from scuderia.datasets.engine.releases import ReleaseRow
from scuderia.datasets.nouns import ProjectKind
from scuderia.datasets.operations.releases import WrittenRelease, write_release
from scuderia.datasets.queries.release_checks import check_release

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ukpconvarg1"
SIDES = {"a1": "a", "a2": "b", "equal": "tie"}
WORDS = ["water", "school", "tax", "ban", "phone", "law", "right", "health", "market", "people"]


def made_judgments() -> Iterator[tuple[str, str, str, str]]:
    """Yield (topic, one text, another, side) of the sizes of the real ones."""
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(WORDS, int(rng.integers(6, 90)))) for _ in range(1_052)]
    for _ in range(84_445):
        one, other = rng.integers(0, len(texts), 2).tolist()
        side = ("a", "b", "tie")[int(rng.integers(0, 3))]
        yield f"topic {rng.integers(0, 32)}", texts[one], texts[other], side


def real_judgments() -> Iterator[tuple[str, str, str, str]]:
    import pyarrow.parquet as pq

    arguments = pq.read_table(DATA / "arguments.parquet").to_pylist()
    text = {(one["topic"], one["arg"]): one["text"] for one in arguments}
    for one in pq.read_table(DATA / "judgments.parquet").to_pylist():
        topic = one["topic"]
        yield topic, text[topic, one["arg1"]], text[topic, one["arg2"]], SIDES[one["value"]]


def rows_of(count: int) -> list[ReleaseRow]:
    judgments = list(real_judgments() if DATA.is_dir() else made_judgments())
    return [
        ReleaseRow(
            key=f"item-{at:08d}",
            kind=ProjectKind.PAIRWISE,
            prompt=f"Which argument convinces more? {topic}",
            texts=(one, other),
            value=side,
            confidence=(at % 1_000) / 1_000,
            votes={side: 3, "tie": 1} if side != "tie" else {"tie": 4},
            attributes={"topic": topic, "language": "en"},
            judgments=tuple(f"{at:08x}-{vote}" for vote in range(4)),
        )
        for at, (topic, one, other, side) in enumerate(islice(cycle(judgments), count))
    ]


def facts_of(rows: list[ReleaseRow]) -> ReleaseFacts:
    topics: dict[str, int] = {}
    for row in rows:
        topic = row.attributes["topic"]
        topics[topic] = topics.get(topic, 0) + 1
    return ReleaseFacts(
        project="ukpconvarg1",
        title="Which argument convinces more",
        kind=ProjectKind.PAIRWISE,
        label="1.0.0",
        query="every pair",
        rubric="Which argument convinces more?",
        rubric_version="1",
        guideline_versions=("1",),
        aggregator="none: each judgment as it was given",
        parameters={},
        seed=0,
        counts={"items": len(rows), "judgments": 4 * len(rows)},
        taxonomies={"topic": topics},
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        license="cc-by-4.0",
        languages=("en",),
    )


def timed(rows: list[ReleaseRow], folder: Path) -> tuple[WrittenRelease, float, float]:
    facts = facts_of(rows)
    begun, cpu = time.perf_counter(), time.process_time()
    written = write_release(rows, facts, folder)
    return written, time.perf_counter() - begun, time.process_time() - cpu


def is_alike(one: Path, other: Path) -> bool:
    paths = {path.relative_to(one) for path in one.rglob("*") if path.is_file()}
    same = all(filecmp.cmp(one / path, other / path, shallow=False) for path in paths)
    return same and paths == {p.relative_to(other) for p in other.rglob("*") if p.is_file()}


def measured(rows: list[ReleaseRow], home: Path) -> dict[str, object]:
    written, *first = timed(rows, home / "one")
    rows = [rows[at] for at in np.random.default_rng(2).permutation(len(rows)).tolist()]
    _, *second = timed(rows, home / "two")
    alike = is_alike(home / "one", home / "two")
    begun = time.perf_counter()
    check = check_release(home / "one", version=written.version)
    return {
        "rows": written.rows,
        "seconds": round(min(first[0], second[0]), 2),
        "cpu_s": round(min(first[1], second[1]), 2),
        "mb": round(written.bytes / 1e6, 1),
        "files": written.files,
        "version": written.version,
        "rebuilt_alike": alike,
        "verify_s": round(time.perf_counter() - begun, 2),
        "verified": check.is_whole,
        "data": "ukpconvarg1" if DATA.is_dir() else "made up",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--keep", type=Path, help="where to leave the first release")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        found = measured(rows_of(told.rows), Path(home))
        if told.keep:
            shutil.move(Path(home) / "one", told.keep)
    print(json.dumps(found | told_of_here("numpy", "pyarrow"), indent=2))


if __name__ == "__main__":
    main()
