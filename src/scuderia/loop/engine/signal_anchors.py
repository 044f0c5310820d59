"""What an entry of the chain vouches for of the signals that were stored with it.

One entry anchors all signals of one write. Each is spelled as canonical JSON and hashed; the
hashes, in the order of the signals' `dedup_key`, are hashed again. The first digits of each stand
beside that, so that a signal which was changed or put in can be named.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, NamedTuple
from uuid import UUID

from scuderia.basics.clock import AwareDatetime

MARK_DIGITS = 8
EXACT_MAX = 2**53
_spell = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


class StoredSignal(NamedTuple):
    """One signal as its row holds it; `payload` is plain JSON."""

    id: UUID
    kind: str
    subject: str
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    source: str
    dedup_key: str
    payload: Any

    @property
    def sha256(self) -> str:
        """Return the SHA-256, in hex, of the columns as a list of canonical JSON.

        Instants are in UTC; whole numbers up to 2^53 are without a fraction, larger ones are the
        nearest double: PostgreSQL gives 2.0 back as 2 and 1e22 as a one with 22 zeros.
        """
        spelled = (
            self.id.hex,
            self.kind,
            self.subject,
            self.occurred_at.astimezone(UTC).isoformat(),
            self.received_at.astimezone(UTC).isoformat(),
            self.source,
            self.dedup_key,
            _whole(self.payload),
        )
        return hashlib.sha256(_spell(spelled).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the entry's detail says of its signals.

    digest   SHA-256 in hex over the signals' own, in the order of their `dedup_key`
    marks    the first MARK_DIGITS of each signal's own, in the same order, without a gap
    """

    count: int
    digest: str
    marks: str


def anchor_of(signals: Iterable[StoredSignal]) -> Anchor:
    """Return what vouches for these signals, whatever their order."""
    hashes = [one.sha256 for one in sorted(signals, key=lambda one: one.dedup_key)]
    return Anchor(
        count=len(hashes),
        digest=hashlib.sha256("".join(hashes).encode()).hexdigest(),
        marks="".join(one[:MARK_DIGITS] for one in hashes),
    )


def anchor_faults(seq: int, marks: str | None, signals: Sequence[StoredSignal]) -> Iterator[str]:
    """Yield, in words, how the signals that name the entry differ from what it tells.

    marks     of the entry's detail; None where it tells of no signals
    signals   those that name entry `seq`
    """
    if marks is None:
        for one in signals:
            yield f"signal {one.id} names entry {seq}, and that one tells of no signals"
        return
    told = Counter(
        marks[place : place + MARK_DIGITS] for place in range(0, len(marks), MARK_DIGITS)
    )
    for one in signals:
        mark = one.sha256[:MARK_DIGITS]
        if told[mark]:
            told[mark] -= 1
        else:
            named = f"signal {one.id} ({one.kind} of {one.subject})"
            yield f"{named}: not among those that entry {seq} tells of, or changed since"
    if gone := told.total():
        count = len(marks) // MARK_DIGITS
        yield f"entry {seq} tells of {count} signals, and {gone} of them are not in the tables so"
    else:
        yield f"the signals of entry {seq} are not those that it tells of"


def _whole(value: Any) -> Any:
    if type(value) is float:
        return int(value) if value.is_integer() and abs(value) <= EXACT_MAX else value
    if type(value) is int:
        return value if abs(value) <= EXACT_MAX else _nearest(value)
    if type(value) is dict:
        return {name: _whole(one) for name, one in value.items()}
    if type(value) is list:
        return [_whole(one) for one in value]
    return value


def _nearest(value: int) -> float | int:
    try:
        return float(value)
    except OverflowError:  # no double is that large, so none was given back as this number
        return value
