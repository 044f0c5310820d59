"""Which rows of a file repeat one another, and which of them to keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scuderia.datasets.engine.duplicates import JoinedSets, join, threshold_of
from scuderia.datasets.engine.removals import keep_first
from scuderia.datasets.engine.shingles import normalised, shingle
from scuderia.datasets.engine.templates import Template, stripped
from scuderia.datasets.nouns import AlikePair, Removal
from scuderia.intake.columns import read_columns
from scuderia.intake.records import Progress, no_progress


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateReport:
    """What an exact join of one file's rows came to; rows are counted from 0, in its order.

    empty          rows without text: like nothing, never removed
    distinct_sets  different sets of 5-grams among the rows with text
    pairs          of distinct sets, each by its first row; `pairs_total` counts all
    row_pairs      how many pairs of rows are alike, identical ones too
    removed        under keep-first; `removed_total` counts all
    stripped       rows whose own text alone was compared
    """

    file: str
    sha256: str
    threshold: float
    rows: int
    empty: int
    stripped: int
    distinct_sets: int
    pairs_total: int
    pairs: Sequence[AlikePair]
    row_pairs: int
    removed_total: int
    removed: Sequence[Removal]


def find_duplicates(
    path: Path,
    column: str,
    threshold: str,
    templates: Sequence[str] = (),
    on_progress: Progress = no_progress,
) -> DuplicateReport:
    """Join a file's rows with one another.

    raises   BadThreshold, BadTemplate; what `read_columns` raises; TooMuchText, TooManyPairs
    """
    asked = threshold_of(threshold)
    made = [Template.of(text) for text in templates]
    on_progress("reading", 0, 1)
    source = read_columns(path, [column])
    texts, count = [cell or "" for cell in source.columns[column]], 0
    if made:
        texts, count = stripped([normalised(text) for text in texts], made)
    on_progress("gram sets", 0, len(texts))
    joined = join(shingle(texts), asked, lambda done, whole: on_progress("joined", done, whole))
    removed = keep_first(joined)
    held = np.bincount(joined.identical.set_of, minlength=joined.sizes.size)
    return DuplicateReport(
        file=source.file,
        sha256=source.sha256,
        threshold=float(asked),
        rows=len(texts),
        empty=int(held[joined.sizes == 0].sum()),
        stripped=count,
        distinct_sets=int(np.count_nonzero(joined.sizes)),
        pairs_total=len(joined.pairs),
        pairs=_pairs(joined),
        row_pairs=_row_pairs(joined, held),
        removed_total=len(removed),
        removed=removed,
    )


def _pairs(joined: JoinedSets) -> list[AlikePair]:
    first = joined.identical.first
    rows = first[joined.pairs[:, :2]].tolist()
    return [
        AlikePair(a, b, likeness)
        for (a, b), likeness in zip(rows, joined.jaccards().tolist(), strict=True)
    ]


def _row_pairs(joined: JoinedSets, held: np.ndarray) -> int:
    own = np.where(joined.sizes > 0, held * (held - 1) // 2, 0).sum()
    return int(own + (held[joined.pairs[:, 0]] * held[joined.pairs[:, 1]]).sum())
