"""Texts as sets of character 5-grams, numbered exactly: two grams never share a number.

A text is made alike first: NFKC, lower case, white space collapsed. One shorter than five
characters is the one gram that it is; an empty one is the empty set.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scuderia.basics.errors import BadInput
from scuderia.twin.engine.jit import compiled

GRAM = 5
CHARACTERS_MAX = 400_000_000
_FIRST_ROOM = 1 << 12
_LOW = (1 << 42) - 1
_SHIFT = 21
_ASCII, _SPACE = 128, 32
_ALIKE = np.array([ord(chr(one).lower().strip() or " ") for one in range(_ASCII)], np.uint32)
# Odd constants of the golden ratio and of MurmurHash3: they only spread slots, never decide.
_SPREAD_HIGH = np.uint64(0x9E3779B97F4A7C15)
_SPREAD_LOW = np.uint64(0xC2B2AE3D27D4EB4F)

Numbers = npt.NDArray[np.int32]
"""Gram numbers of all sets end to end, shape (grams,), without order inside a set."""
Offsets = npt.NDArray[np.int64]
"""Where each set begins, and after the last where it ends: shape (sets + 1,)."""
GramTable = npt.NDArray[np.int64]
"""Open addressing: a row (high, low, number + 1, last set seen in + 1); shape (slots, 4)."""
Keys = npt.NDArray[np.int64]
"""Grams as two words each, shape (grams, 2)."""
CodePoints = npt.NDArray[np.uint32]
"""Characters of all texts end to end, shape (characters,)."""


class TooMuchText(BadInput):
    """The texts do not fit into one join."""

    code = "DATA-031"
    remedy = "Split the file by project or language, and join the parts."


@dataclass(frozen=True, slots=True)
class ShingleSets:
    """The gram sets of some texts, in their order.

    grams   how many different grams there are; their numbers run from 0
    """

    numbers: Numbers
    offsets: Offsets
    table: GramTable
    grams: int

    @property
    def sizes(self) -> Offsets:
        """Return how many grams each set holds, shape (sets,)."""
        return np.diff(self.offsets)


def normalised(text: str) -> str:
    """Return the text as it is compared: NFKC, lower case, white space collapsed."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.lower().split())


def shingle(texts: Sequence[str]) -> ShingleSets:
    """Return the gram sets of texts, made alike first as `normalised` does.

    raises   TooMuchText: more than 400 million characters in all
    cost     O(characters); about 20 ns each
    """
    texts = [text if text.isascii() else normalised(text) for text in texts]
    held = sum(map(len, texts))
    if held > CHARACTERS_MAX:
        raise TooMuchText(f"the texts have {held:,} characters; {CHARACTERS_MAX:,} fit")
    characters, bounds = code_points(texts)
    plain, bounds = _plain(characters, bounds)
    numbers, offsets, table, grams = _number_all(plain, bounds, empty_table())
    return ShingleSets(numbers, offsets, table, int(grams))


