"""Holds the rows of a release against their hashes, and the lines of its files against the rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from scuderia.datasets.engine.release_faults import Faults
from scuderia.datasets.engine.release_manifest import ROW_HASHES_FILE
from scuderia.datasets.engine.release_table import DATA_FILE
from scuderia.datasets.engine.releases import ReleaseRow, release_root

_NONE = b""
ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class HashedRow:
    """A row's key beside the hash of its canonical JSON; an empty hash where it is unreadable."""

    key: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as far as it could be read.

    rows     in its order; an unreadable one is none
    hashed   the same, as key and hash; the key is empty where it could not be read
    """

    rows: tuple[ReleaseRow | None, ...]
    hashed: tuple[HashedRow, ...]


def compare_rows(
    table: Sequence[HashedRow],
    listed: Sequence[HashedRow],
    facts: Mapping[str, object],
    root: bytes,
    faults: Faults,
) -> bool:
    """Note which row of the table, or of the list of hashes, is not the one under the root.

    table    what the table holds, in its order
    listed   what the list of row hashes says, in its order
    returns  whether the table holds the very rows under the root
    """
    if _stands_for(table, facts, root):
        _note(listed, table, ROW_HASHES_FILE, faults)
        return True
    if _stands_for(listed, facts, root):
        _note(table, listed, DATA_FILE, faults)
        return False
    before = faults.total
    _note(table, listed, DATA_FILE, faults)
    if faults.total == before:
        faults.add("manifest.json", "its root is not that of these rows under these facts")
    else:
        faults.add(ROW_HASHES_FILE, "nor are the hashes in it those under the root")
    return False


def compare_lines(
    path: str,
    found: Iterable[bytes],
    expected: Iterable[tuple[str, bytes]],
    faults: Faults,
) -> int:
    """Note which lines of a file are not what they should be; return how many were compared.

    found      the lines as they are, with their ends
    expected   each line as it should be, beside the key of its row
    """
    actual, right = _Ahead(found), _Ahead(expected)
    number = compared = 0
    while actual.one is not None or right.one is not None:
        number += 1
        if right.one is None:
            faults.add(path, "a line that was not released", at=number)
            actual.step()
            continue
        key, line = right.one
        compared += 1
        if actual.one == line:
            actual.step()
            right.step()
        elif actual.one is None or (right.next and actual.one == right.next[1]):
            faults.add(path, "its line is missing", key, number)
            number -= 1
            right.step()
        elif actual.next == line:
            faults.add(path, "a line that was not released", at=number)
            actual.step()
        else:
            faults.add(path, "its line was changed", key, number)
            actual.step()
            right.step()
    return compared


def _stands_for(rows: Sequence[HashedRow], facts: Mapping[str, object], root: bytes) -> bool:
    hashes = [row.hash for row in rows]
    return _NONE not in hashes and release_root(facts, hashes) == root


def _note(rows: Sequence[HashedRow], right: Sequence[HashedRow], path: str, faults: Faults) -> None:
    """Note how `rows` differ from the right ones: changed, missing, added, or in another place."""
    if tuple(rows) == tuple(right):
        return
    # An unreadable row that lost its key stands for the one that belongs at its place.
    known = {row.key for row in rows if row.key}
    lost = {at for at, row in enumerate(rows) if not row.key}
    places = {row.key: (at, row.hash) for at, row in enumerate(right)}
    before = faults.total
    for at, row in enumerate(rows):
        if row.key and row.key not in places:
            faults.add(path, "a row that was not released", row.key, at + 1)
        elif row.key and row.hash not in (_NONE, places[row.key][1]):
            faults.add(path, "the row was changed", row.key, at + 1)
    for key, (at, _) in places.items():
        if key not in known and at not in lost:
            faults.add(path, "the row is missing", key, at + 1)
    if faults.total == before and not lost:
        _note_places(rows, right, path, faults)


def _note_places(
    rows: Sequence[HashedRow], right: Sequence[HashedRow], path: str, faults: Faults
) -> None:
    """Note which row stands twice, or where another should."""
    once: set[str] = set()
    for at, row in enumerate(rows):
        if row.key in once:
            faults.add(path, "the row stands in it more than once", row.key, at + 1)
        elif len(rows) == len(right) and row.key != right[at].key:
            faults.add(path, f"the row stands where {right[at].key!r} should", row.key, at + 1)
        once.add(row.key)


class _Ahead(Generic[ItemT]):
    """An iterable that shows its next two items; none is past its end."""

    def __init__(self, items: Iterable[ItemT]) -> None:
        self._items: Iterator[ItemT] = iter(items)
        self.one: ItemT | None = next(self._items, None)
        self.next: ItemT | None = next(self._items, None)

    def step(self) -> None:
        """Move on by one."""
        self.one, self.next = self.next, next(self._items, None)
