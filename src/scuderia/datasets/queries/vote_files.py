"""Reads files of votes and of known labels, through the intake; names what cannot be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scuderia.basics.errors import BadInput
from scuderia.datasets.engine.votes import Votes, votes_of
from scuderia.intake.archives import Source, open_source
from scuderia.intake.fields import FieldSpec
from scuderia.intake.mapping import RecordReader
from scuderia.intake.profiles import Profile
from scuderia.intake.readers.open_records import open_records
from scuderia.intake.records import Bad, FileUnreadable, Flaw

CELLS_MAX = 100_000_000
_MEND = "Mend or remove that line; nothing was inferred."


class BadVotes(BadInput):
    """A file holds no votes, or a line of it none, so nothing was told from it."""

    code = "DATA-040"


@dataclass(frozen=True, slots=True)
class VoteFile:
    """The votes of one file; the names stand in the order of their numbers, labels sorted.

    repeated      lines that say again what the same worker already said of the item; left out
    """

    file: str
    votes: Votes
    items: tuple[str, ...]
    workers: tuple[str, ...]
    labels: tuple[str, ...]
    repeated: int


@dataclass(frozen=True, slots=True)
class GoldFile:
    """Known labels by item's number; a label that nobody voted for has the number -1.

    strangers   items that nobody voted on
    """

    items: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    strangers: int


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """Every answer of one file in its order: rows of (item, worker, label) by number, and names."""

    file: str
    rows: npt.NDArray[np.int64]
    items: tuple[str, ...]
    workers: tuple[str, ...]
    labels: tuple[str, ...]


def read_answers(path: Path) -> AnswerFile:
    """Read a file with the columns item, worker and label, of any format that the intake knows.

    raises   BadVotes, FileUnreadable and ColumnsMissing, naming file, line and field
    """
    items: dict[str, int] = {}
    workers: dict[str, int] = {}
    labels: dict[str, int] = {}
    told = [
        (
            items.setdefault(item, len(items)),
            workers.setdefault(worker, len(workers)),
            labels.setdefault(label, len(labels)),
        )
        for _, (item, worker, label) in read_cells(path, ("item", "worker", "label"))
    ]
    if not told:
        raise BadVotes(f"{path.name}: it holds a header and no vote", remedy="Add a line a vote.")
    names = sorted(labels, key=_natural)
    rank = np.empty(len(labels), np.int64)
    rank[[labels[name] for name in names]] = np.arange(len(labels))
    rows = np.array(told, np.int64)
    rows[:, 2] = rank[rows[:, 2]]
    return AnswerFile(path.name, rows, tuple(items), tuple(workers), tuple(names))


def read_votes(path: Path) -> VoteFile:
    """Read the votes of a file; what a worker says again of an item counts once.

    raises   BadVotes, FileUnreadable and ColumnsMissing, naming file, line and field
    """
    told = read_answers(path)
    if len(told.workers) * len(told.labels) ** 2 > CELLS_MAX:
        said = f"{told.file}, field label: {len(told.labels):,} labels"
        said += f" of {len(told.workers):,} workers"
        raise BadVotes(said, remedy="Is the column label one of free text? Few labels are weighed.")
    _, firsts = np.unique(told.rows, axis=0, return_index=True)
    rows = told.rows[np.sort(firsts)]
    votes = votes_of(rows[:, 0], rows[:, 1], rows[:, 2])
    repeated = len(told.rows) - len(rows)
    return VoteFile(told.file, votes, told.items, told.workers, told.labels, repeated)


def read_gold(path: Path, voted: VoteFile) -> GoldFile:
    """Read a file with the columns item and truth.

    raises   BadVotes, FileUnreadable and ColumnsMissing, naming file, line and field
    """
    numbers = {name: number for number, name in enumerate(voted.items)}
    labels = {name: number for number, name in enumerate(voted.labels)}
    known: dict[int, int] = {}
    strangers: set[str] = set()
    for line, (item, truth) in read_cells(path, ("item", "truth")):
        number, label = numbers.get(item), labels.get(truth, -1)
        if number is None:
            strangers.add(item)
        elif known.setdefault(number, label) != label:
            said = f"{path.name}, line {line}, field truth: {item[:80]!r} has another truth above"
            raise BadVotes(said, remedy=_MEND)
    if not known:
        said = f"{path.name}, field item: none of its items is among those of {voted.file}"
        raise BadVotes(said, remedy="Give known labels of items that were voted on.")
    return GoldFile(np.array(list(known)), np.array(list(known.values())), len(strangers))


def read_cells(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each record's line and its cells under these columns; none of them is empty.

    raises   BadVotes, FileUnreadable and ColumnsMissing, naming file, line and field
    """
    fields = tuple(FieldSpec(name=name, needs_column=True, may_be_empty=False) for name in columns)
    profile = Profile()
    with open_source(Source.of_path(path)) as file, open_records(file, profile) as records:
        reader = RecordReader(records.columns, fields, profile, file=file.name)
        for count, row in enumerate(records.rows, 1):
            if isinstance(row, Bad):
                raise _bad_line(file.name, row.number, row.field, row.reason, row.remedy)
            if count > file.limits.rows:
                said = f"{file.name}: it holds more than {file.limits.rows:,} records"
                raise FileUnreadable(said, remedy="Split it into smaller files.")
            try:
                for record in reader.read(row):
                    yield row.number, tuple(record.text(name) for name in columns)
            except Flaw as flaw:
                raise _bad_line(
                    file.name, row.number, flaw.field, flaw.reason, flaw.remedy
                ) from None
        file.require_unchanged()


def _bad_line(file: str, line: int, field: str, reason: str, remedy: str) -> BadVotes:
    said = f"{file}, line {line}, field {field}: {reason}"
    return BadVotes(said, remedy=f"{remedy} {_MEND}", file=file, line=line, field=field)


def _natural(label: str) -> tuple[bool, float, str]:
    """Order numbers by their worth, and before words."""
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label
