"""The compiled passes of the exact join: group, take prefixes, filter, count.

Sets are walked from the smallest to the largest; "entry" is a place in that order. A set in the
index need only be found by one that is as large or larger, so fewer of its rarest grams are kept
there than are asked for (PPJoin's indexing prefix).
"""

import numpy as np
import numpy.typing as npt

from scuderia.datasets.engine.shingles import Numbers, Offsets
from scuderia.twin.engine.jit import compiled

PairRows = npt.NDArray[np.int64]
"""Pairs of sets with their common grams: rows (a, b, overlap), shape (pairs, 3)."""
Postings = npt.NDArray[np.int64]
"""Who holds a gram in its prefix: rows (entry << 32 | place, first word of its signature)."""
Signatures = npt.NDArray[np.uint64]
"""For each set 128 bits: bit h is whether an odd number of its grams hash to h; shape (sets, 2)."""
WalkedSets = tuple[Numbers, Offsets, Signatures]
"""The sets by size; grams are numbered by rarity and stand in that order, so a prefix is first."""
Marks = npt.NDArray[np.int32] | npt.NDArray[np.int64]
"""Who saw each gram last, shape (grams,)."""
Index = tuple[Offsets, Offsets, Postings, Numbers, Numbers, Numbers]
"""What `join_entries` says of its `index`."""

_FIRST_PAIRS = 4_096
_PLACE_BITS = 32
_PLACE_MASK = (1 << _PLACE_BITS) - 1


