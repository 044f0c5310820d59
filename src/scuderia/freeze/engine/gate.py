"""The gate: may this update touch these nodes then? Pure: no clock, no database; it never waits.

The precedence, strictest first (`Ground`); what is frozen fails closed, what is not stays open:

    unknown node     refused if any zone at all stops that class during the update
    unknown class    refused if any zone holds one of the nodes during the update
    stale zones      an expired bundle: refused if it ever held one of the nodes
    bad clock        the asker's clock is off: the same
    break-glass      two people opened it for this update: allowed, once
    zone             a zone overlaps it, from its start to the end of a rollback: refused
    clear            allowed

A switch, feed or storage is asked for as `switch:NAME`, beside nodes or alone; a zone holds those
on which its nodes hang. An update of other nodes does not touch them for a switch in common.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from scuderia.basics.errors import BadInput
from scuderia.freeze.engine.zone_index import Ints, ZoneIndex
from scuderia.freeze.nouns import (
    AskedUpdate,
    Ground,
    Objection,
    Slot,
    UpdateClass,
    Verdict,
)

SLOTS_MAX = 3
NODES_MAX = 200_000
LENGTH_S_MAX = 366 * 86_400
INSTANT_MAX = 2**35
"""The year 3058: what lies later is a mistake."""


class BadUpdate(BadInput):
    """What was asked is no update: no node, no length, or an instant out of reach."""

    code = "FREEZE-004"
    remedy = "Name a node, a start and how long the work takes at most."


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else the gate must know beside the zones.

    now             Unix seconds by the gate's own clock
    zones_until     until when the zones may be believed (a bundle's expiry); None: they are live
    clock_is_good   whether the asker's clock and ours agree
    opened_by       the break-glass that is live for exactly this update; "" where there is none
    """

    now: int
    zones_until: int | None = None
    clock_is_good: bool = True
    opened_by: str = ""


def decide(index: ZoneIndex, update: AskedUpdate, at: Circumstances) -> Verdict:
    """Say whether the update may be made, and if not, when it may.

    raises   BadUpdate
    """
    check_update(update)
    kind = class_of(update.update_class)
    numbers = [index.node_number.get(name, -1) for name in update.nodes]
    known = np.array([number for number in numbers if number >= 0], dtype=np.int64)
    objections = [
        *_unknown_nodes(index, update, kind),
        *_unknown_class(index, update, kind, known),
        *_untrusted(index, update, at, known),
    ]
    if objections:
        return Verdict(allowed=False, ground=objections[0].ground, objections=tuple(objections))
    if at.opened_by:
        return Verdict(allowed=True, ground=Ground.BREAK_GLASS)
    objecting = index.objecting(known, kind, update.start, update.end) if kind else []
    if kind is None or not objecting:
        return Verdict(allowed=True, ground=Ground.CLEAR)
    closed = index.intervals_of(known, kind)
    gaps = free_gaps(closed, update, not_before=at.now)
    return Verdict(
        allowed=False,
        ground=Ground.ZONE,
        objections=tuple(_by_zone(index, zone, update, known) for zone in objecting),
        not_before=_earliest(gaps, update.start),
        slots=tuple(sorted(gaps, key=lambda slot: _distance(slot, update.start))[:SLOTS_MAX]),
    )


def check_update(update: AskedUpdate) -> None:
    """Refuse what is no update.

    raises   BadUpdate
    """
    if not update.nodes:
        raise BadUpdate("the update names no node")
    if len(update.nodes) > NODES_MAX:
        raise BadUpdate(f"the update names {len(update.nodes):,} nodes, more than {NODES_MAX:,}")
    if update.work_s <= 0 or min(update.bake_s, update.rollback_s) < 0:
        raise BadUpdate("the work takes no time, or less than none")
    if not 0 <= update.start <= INSTANT_MAX or update.end - update.start > LENGTH_S_MAX:
        raise BadUpdate("the update starts out of reach, or takes more than a year")