def code_points(texts: Sequence[str]) -> tuple[CodePoints, Offsets]:
    """Return all characters end to end, and where each text begins and ends."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    bounds = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(lengths, out=bounds[1:])
    raw = "".join(texts).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(raw, np.uint32), bounds


def empty_table() -> GramTable:
    """Return a table without grams."""
    return np.zeros((_FIRST_ROOM, 4), np.int64)


@compiled
def _plain(characters: CodePoints, bounds: Offsets) -> tuple[CodePoints, Offsets]:
    """Lower the case of ASCII and collapse its white space: `normalised` at a tenth of its cost.

    Of a text that is normalised already nothing changes: no ASCII capital is left in it.
    """
    kept = np.empty_like(characters)
    places = np.zeros_like(bounds)
    filled = 0
    for text in range(bounds.size - 1):
        is_between = False
        for at in range(bounds[text], bounds[text + 1]):
            one = characters[at]
            if one < _ASCII:
                one = _ALIKE[one]
            if one == _SPACE:
                is_between = True
                continue
            if is_between and filled > places[text]:
                kept[filled] = _SPACE
                filled += 1
            is_between = False
            kept[filled] = one
            filled += 1
        places[text + 1] = filled
    return kept[:filled], places


@compiled
def home_of(table: GramTable, high: int, low: int) -> np.int64:
    """Return the slot where the search for this gram begins."""
    mixed = np.uint64(high) * _SPREAD_HIGH + np.uint64(low)
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _SPREAD_LOW
    return np.int64(mixed >> np.uint64(33)) & np.int64(table.shape[0] - 1)


@compiled
def slot_from(table: GramTable, home: np.int64, high: int, low: int) -> np.int64:
    """Return the slot that holds this gram, or the free one where it belongs."""
    slot = home
    while table[slot, 2] != 0 and (table[slot, 1] != low or table[slot, 0] != high):
        slot = (slot + 1) & (table.shape[0] - 1)
    return slot


@compiled
def grown(table: GramTable) -> GramTable:
    """Return the same grams with twice the room."""
    wider = np.zeros((table.shape[0] * 2, 4), np.int64)
    for row in range(table.shape[0]):
        if table[row, 2] != 0:
            home = home_of(wider, table[row, 0], table[row, 1])
            slot = slot_from(wider, home, table[row, 0], table[row, 1])
            for column in range(4):
                wider[slot, column] = table[row, column]
    return wider


@compiled
def gram_count(length: int) -> int:
    """Return how many grams a text of this length has, counted as often as they stand there."""
    return max(length - GRAM + 1, min(length, 1))


@compiled
def write_keys(characters: CodePoints, begin: int, end: int, keys: Keys) -> int:
    """Write the grams of characters[begin:end] into `keys`, and return how many there are.

    The key is five code points, + 1 each so that a missing one is told from NUL: 105 bits in two
    words, the oldest two in the first.
    """
    high, low, count = np.int64(0), np.int64(0), 0
    first = min(begin + GRAM - 1, end - 1)
    for at in range(begin, end):
        high = ((high << _SHIFT) | (low >> 42)) & _LOW
        low = ((low & _LOW) << _SHIFT) | (np.int64(characters[at]) + 1)
        if at >= first:
            keys[count, 0], keys[count, 1] = high, low
            count += 1
    return count


@compiled
def _number_all(
    characters: CodePoints, bounds: Offsets, table: GramTable
) -> tuple[Numbers, Offsets, GramTable, int]:
    """Return the numbers of each text's different grams; `table` must be new."""
    texts = bounds.size - 1
    room, longest = 0, 0
    for text in range(texts):
        grams_here = gram_count(bounds[text + 1] - bounds[text])
        room += grams_here
        longest = max(longest, grams_here)
    numbers = np.empty(room, np.int32)
    offsets = np.zeros(texts + 1, np.int64)
    keys, homes = np.empty((longest, 2), np.int64), np.empty(longest, np.int64)
    grams, filled = 0, 0
    for text in range(texts):
        count = write_keys(characters, bounds[text], bounds[text + 1], keys)
        while (grams + count) * 2 > table.shape[0]:
            table = grown(table)
        # All homes are touched before any is searched, so that the waits for memory overlap.
        touched = 0
        for at in range(count):
            homes[at] = home_of(table, keys[at, 0], keys[at, 1])
            touched |= table[homes[at], 2]
        if touched < 0:
            break
        for at in range(count):
            slot = slot_from(table, homes[at], keys[at, 0], keys[at, 1])
            if table[slot, 2] == 0:
                grams += 1
                table[slot, 0], table[slot, 1], table[slot, 2] = keys[at, 0], keys[at, 1], grams
            elif table[slot, 3] == text + 1:
                continue
            table[slot, 3] = text + 1
            numbers[filled] = table[slot, 2] - 1
            filled += 1
        offsets[text + 1] = filled
    return numbers[:filled].copy(), offsets, table, grams
