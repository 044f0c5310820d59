"""Watches the machines of the zones in force: a change that nobody was let through for is told."""

from datetime import timedelta

from django.db import transaction

from scuderia.basics.actors import WORKER
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.nouns import VersionKind
from scuderia.fleet.queries.node_versions import VersionChange, version_changes
from scuderia.fleet.queries.outages import outages_between
from scuderia.freeze.engine.breaches import Certainty, Changed, breaks
from scuderia.freeze.engine.zone_times import intervals_of
from scuderia.freeze.models.breaches import Breach
from scuderia.freeze.models.zones import Zone, ZoneNode
from scuderia.freeze.nouns import UpdateClass, ZoneState
from scuderia.freeze.operations.zones import record_step
from scuderia.freeze.queries.zones import times_of
from scuderia.loop.queries.actions import last_action_on

LATE = timedelta(days=1)
"""How long after a zone a machine's first word of a change inside it is still waited for."""
TOLD_MAX = 20
OWN_LASTS = timedelta(days=4)
"""How long after an action of our own a restart of its node may still be of it: an overhaul."""


def watch_zones(*, now: AwareDatetime) -> int:
    """Find what changed on the machines of zones in force or just over; return how much is new."""
    found = 0
    begun = Zone.objects.filter(
        state__in=(ZoneState.SCHEDULED, ZoneState.ACTIVE, ZoneState.ENDED),
        starts_at__lte=now,
    ).exclude(ends_at__lt=now - LATE)
    for zone in begun.order_by("pk"):
        found += _watch(zone, now)
    return found


def _watch(zone: Zone, now: AwareDatetime) -> int:
    ends = None if zone.ends_at is None else int(zone.ends_at.timestamp())
    stretches = [
        (start, end if ends is None else min(end, ends))
        for start, end in intervals_of(times_of(zone), before=now + LATE)
    ]
    classes = frozenset(map(UpdateClass, zone.classes))
    pins = {pin.node: pin for pin in zone.pins.order_by("since")}
    broken = []
    for change in version_changes(pins.keys(), since=zone.starts_at, before=now + LATE):
        seen, last = int(change.seen.timestamp()), int(change.last_seen.timestamp())
        how = breaks(Changed(change.kind.value, last, seen), classes, stretches)
        if how is not None and _was_held(pins[change.node], change):
            broken.append((change, how))
    broken = [one for one in broken if not _is_of_a_fault(one[0])]
    return _tell(zone, broken, now) if broken else 0


def _is_of_a_fault(change: VersionChange) -> bool:
    """Say whether a node only started again because it had failed: that is no update."""
    if change.kind is not VersionKind.BOOT_ID:
        return False
    end = change.seen + timedelta(seconds=1)
    found = outages_between(change.last_seen, end, node=change.node)
    return any(not one.planned for one in found)


def _own_action(change: VersionChange) -> str:
    """Return in words which action of our own may have started the node again; "" if none."""
    if change.kind is not VersionKind.BOOT_ID:
        return ""
    node, since = SubjectRef("node", change.node), change.last_seen - OWN_LASTS
    found = last_action_on(node, since=since, until=change.seen)
    return "" if found is None else f"our own {found[0]} of {found[1]:%Y-%m-%d %H:%M} UTC"


def _was_held(pin: ZoneNode, change: VersionChange) -> bool:
    """Say whether the zone held the node; what left it by a swap may be mended."""
    return pin.until is None or change.seen < pin.until


@transaction.atomic
def _tell(zone: Zone, broken: list[tuple[VersionChange, Certainty]], now: AwareDatetime) -> int:
    """Write down what is new, once, as a step of the zone's life and in the audit."""
    Zone.objects.select_for_update().get(pk=zone.pk)
    known = set(zone.breaches.values_list("node", "kind", "seen"))
    new = [
        (change, how)
        for change, how in broken
        if (change.node, change.kind.value, change.seen) not in known
    ]
    if not new:
        return 0
    Breach.objects.bulk_create(
        Breach(
            zone=zone, node=change.node, kind=change.kind.value, was=change.was,
            value=change.value, last_seen=change.last_seen, seen=change.seen, found_at=now,
        )
        for change, _ in new
    )  # fmt: skip
    detail: JsonObject = {
        "changes": len(new),
        "first": [
            {
                "node": change.node,
                "changed": change.kind.value,
                "was": change.was,
                "is": change.value,
                "seen": change.seen.isoformat(),
                "inside": how.value,
                "after": _own_action(change),
            }
            for change, how in new[:TOLD_MAX]
        ],
    }
    record_step(zone, "breach found", actor=WORKER, reason=_words(new), now=now, detail=detail)
    return len(new)


def _words(new: list[tuple[VersionChange, Certainty]]) -> str:
    change, how = new[0]
    sure = "while it was in force" if how is Certainty.INSIDE else "perhaps while it was in force"
    more = f", and {len(new) - 1} changes more" if len(new) > 1 else ""
    own = _own_action(change)
    after = f", after {own}" if own else ""
    # Whoever reads the zone reads this, so it names no machine: not all of them are theirs to know.
    return f"{change.kind.value} of a machine changed {sure}{after}{more}"
