"""An index of texts that is asked about one new text at a time, and takes it in if it is wanted."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from scuderia.datasets.engine.duplicates import rarity_order
from scuderia.datasets.engine.shingles import (
    GramTable,
    Keys,
    Numbers,
    Offsets,
    code_points,
    gram_count,
    grown,
    home_of,
    normalised,
    shingle,
    slot_from,
    write_keys,
)
from scuderia.datasets.engine.similarity_join import counted, least, prefix_length
from scuderia.datasets.nouns import Twin
from scuderia.twin.engine.jit import compiled

_NOT_HELD = -1
_ROOM = 1_024

Ranks = npt.NDArray[np.int64]
"""A gram's place in the order rarest first; one that came later stands before all earlier ones."""


class DuplicateIndex:
    """Texts whose twins can be found exactly, at one threshold.

    The order of the grams is settled by the texts that the index begins with. What is added later
    is found just as exactly; after many additions a fresh index answers faster.
    """

    def __init__(self, texts: Sequence[str], threshold: Fraction) -> None:
        sets = shingle([normalised(text) for text in texts])
        self._p, self._q = threshold.numerator, threshold.denominator
        self._table: GramTable = sets.table
        self._grams = sets.grams
        self._numbers, self._filled = sets.numbers, int(sets.offsets[-1])
        self._offsets, self._texts = sets.offsets, len(texts)
        self._ranks: Ranks = rarity_order(sets.numbers, sets.grams).astype(np.int64)
        self._heads: Numbers = np.full(max(sets.grams, 1), _NOT_HELD, np.int32)
        self._links: npt.NDArray[np.int32] = np.empty((_ROOM, 3), np.int32)
        self._linked = 0
        self._seen: npt.NDArray[np.int64] = np.zeros(max(sets.grams, 1), np.int64)
        self._common: npt.NDArray[np.int32] = np.zeros(max(len(texts), 1), np.int32)
        self._asked = 0
        for text in range(self._texts):
            self._link(text)

    def __len__(self) -> int:
        return self._texts

    def find(self, text: str) -> list[Twin]:
        """Return who is like the text, most alike first; the empty text is like nothing."""
        known, size = self._known(text)
        if not size:
            return []
        self._asked += 1
        held = self._numbers, self._offsets
        found = _find(
            known, size, held, (self._ranks, self._heads, self._links),
            (self._seen, self._common), self._asked, self._p, self._q,
        )  # fmt: skip
        twins = [Twin(int(entry), shared / (size + held - shared)) for entry, held, shared in found]
        return sorted(twins, key=lambda twin: (-twin.jaccard, twin.entry))

    def add(self, text: str) -> int:
        """Take the text in, and return its entry: how many were held before."""
        keys = _keys_of(text)
        while (self._grams + len(keys)) * 2 > self._table.shape[0]:
            self._table = grown(self._table)
        numbers, self._grams = _number(keys, self._table, self._grams)
        self._make_room(numbers.size)
        self._numbers[self._filled : self._filled + numbers.size] = numbers
        self._filled += numbers.size
        self._texts += 1
        self._offsets[self._texts] = self._filled
        self._link(self._texts - 1)
        return self._texts - 1

    def _known(self, text: str) -> tuple[Numbers, int]:
        keys = _keys_of(text)
        return _looked_up(keys, self._table), len(keys)

    def _link(self, entry: int) -> None:
        size = int(self._offsets[entry + 1] - self._offsets[entry])
        self._links = _widened(self._links, self._linked + size)
        self._linked = _link_entry(
            entry, self._numbers, self._offsets, self._ranks, self._heads, self._links,
            (self._linked, self._p, self._q),
        )  # fmt: skip

    def _make_room(self, more: int) -> None:
        self._numbers = _widened(self._numbers, self._filled + more)
        self._offsets = _widened(self._offsets, self._texts + 2)
        self._common = _widened(self._common, self._texts + 1)
        before = self._ranks.size
        self._ranks = _widened(self._ranks, self._grams)
        self._ranks[before:] = -np.arange(before, self._ranks.size) - 1
        self._seen = _widened(self._seen, self._grams)
        before = self._heads.size
        self._heads = _widened(self._heads, self._grams)
        self._heads[before:] = _NOT_HELD


def _widened(array: npt.NDArray, wanted: int) -> npt.NDArray:  # type: ignore[type-arg]
    """Return the array with room for `wanted` rows, doubled if it must grow, zeros behind."""
    if wanted <= array.shape[0]:
        return array
    wider = np.zeros((max(wanted, 2 * array.shape[0]), *array.shape[1:]), array.dtype)
    wider[: array.shape[0]] = array
    return wider


