"""Which change of a machine breaks a zone: by what changed, and when it can have been changed.

A change lies between the last look at the old version and the first at the new one. It breaks a
zone if all of that lies inside a stretch of it, or if it may have: a look that came late is no
excuse, so what is not known to have been before the zone counts as inside, and says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scuderia.freeze.nouns import UpdateClass

STOPS: dict[str, frozenset[UpdateClass]] = {
    "firmware": frozenset({UpdateClass.FIRMWARE}),
    "driver": frozenset({UpdateClass.DRIVER}),
    "kernel": frozenset({UpdateClass.HOST_OS, UpdateClass.SECURITY}),
    "image": frozenset({UpdateClass.HOST_OS, UpdateClass.CONTAINER_RUNTIME, UpdateClass.SECURITY}),
    "boot_id": frozenset(UpdateClass),
}
"""By what changed, the classes of updates that change it; a reboot is of any class."""


class Certainty(StrEnum):
    """Whether a change was made inside a zone.

    INSIDE   the machine was looked at, and was as before, when the zone was in force already
    MAYBE    the last look at the old version was before the zone began
    """

    INSIDE = "inside"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Changed:
    """A change of a machine, in Unix seconds: after `last_seen`, at `seen` at the latest."""

    kind: str
    last_seen: int
    seen: int


def breaks(
    change: Changed, classes: Iterable[UpdateClass], stretches: Sequence[tuple[int, int]]
) -> Certainty | None:
    """Say whether the change breaks a zone of these classes, in force over these stretches.

    None   it is of another class, or was seen after and last seen before no stretch of it
    """
    if STOPS.get(change.kind, frozenset(UpdateClass)).isdisjoint(classes):
        return None
    for start, end in stretches:
        if change.last_seen < end and change.seen >= start:
            inside = change.last_seen >= start and change.seen < end
            return Certainty.INSIDE if inside else Certainty.MAYBE
    return None
