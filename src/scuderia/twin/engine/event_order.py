"""The order of events at one instant, and the digest that proves two replays equal."""

import hashlib
from enum import IntEnum

import numpy as np
import numpy.typing as npt

NEVER = 2**61
"""The instant after every instant: a quarantined slot comes back then."""


class EventKind(IntEnum):
    """What may happen to a slot, in the order in which equal instants are taken.

    Nodes return before anything breaks, faults before requests for a spare; ties go to the
    lower node. A spare that comes free goes to the queue before a new request is heard.
    """

    RETURN = 0
    CAUGHT = 1
    START = 2
    PULL = 3
    SWAP = 4


def event_digest(rows: npt.NDArray[np.int64]) -> str:
    """Return the sha256 over (time, kind, node) rows in that order, 8 bytes each, little end first.

    rows    shape (n_events, 3), any order
    """
    ordered = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    return hashlib.sha256(ordered.astype("<i8").tobytes()).hexdigest()