def _keys_of(text: str) -> Keys:
    """Return the different grams of one text."""
    characters, bounds = code_points([normalised(text)])
    return _different(characters, int(bounds[-1]))


@compiled
def _different(characters: npt.NDArray[np.uint32], length: int) -> Keys:
    keys = np.empty((gram_count(length), 2), np.int64)
    count = write_keys(characters, 0, length, keys)
    room = 8
    while room < 2 * count:
        room *= 2
    table = np.zeros((room, 4), np.int64)
    kept = 0
    for at in range(count):
        high, low = keys[at, 0], keys[at, 1]
        slot = slot_from(table, home_of(table, high, low), high, low)
        if table[slot, 2] == 0:
            table[slot, 0], table[slot, 1], table[slot, 2] = high, low, 1
            keys[kept, 0], keys[kept, 1] = high, low
            kept += 1
    return keys[:kept].copy()


@compiled
def _looked_up(keys: Keys, table: GramTable) -> Numbers:
    """Return the numbers of those grams that the table holds."""
    numbers = np.empty(keys.shape[0], np.int32)
    known = 0
    for at in range(keys.shape[0]):
        home = home_of(table, keys[at, 0], keys[at, 1])
        slot = slot_from(table, home, keys[at, 0], keys[at, 1])
        if table[slot, 2] != 0:
            numbers[known] = table[slot, 2] - 1
            known += 1
    return numbers[:known].copy()


@compiled
def _number(keys: Keys, table: GramTable, grams: int) -> tuple[Numbers, int]:
    """Return the numbers of the grams, new ones for those that the table did not hold."""
    numbers = np.empty(keys.shape[0], np.int32)
    for at in range(keys.shape[0]):
        home = home_of(table, keys[at, 0], keys[at, 1])
        slot = slot_from(table, home, keys[at, 0], keys[at, 1])
        if table[slot, 2] == 0:
            grams += 1
            table[slot, 0], table[slot, 1], table[slot, 2] = keys[at, 0], keys[at, 1], grams
        numbers[at] = table[slot, 2] - 1
    return numbers, grams


@compiled
def _link_entry(
    entry: int,
    numbers: Numbers,
    offsets: Offsets,
    ranks: Ranks,
    heads: Numbers,
    links: npt.NDArray[np.int32],
    rule: tuple[int, int, int],
) -> int:
    """Put an entry into the lists of its rarest grams: rows (next, entry, place)."""
    linked, p, q = rule
    own = numbers[offsets[entry] : offsets[entry + 1]]
    order = np.argsort(ranks[own])
    for place in range(prefix_length(own.size, p, q)):
        gram = own[order[place]]
        links[linked, 0], links[linked, 1], links[linked, 2] = heads[gram], entry, place
        heads[gram] = linked
        linked += 1
    return linked


@compiled
def _find(
    known: Numbers,
    size: int,
    held: tuple[Numbers, Offsets],
    lists: tuple[Ranks, Numbers, npt.NDArray[np.int32]],
    scratch: tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]],
    asked: int,
    p: int,
    q: int,
) -> npt.NDArray[np.int64]:
    """Return rows (entry, its size, shared grams) of all with Jaccard >= p / q.

    Grams that nobody holds come before all others in the order, so the prefix is what is left.
    """
    numbers, offsets = held
    ranks, heads, links = lists
    seen, common = scratch
    for gram in known:
        seen[gram] = asked
    unknown = size - known.size
    order = np.argsort(ranks[known])
    touched = np.empty(offsets.size, np.int32)
    candidates = 0
    for i in range(prefix_length(size, p, q) - unknown):
        link = heads[known[order[i]]]
        while link >= 0:
            entry, place = links[link, 1], links[link, 2]
            link = links[link, 0]
            other = offsets[entry + 1] - offsets[entry]
            rest = min(size - unknown - i, other - place)
            fits = other >= least(size, p, q) and size >= least(other, p, q)
            if fits and common[entry] == 0 and rest * (p + q) >= p * (size + other):
                common[entry] = 1
                touched[candidates] = entry
                candidates += 1
    found = np.empty((candidates, 3), np.int64)
    kept = 0
    for at in range(candidates):
        entry = touched[at]
        common[entry] = 0
        other = offsets[entry + 1] - offsets[entry]
        needed = least(size + other, p, p + q)
        shared = counted(numbers, offsets[entry], other, seen, asked, needed)
        if shared >= 0:
            found[kept, 0], found[kept, 1], found[kept, 2] = entry, other, shared
            kept += 1
    return found[:kept].copy()
