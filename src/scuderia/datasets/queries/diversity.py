"""How diverse the texts of a file are: Vendi score, coverage, entropy, and how new one text is."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scuderia.datasets.engine.coverage import Coverage, cells_occupied, cover, novelty
from scuderia.datasets.engine.entropy import spread_of
from scuderia.datasets.engine.vendi import (
    BadVectors,
    Vectors,
    VendiInterval,
    vendi_interval,
    vendi_score,
)
from scuderia.datasets.nouns import Spread
from scuderia.datasets.queries.text_vectors import ENCODER, vectors_of
from scuderia.intake.columns import read_columns
from scuderia.intake.records import Progress, no_progress

_EMBEDDED_AT_ONCE = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class DiversityAsked:
    """What is asked of a file.

    by          a column whose values' spread is told
    reference   a file of texts, told with the same column, whose cells are to be occupied
    novel       a text whose novelty beside the file is told
    n           items in each part of the resample interval
    """

    file: Path
    column: str = "text"
    by: str = ""
    reference: Path | None = None
    novel: str = ""
    centres: int = 16
    n: int = 2_000
    resamples: int = 30
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Novelty:
    """How new a text is: 1 - its largest cosine with a row, and which row that is, from 0."""

    novelty: float
    nearest_row: int


@dataclass(frozen=True, slots=True)
class CellsOccupied:
    """How many cells of a reference hold a row; a cell is what is nearest to one of its centres."""

    cells: int
    occupied: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DiversityReport:
    """How diverse a file is, as one encoder sees it.

    n         rows with text, of which everything is told; `empty` have none
    vendi     of all n; scores of sets of different size are no comparison, those of `interval` are
    """

    file: str
    sha256: str
    encoder: str
    rows: int
    empty: int
    n: int
    vendi: float
    interval: VendiInterval | None
    coverage: Coverage
    by: Spread | None
    reference: CellsOccupied | None
    novelty: Novelty | None


def measure_diversity(
    asked: DiversityAsked, on_progress: Progress = no_progress
) -> DiversityReport:
    """Measure a file's texts.

    raises   BadVectors: no row has text; what `read_columns` raises
    """
    names = [asked.column, *([asked.by] if asked.by else [])]
    source = read_columns(asked.file, names)
    texts = [(cell or "").strip() for cell in source.columns[asked.column]]
    vectors = embedded(texts, on_progress)
    held = np.flatnonzero(np.any(vectors != 0, axis=1))
    if not held.size:
        raise BadVectors(f"{source.file}: no row has text in {asked.column!r}")
    vectors = vectors[held]
    return DiversityReport(
        file=source.file,
        sha256=source.sha256,
        encoder=ENCODER,
        rows=len(texts),
        empty=len(texts) - held.size,
        n=held.size,
        vendi=vendi_score(vectors),
        interval=_interval(vectors, asked),
        coverage=_by_row(cover(vectors, asked.centres), held),
        by=spread_of(source.columns[asked.by]) if asked.by else None,
        reference=_occupied(vectors, asked, on_progress),
        novelty=_novelty(vectors, asked.novel, held),
    )


def embedded(texts: list[str], on_progress: Progress = no_progress) -> Vectors:
    """Return one unit vector a text, telling how far it is; a text without a token is zeros."""
    parts = [vectors_of([])]
    for begin in range(0, len(texts), _EMBEDDED_AT_ONCE):
        on_progress("embedded", begin, len(texts))
        parts.append(vectors_of(texts[begin : begin + _EMBEDDED_AT_ONCE]))
    on_progress("embedded", len(texts), len(texts))
    return np.concatenate(parts)


def _interval(vectors: Vectors, asked: DiversityAsked) -> VendiInterval | None:
    if len(vectors) < 2:  # noqa: PLR2004 - one has no spread
        return None
    return vendi_interval(vectors, n=asked.n, resamples=asked.resamples, seed=asked.seed)


def _by_row(found: Coverage, held: np.ndarray) -> Coverage:
    return Coverage(tuple(held[list(found.centres)].tolist()), found.radius, found.likeness)


def _occupied(
    vectors: Vectors, asked: DiversityAsked, on_progress: Progress
) -> CellsOccupied | None:
    if asked.reference is None:
        return None
    source = read_columns(asked.reference, [asked.column])
    reference = embedded([cell or "" for cell in source.columns[asked.column]], on_progress)
    reference = reference[np.any(reference != 0, axis=1)]
    if not len(reference):
        raise BadVectors(f"{source.file}: no row has text in {asked.column!r}")
    cells = reference[list(cover(reference, asked.centres).centres)]
    occupied = int(np.count_nonzero(cells_occupied(vectors, cells)))
    return CellsOccupied(len(cells), occupied, occupied / len(cells))


def _novelty(vectors: Vectors, text: str, held: np.ndarray) -> Novelty | None:
    if not text:
        return None
    found, nearest = novelty(vectors_of([text]), vectors)
    return Novelty(found, int(held[nearest]))
