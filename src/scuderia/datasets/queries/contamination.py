"""Whether a dataset repeats evaluation sets that are not to be trained on, with the proof."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from scuderia.basics.errors import BadInput
from scuderia.datasets.engine.contamination import COMPARED, Alike, contaminated
from scuderia.datasets.engine.duplicates import threshold_of
from scuderia.datasets.nouns import ContaminationMatch, ContaminationProof, EvaluationSet
from scuderia.intake.columns import FileColumns, read_columns
from scuderia.intake.records import Progress, no_progress


class SetsUnclear(BadInput):
    """It cannot be told which evaluation sets are meant."""

    code = "DATA-036"
    remedy = "Name at least one file with --against, each file name once."


def prove_contamination(
    path: Path,
    against: Sequence[Path],
    column: str = "text",
    threshold: str = "0.8",
    on_progress: Progress = no_progress,
) -> ContaminationProof:
    """Compare every row with every item of every set.

    raises   SetsUnclear, BadThreshold, TooMuchText, TooManyPairs; what `read_columns` raises
    """
    asked = threshold_of(threshold)
    names = [one.name for one in against]
    if not names or len(set(names)) < len(names):
        raise SetsUnclear(f"the sets are {', '.join(names) or 'none'}")
    on_progress("reading", 0, 1)
    source = read_columns(path, [column])
    sets = [read_columns(one, [column]) for one in against]
    rows = _texts(source, column)
    items = [_texts(one, column) for one in sets]
    alike = contaminated(
        rows,
        [text for held in items for text in held],
        asked,
        lambda done, whole: on_progress("joined", done, whole),
    )
    begins = [0, *accumulate(map(len, items))]
    return ContaminationProof(
        file=source.file,
        sha256=source.sha256,
        rows=len(rows),
        threshold=threshold,
        compared=COMPARED,
        sets=tuple(
            EvaluationSet(
                one.file, one.sha256, len(held), _matched(alike, begin, begin + len(held))
            )
            for one, held, begin in zip(sets, items, begins, strict=False)
        ),
        removed=tuple(alike),
        matches=tuple(_matches(alike, names, begins)),
    )


def _texts(source: FileColumns, column: str) -> list[str]:
    return [cell or "" for cell in source.columns[column]]


def _matched(alike: Alike, begin: int, end: int) -> int:
    return len({item for found in alike.values() for item in found if begin <= item < end})


def _matches(alike: Alike, names: list[str], begins: list[int]) -> list[ContaminationMatch]:
    matches = []
    for row, found in alike.items():
        for at, name in enumerate(names):
            own = {one: like for one, like in found.items() if begins[at] <= one < begins[at + 1]}
            if own:
                best = min(own, key=lambda item: (-own[item], item))
                matches.append(ContaminationMatch(row, name, best - begins[at], own[best]))
    return matches
