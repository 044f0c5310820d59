"""When a record restates a fact that is held: by its source's key, or by a start close by."""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.intake.records import Flaw

_DIGITS = 40


def identity_of(source: str, *parts: str) -> str:
    """Return a short identity of what a source says; parts cannot run into each other."""
    said = json.dumps([source, *parts])
    return hashlib.sha256(said.encode()).hexdigest()[:_DIGITS]


def match_within(
    starts: Sequence[AwareDatetime], at: AwareDatetime, tolerance: timedelta
) -> int | None:
    """Return the place of the held start that `at` restates, or None where it is a new fact.

    starts      sorted, all of one source and node
    tolerance   how far a restated start may lie off, both ends included
    raises      Flaw: none is equal and several lie that close, so that it could be any of them
    """
    first = bisect_left(starts, at)
    if first < len(starts) and starts[first] == at:
        return first
    low, high = bisect_left(starts, at - tolerance), bisect_right(starts, at + tolerance)
    if high - low > 1:
        said = f"{high - low} known ones start within {tolerance} of it"
        raise Flaw("start", said, "Amend the one that is meant by hand, or write its exact start.")
    return low if high - low == 1 else None
