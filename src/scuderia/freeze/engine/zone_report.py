"""What a zone's report may say: of which machines, and how far the watch saw. Pure.

A report is for the zone's customer. What another customer held at an instant is none of its
matter then; what nobody saw is not known, and is never taken for quiet.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from scuderia.basics.canonical import canonical_json
from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.engine.breaches import STOPS
from scuderia.freeze.engine.dsse import BadEnvelope
from scuderia.freeze.nouns import Interval, UpdateClass

FORMAT = "scuderia-zone-report/1"
APART = timedelta(minutes=5)
"""How far the first and the last look may lie from a zone's beginning and end."""
_PLAIN = "boot_id"


class Finding(StrEnum):
    """What a report comes to.

    NOT_BEGUN   the zone has not been in force yet, or never was
    CHANGED     something changed that nobody was let through for, whatever else is known
    QUIET       every machine was seen from beginning to end, and nothing changed
    NOT_KNOWN   no change was seen, but not of every machine, or not all of the time
    """

    NOT_BEGUN = "not begun"
    CHANGED = "changed"
    QUIET = "quiet"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class SeenSpan:
    """With what a machine was seen, first and last, as far as it touches its time in the zone."""

    kind: str
    first: AwareDatetime
    last: AwareDatetime


def kinds_watched(classes: Iterable[UpdateClass]) -> tuple[str, ...]:
    """Return what of a machine shows an update of one of these classes, by name."""
    asked = frozenset(classes)
    return tuple(sorted(kind for kind, stops in STOPS.items() if stops & asked))


def classes_unseen(classes: Iterable[UpdateClass]) -> tuple[UpdateClass, ...]:
    """Return the classes whose updates show only where a machine starts again."""
    shown = {one for kind, stops in STOPS.items() if kind != _PLAIN for one in stops}
    return tuple(sorted(one for one in classes if one not in shown))


def is_of_others(span: Interval, others: Collection[Interval]) -> bool:
    """Say whether other customers held the machine all through the span.

    others   what they held, apart from each other; an empty span is asked as its start
    """
    if span.end <= span.start:
        return any(one.start <= span.start < one.end for one in others)
    cuts = (min(one.end, span.end) - max(one.start, span.start) for one in others)
    return sum((max(one, timedelta()) for one in cuts), timedelta()) >= span.end - span.start


def not_known(
    span: Interval, seen_spans: Collection[SeenSpan], kinds: Sequence[str]
) -> tuple[str, ...]:
    """Return the kinds of which the machine was not seen from the span's beginning to its end."""
    seen = {
        one.kind
        for one in seen_spans
        if one.first <= span.start + APART and one.last >= span.end - APART
    }
    return tuple(kind for kind in kinds if kind not in seen)


def find(*, has_begun: bool, changes: int, machines: int, unknown: int, untold: int) -> Finding:
    """Return what it comes to; `unknown`: machines of which not all is known."""
    if not has_begun:
        return Finding.NOT_BEGUN
    if changes:
        return Finding.CHANGED
    return Finding.QUIET if machines and not unknown and not untold else Finding.NOT_KNOWN


def payload_of(told: Mapping[str, object]) -> bytes:
    """Return the report as it is signed: JSON in its one spelling."""
    return canonical_json({"format": FORMAT, **told}).encode()


def read_payload(raw: bytes) -> dict[str, object]:
    """Return what a payload of ours says.

    raises   BadEnvelope: it is of another form, of a later release perhaps
    """
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadEnvelope(f"it is no {FORMAT}")
    return found
