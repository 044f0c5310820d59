"""Sets of slots as whole numbers: bit t is slot t."""

from collections.abc import Iterator

OUT = -1
"""The slot of an update that is left out."""


def bits(first: int, last: int) -> int:
    """Return the slots from `first` to `last`, both included; none where they cross."""
    first = max(first, 0)
    return ((1 << (last - first + 1)) - 1) << first if last >= first else 0


def starts_that_touch(busy: int, length: int) -> int:
    """Return the starts from which work of `length` slots would meet a busy slot."""
    done = 1
    while done * 2 <= length:
        busy |= busy >> done
        done *= 2
    return busy | busy >> (length - done)


def spread(starts: int, length: int) -> int:
    """Return every slot that work of `length` slots from one of these starts would take."""
    done = 1
    while done * 2 <= length:
        starts |= starts << done
        done *= 2
    return starts | starts << (length - done)


def first_from(starts: int, slot: int) -> int:
    """Return the first of the starts at or after a slot, or OUT."""
    rest = starts >> max(slot, 0)
    return max(slot, 0) + (rest & -rest).bit_length() - 1 if rest else OUT


def runs(slots: int) -> Iterator[tuple[int, int]]:
    """Tell the first and the last slot of each run of set bits, in order."""
    at = 0
    while slots:
        gap = (slots & -slots).bit_length() - 1
        slots >>= gap
        length = (slots ^ (slots + 1)).bit_length() - 1
        yield at + gap, at + gap + length - 1
        slots >>= length
        at += gap + length