@compiled
def least(count: int, p: int, q: int) -> int:
    """Return the smallest whole number of at least count * p / q."""
    return -((-count * p) // q)


@compiled
def prefix_length(size: int, p: int, q: int) -> int:
    """Return how many of a set's rarest grams meet every set with overlap >= size * p / q."""
    return min(size, size - least(size, p, q) + 1)


@compiled
def group_identical(numbers: Numbers, offsets: Offsets, grams: int) -> tuple[Offsets, Offsets]:
    """Group by a hash without order, believed only after comparing gram by gram."""
    texts = offsets.size - 1
    room = 2
    while room < 2 * texts:
        room *= 2
    slots = np.full(room, -1, np.int64)
    set_of, first = np.empty(texts, np.int64), np.empty(texts, np.int64)
    seen = np.full(grams, -1, np.int32)
    sets = 0
    for text in range(texts):
        slot = _order_free_hash(numbers, offsets, text) & (room - 1)
        is_marked = False
        while slots[slot] >= 0:
            other = first[slots[slot]]
            if offsets[other + 1] - offsets[other] == offsets[text + 1] - offsets[text]:
                if not is_marked:
                    mark(numbers, offsets[text], offsets[text + 1], seen, text)
                    is_marked = True
                size = offsets[other + 1] - offsets[other]
                if counted(numbers, offsets[other], size, seen, text, size) == size:
                    break
            slot = (slot + 1) & (room - 1)
        if slots[slot] < 0:
            slots[slot] = sets
            first[sets] = text
            sets += 1
        set_of[text] = slots[slot]
    return set_of, first[:sets].copy()


@compiled
def _order_free_hash(numbers: Numbers, offsets: Offsets, text: int) -> np.int64:
    mixed = np.uint64(offsets[text + 1] - offsets[text])
    for at in range(offsets[text], offsets[text + 1]):
        mixed += spread(numbers[at])
    return np.int64(mixed >> np.uint64(20))


@compiled
def spread(number: int) -> np.uint64:
    """Return a gram's number with its bits mixed (the constants are splitmix64's)."""
    mixed = (np.uint64(number) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(31))


@compiled
def gathered(
    numbers: Numbers, offsets: Offsets, kept: Offsets, rarity: Numbers
) -> tuple[Numbers, Offsets]:
    """Return the sets named in `kept` end to end in that order, each gram as its rarity."""
    bounds = np.zeros(kept.size + 1, np.int64)
    for entry in range(kept.size):
        bounds[entry + 1] = bounds[entry] + offsets[kept[entry] + 1] - offsets[kept[entry]]
    found = np.empty(bounds[kept.size], np.int32)
    for entry in range(kept.size):
        begin = offsets[kept[entry]]
        for at in range(bounds[entry + 1] - bounds[entry]):
            found[bounds[entry] + at] = rarity[numbers[begin + at]]
    return found, bounds


@compiled
def held_by(numbers: Numbers, grams: int) -> Offsets:
    """Return how many sets hold each gram, shape (grams,)."""
    counts = np.zeros(grams, np.int64)
    for at in range(numbers.size):
        counts[numbers[at]] += 1
    return counts


@compiled
def signatures_of(numbers: Numbers, offsets: Offsets) -> Signatures:
    """Return each set's signature; two of them differ in no more bits than the sets in grams."""
    found = np.zeros((offsets.size - 1, 2), np.uint64)
    for entry in range(offsets.size - 1):
        for at in range(offsets[entry], offsets[entry + 1]):
            bit = spread(numbers[at]) >> np.uint64(57)
            found[entry, np.int64(bit >> np.uint64(6))] ^= np.uint64(1) << (bit & np.uint64(63))
    return found


@compiled
def bits_set(word: np.uint64) -> np.int64:
    """Return how many bits are set; LLVM knows this form and makes it one instruction."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def index_begins(numbers: Numbers, offsets: Offsets, grams: int, p: int, q: int) -> Offsets:
    """Return where each gram's postings begin, shape (grams + 1,)."""
    begins = np.zeros(grams + 1, np.int64)
    for entry in range(offsets.size - 1):
        length = prefix_length(offsets[entry + 1] - offsets[entry], 2 * p, p + q)
        for at in range(offsets[entry], offsets[entry] + length):
            begins[numbers[at] + 1] += 1
    return np.cumsum(begins)


@compiled
def join_entries(begin: int, end: int, sets: WalkedSets, index: Index, p: int, q: int) -> PairRows:
    """Join the entries [begin, end) with every smaller one, and put them into the index.

    index    each gram's live postings (lows, highs); all postings; for each entry the common
             grams so far (0 between two calls); for each gram who marked it last; all sizes
    returns  rows (larger entry, smaller entry, overlap)
    """
    numbers, offsets, _ = sets
    common, seen = index[3], index[4]
    touched = np.empty(offsets.size, np.int32)
    pairs = np.empty((_FIRST_PAIRS, 3), np.int64)
    found = 0
    for x in range(begin, end):
        size = offsets[x + 1] - offsets[x]
        candidates = _candidates(x, sets, index, touched, p, q)
        if candidates > 0:
            mark(numbers, offsets[x], offsets[x + 1], seen, x)
        for entry in range(candidates):
            other = touched[entry]
            held = offsets[other + 1] - offsets[other]
            overlap = -1
            if common[other] > 0:
                needed = least(size + held, p, p + q)
                overlap = counted(numbers, offsets[other], held, seen, x, needed)
            common[other] = 0
            if overlap >= 0:
                if found == pairs.shape[0]:
                    pairs = np.concatenate((pairs, np.empty_like(pairs)))
                pairs[found, 0], pairs[found, 1], pairs[found, 2] = x, other, overlap
                found += 1
        _put_in_index(x, sets, index, p, q)
    return pairs[:found].copy()


@compiled
def _candidates(x: int, sets: WalkedSets, index: Index, touched: Numbers, p: int, q: int) -> int:
    """Write into `touched` who may be like x, and return how many; refused ones have common < 0."""
    numbers, offsets, signatures = sets
    lows, highs, postings, common, _, sizes = index
    size = offsets[x + 1] - offsets[x]
    smallest = least(size, p, q)
    length = prefix_length(size, p, q)
    prefix = numbers[offsets[x] : offsets[x] + length]
    candidates = 0
    for i in range(length if _is_any_held(prefix, lows, highs, postings) else 0):
        gram = prefix[i]
        low, high = lows[gram], highs[gram]
        while low < high and sizes[postings[low, 0] >> _PLACE_BITS] < smallest:
            low += 1
        lows[gram] = low
        for at in range(low, high):
            other = postings[at, 0] >> _PLACE_BITS
            held = sizes[other]
            # |x| + |y| - 2 * overlap grams are in one set alone; no fewer than differing bits.
            apart = (size + held) * (q - p)
            bits = bits_set(signatures[x, 0] ^ np.uint64(postings[at, 1]))
            if bits * (p + q) > apart:
                continue
            bits += bits_set(signatures[x, 1] ^ signatures[other, 1])
            if bits * (p + q) > apart or common[other] < 0:
                continue
            rest = min(size - i, held - (postings[at, 0] & _PLACE_MASK)) - 1
            if (common[other] + 1 + rest) * (p + q) >= p * (size + held):
                if common[other] == 0:
                    touched[candidates] = other
                    candidates += 1
                common[other] += 1
            elif common[other] > 0:
                common[other] = -1
            # A first meeting that comes too late needs no mark: every later one is later still.
    return candidates


@compiled
def _is_any_held(prefix: Numbers, lows: Offsets, highs: Offsets, postings: Postings) -> np.bool:
    """Say whether any list is not empty, touching each, so that the waits for memory overlap."""
    reached = np.int64(-1)
    for gram in prefix:
        if lows[gram] < highs[gram]:
            reached = max(reached, postings[lows[gram], 0])
    return reached >= 0


@compiled
def _put_in_index(x: int, sets: WalkedSets, index: Index, p: int, q: int) -> None:
    numbers, offsets, signatures = sets
    _, highs, postings, _, _, sizes = index
    for i in range(prefix_length(sizes[x], 2 * p, p + q)):
        gram = numbers[offsets[x] + i]
        postings[highs[gram], 0] = (x << _PLACE_BITS) | i
        postings[highs[gram], 1] = np.int64(signatures[x, 0])
        highs[gram] += 1


@compiled
def mark(numbers: Numbers, begin: int, end: int, seen: Marks, by: int) -> None:
    """Write who saw each gram of a set last."""
    for at in range(begin, end):
        seen[numbers[at]] = by


@compiled
def counted(numbers: Numbers, begin: int, size: int, seen: Marks, by: int, needed: int) -> int:
    """Return how many of a set's grams are marked, or -1 once `needed` is out of reach."""
    may_miss = size - needed
    missed = 0
    for at in range(begin, begin + size):
        if seen[numbers[at]] != by:
            missed += 1
            if missed > may_miss:
                return -1
    return size - missed