def class_of(name: str) -> UpdateClass | None:
    """Return the class by its name, however it is joined; None where nobody knows it."""
    try:
        return UpdateClass(name.strip().lower().replace("-", "_").replace(" ", "_"))
    except ValueError:
        return None


def free_gaps(
    closed: Sequence[tuple[int, int]], update: AskedUpdate, *, not_before: int
) -> list[Slot]:
    """Return the free gaps that hold the whole update, in order; the last one has no end.

    closed       disjoint, in order
    not_before   no slot starts earlier: the past cannot be asked for
    """
    length = update.end - update.start
    edges = [not_before, *(end for _, end in closed)]
    opens = [*(start for start, _ in closed), None]
    gaps = []
    for low, high in zip(edges, opens, strict=True):
        start = max(low, not_before)
        if high is None:
            gaps.append(Slot(start, None))
        elif high - length >= start:
            gaps.append(Slot(start, high - length))
    return gaps


def _earliest(gaps: Sequence[Slot], start: int) -> int:
    """Return the first instant at or after `start` that lies in a gap; the last gap is endless."""
    return next(
        max(gap.start, start)
        for gap in gaps
        if gap.latest_start is None or gap.latest_start >= start
    )


def _distance(slot: Slot, start: int) -> tuple[int, int]:
    if slot.start > start:
        return slot.start - start, slot.start
    late = slot.latest_start if slot.latest_start is not None else start
    return max(0, start - late), slot.start


def _unknown_nodes(
    index: ZoneIndex, update: AskedUpdate, kind: UpdateClass | None
) -> list[Objection]:
    """An unknown node may lie in any zone: it is refused while one is in force for the class."""
    unknown = next((name for name in update.nodes if name not in index.node_number), None)
    if unknown is None:
        return []
    words = f"nobody knows {_thing(unknown)}, and a zone is in force during the update"
    in_force = index.in_force(kind, update.start, update.end)
    return _objections(index, Ground.UNKNOWN_NODE, in_force, words)


def _unknown_class(
    index: ZoneIndex, update: AskedUpdate, kind: UpdateClass | None, known: Ints
) -> list[Objection]:
    if kind is not None:
        return []
    words = f"nobody knows the update class {update.update_class[:40]!r}"
    zones = index.objecting(known, None, update.start, update.end)
    return _objections(index, Ground.UNKNOWN_CLASS, zones, words)


def _untrusted(
    index: ZoneIndex, update: AskedUpdate, at: Circumstances, known: Ints
) -> list[Objection]:
    """Stale zones and bad clocks say nothing of instants: what was ever frozen stays so."""
    grounds = []
    if at.zones_until is not None and max(at.now, update.end) > at.zones_until:
        grounds.append((Ground.STALE_ZONES, f"the zones are known until {_told(at.zones_until)}"))
    if not at.clock_is_good:
        grounds.append((Ground.BAD_CLOCK, "the asker's clock cannot be believed"))
    if not grounds:
        return []
    held = [number for number in range(len(index.zones)) if index.held_by(number, known)]
    return [one for ground, words in grounds for one in _objections(index, ground, held, words)]


def _objections(
    index: ZoneIndex, ground: Ground, zones: Sequence[int], words: str
) -> list[Objection]:
    return [Objection(ground, index.zones[number].zone, words) for number in zones]


def _by_zone(index: ZoneIndex, number: int, update: AskedUpdate, known: Ints) -> Objection:
    zone = index.zones[number]
    low, high = zone.first_overlap(update.start, update.end) or (update.start, update.end)
    words = (
        f"stops {update.update_class} updates on {index.held_by(number, known)} of the "
        f"{len(update.nodes)} {_things(update)} from {_told(low)} to {_told(high)}; "
        f"the update would touch them until {_told(update.end)}"
    )
    return Objection(Ground.ZONE, zone.zone, words)


def _thing(name: str) -> str:
    """Return a name in words; a shared part says by itself what it is."""
    return repr(name[:80]) if ":" in name else f"the node {name[:80]!r}"


def _things(update: AskedUpdate) -> str:
    return "targets" if any(":" in name for name in update.nodes) else "nodes"


def _told(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
