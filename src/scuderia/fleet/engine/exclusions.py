"""Which downtime does not count against a promise: agreed stretches, and classes of causes; pure.

An exclusion takes seconds out of what counts, neither up nor down; each goes to the first one that
covers it, so none is taken out twice. The raw availability never changes.
"""

import re
from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache

import numpy as np

from scuderia.fleet.engine import ledger
from scuderia.fleet.engine.facts import ExclusionFact
from scuderia.fleet.engine.gpu_shares import Bools
from scuderia.fleet.engine.ledger import Segments
from scuderia.fleet.engine.outage_statistics import DOWN_CODES

_PARTS = re.compile(r"\s*/\s*")


def taken_out(
    segments: Segments, exclusions: Sequence[ExclusionFact], *, start: int, end: int
) -> tuple[Segments, ...]:
    """Return the downtime of [start, end) that each exclusion takes out, in their order."""
    left = segments.where(np.isin(segments.kind, DOWN_CODES))
    taken = []
    for one in exclusions:
        opens = min(max(one.start, start), end)
        closes = max(end if one.end is None else min(one.end, end), opens)
        matching = _of_cause(left, one.cause)
        candidates = left.where(matching)
        taken.append(ledger.clipped(candidates, opens, closes))
        left = joined(
            [
                left.where(~matching),
                ledger.clipped(candidates, start, opens),
                ledger.clipped(candidates, closes, end),
            ]
        )
    return tuple(taken)


def joined(parts: Sequence[Segments]) -> Segments:
    """Return the segments of all parts, of one ledger, one part after another."""
    first = parts[0]
    names = [one.name for one in fields(Segments) if one.name not in ("outages", "unit")]
    return Segments(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names},
        outages=first.outages,
        unit=first.unit,
    )


@lru_cache(maxsize=4096)
def is_of_class(cause: str, wanted: str) -> bool:
    """Say whether a cause is `wanted` or lies under it: "Customer / OOM" lies under "customer".

    Case and the spaces around a "/" mean nothing; "" wants every cause.
    """
    if not wanted:
        return True
    parts, first = (_PARTS.split(text.strip().casefold()) for text in (cause, wanted))
    return parts[: len(first)] == first


def _of_cause(segments: Segments, wanted: str) -> Bools:
    # the last entry stands for NOBODY: downtime outside of any outage has no cause
    matching = [is_of_class(fact.cause, wanted) for fact in segments.outages]
    found: Bools = np.array([*matching, is_of_class("", wanted)], dtype=np.bool_)[segments.outage]
    return found
