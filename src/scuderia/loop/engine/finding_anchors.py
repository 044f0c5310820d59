"""What entries of the chain vouch for of findings: that they were opened, claim this, were cleared.

One entry tells of all findings that one write opened, one of those whose claim it changed, and one
of those it cleared. A row changes while it is open, so each finding is told of by its id, and what
was told of it last must stand. Of when it was last claimed the day is vouched for, not the instant:
a look that claims the same again on the same day needs no entry.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from scuderia.basics.canonical import JsonValue
from scuderia.basics.clock import AwareDatetime

RECORDED = "findings.recorded"
BEFORE = "before"
"""In the detail of the first entry that vouches for findings: how many stood before it."""
TOLD_MAX = 1000
"""Of how many findings one entry tells."""
MARK_DIGITS = 32
_ID_DIGITS = 32
_POWERS = re.compile(r"[0-9]+(?:\.[0-9]+)?e\+[0-9]{1,3}(?=[, \]}])")
_NO_NEGATIVE = re.compile(r"-0\.0(?=[,\]}])")
_FRACTION = re.compile(r"\.0(?=[,\]}])")
BORN = ("id", "dedup_key", "raised_by", "opened_at")
"""Columns that a finding keeps from its opening on."""
SAID = (
    "kind", "subject", "claim", "confidence", "severity_amount", "severity_unit",
    "severity_rank", "refreshed_at",
)  # fmt: skip
"""Columns that each look writes, but for the evidence."""


class MarkedFinding(NamedTuple):
    """What stands of a finding, or what entries told of it last.

    born      mark of what it keeps from its opening on; "" where no entry tells of that
    claimed   mark of what a look writes, and of what it hangs under; "" where no entry tells
    ended     `ending` of its state and the instant of its clearing
    """

    born: str
    claimed: str
    ended: str


def birth_mark(key: UUID, dedup_key: str, raised_by: str, opened_at: AwareDatetime) -> str:
    """Return the mark of what a finding keeps from its opening on."""
    return _mark(json.dumps([key.hex, dedup_key, raised_by, _spelled(opened_at)]))


def claim_mark(said: Sequence[Any], scopes: Iterable[str], evidence: str) -> str:
    """Return the mark of what a look writes.

    said       the columns SAID, in that order
    scopes     what the finding hangs under
    evidence   as JSON text with sorted keys
    """
    kind, subject, claim, sure, amount, unit, rank, at = said
    numbers = (float(sure), float(amount), float(rank))
    told = json.dumps([kind, subject, claim, *numbers, unit, _day(at), *sorted(scopes)])
    return _mark(_whole(told + evidence))


def ending(state: str, cleared_at: AwareDatetime | None) -> str:
    """Return how a finding stands: its state, and when it was cleared."""
    return f"{state} {cleared_at and _spelled(cleared_at)}"


@lru_cache(maxsize=64)
def _spelled(at: AwareDatetime) -> str:
    return at.astimezone(UTC).isoformat()


@lru_cache(maxsize=64)
def _day(at: AwareDatetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_DIGITS]


def _whole(text: str) -> str:
    """Return JSON text with whole numbers in digits alone: PostgreSQL gives back 1e+22 so."""
    if "e+" in text:
        text = _POWERS.sub(lambda power: str(int(Decimal(power[0]))), text)
    if "-0.0" in text:
        text = _NO_NEGATIVE.sub("0", text)
    return _FRACTION.sub("", text)


@dataclass
class FindingMarks:
    """What one write did to findings, until an entry tells of it.

    opened    both marks by id
    claimed   the mark of what is claimed, by id, of those that were open and claim something else
    cleared   ids
    """

    opened: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    claimed: dict[UUID, str] = field(default_factory=dict)
    cleared: list[UUID] = field(default_factory=list)

    def add(self, other: "FindingMarks") -> None:
        """Take over what another write did after this one."""
        self.opened |= other.opened
        self.claimed |= other.claimed
        self.cleared += other.cleared

    def details(self) -> Iterator[dict[str, JsonValue]]:
        """Yield the detail of each entry that is needed, in order."""
        opened = [key.hex + born + claimed for key, (born, claimed) in self.opened.items()]
        claimed = [key.hex + mark for key, mark in self.claimed.items()]
        for way, told in (
            ("opened", opened),
            ("claimed", claimed),
            ("cleared", [key.hex for key in self.cleared]),
        ):
            for begin in range(0, len(told), TOLD_MAX):
                part = told[begin : begin + TOLD_MAX]
                yield {"count": len(part), way: "".join(part)}


def told_marks(
    detail: Mapping[str, Any], at: AwareDatetime, before: Mapping[str, MarkedFinding]
) -> Iterator[tuple[str, MarkedFinding]]:
    """Yield, by id in hex, what must stand after an entry whose detail this is.

    at       the instant of the entry
    before   what had to stand before it
    """
    opened = ending("open", None)
    unknown = MarkedFinding("", "", "")
    for key, marks in _cut(detail.get("opened", ""), 2 * MARK_DIGITS):
        yield key, MarkedFinding(marks[:MARK_DIGITS], marks[MARK_DIGITS:], opened)
    for key, mark in _cut(detail.get("claimed", ""), MARK_DIGITS):
        yield key, MarkedFinding(before.get(key, unknown).born, mark, opened)
    for key, _ in _cut(detail.get("cleared", ""), 0):
        yield key, before.get(key, unknown)._replace(ended=ending("cleared", at))


def _cut(text: str, digits: int) -> Iterator[tuple[str, str]]:
    step = _ID_DIGITS + digits
    for place in range(0, len(text), step):
        middle = place + _ID_DIGITS
        yield text[place:middle], text[middle : place + step]


def finding_fault(
    key: str, told: MarkedFinding | None, seen: MarkedFinding | None, seq: int
) -> str:
    """Return, in words, how a finding differs from what entry `seq` told of it last; "" if not.

    What no entry told of it is not compared. One of which no entry tells is counted elsewhere.
    """
    if told is None:
        return ""
    named = f"finding {UUID(key)}"
    if seen is None:
        return f"{named}: entry {seq} tells of it, and the books hold none"
    words = ("how it was opened", "what it claims", "whether and when it was cleared")
    differs = [
        word
        for word, said, stands in zip(words, told, seen, strict=True)
        if said and said != stands
    ]
    if not differs:
        return ""
    return f"{named}: {' and '.join(differs)} changed since entry {seq} told of it"
