"""Watches the machines of the zones in force: a change that nobody was let through for is told."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TypeAlias

from django.db import transaction

from scuderia.basics.actors import WORKER
from scuderia.basics.canonical import JsonObject
from scuderia.basics.clock import AwareDatetime
from scuderia.basics.subjects import SubjectRef
from scuderia.fleet.nouns import VersionKind
from scuderia.fleet.queries.node_versions import VersionChange, version_changes
from scuderia.fleet.queries.outages import outages_between
from scuderia.freeze.engine.breaches import STOPS, Certainty, Changed, breaks
from scuderia.freeze.engine.break_glass import lets_change
from scuderia.freeze.models.breaches import Breach
from scuderia.freeze.models.break_glass import BreakGlass
from scuderia.freeze.models.zones import Zone, ZoneNode
from scuderia.freeze.nouns import AskedUpdate, UpdateClass, ZoneState
from scuderia.freeze.operations.break_glass import glasses_used
from scuderia.freeze.operations.zones import record_step
from scuderia.freeze.queries.zones import stretches_of
from scuderia.loop.queries.actions import last_action_on

_Found: TypeAlias = tuple[VersionChange, Certainty, BreakGlass | None]
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
    stretches = [
        (int(one.start.timestamp()), int(one.end.timestamp())) for one in stretches_of(zone, now)
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
    if not broken:
        return 0
    glasses = glasses_used(zone)
    return _tell(zone, [(*one, _glass_of(one[0], glasses)) for one in broken], now)


def _glass_of(
    change: VersionChange, glasses: Iterable[tuple[BreakGlass, AskedUpdate]]
) -> BreakGlass | None:
    """Return the break-glass that let the change through; None: nobody did."""
    seen, last = int(change.seen.timestamp()), int(change.last_seen.timestamp())
    told, stops = Changed(change.kind.value, last, seen), STOPS[change.kind.value]
    for glass, update in glasses:
        used = glass.used_at
        if used and lets_change(update, int(used.timestamp()), told, change.node, stops):
            return glass
    return None


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
def _tell(zone: Zone, found: Sequence[_Found], now: AwareDatetime) -> int:
    """Write down what is new, once, as steps of the zone's life; return how many are breaches."""
    Zone.objects.select_for_update().get(pk=zone.pk)
    known = set(zone.breaches.values_list("node", "kind", "seen"))
    new = [one for one in found if (one[0].node, one[0].kind.value, one[0].seen) not in known]
    Breach.objects.bulk_create(
        Breach(
            zone=zone, node=change.node, kind=change.kind.value, was=change.was,
            value=change.value, last_seen=change.last_seen, seen=change.seen, found_at=now,
            glass=glass,
        )
        for change, _, glass in new
    )  # fmt: skip
    broken = [one for one in new if one[2] is None]
    if broken:
        _record(zone, "breach found", broken, _words(broken), now)
    for glass in {one[2] for one in new} - {None}:
        let = [one for one in new if one[2] == glass]
        _record(zone, "let through", let, _let_words(let, glass), now)
    return len(broken)


def _record(zone: Zone, step: str, found: Sequence[_Found], words: str, now: AwareDatetime) -> None:
    detail: JsonObject = {
        "changes": len(found),
        "first": [
            {
                "node": change.node,
                "changed": change.kind.value,
                "was": change.was,
                "is": change.value,
                "seen": change.seen.isoformat(),
                "inside": how.value,
                "after": _own_action(change),
                "break_glass": str(glass.pk) if glass else None,
            }
            for change, how, glass in found[:TOLD_MAX]
        ],
    }
    record_step(zone, step, actor=WORKER, reason=words, now=now, detail=detail)


def _words(new: Sequence[_Found]) -> str:
    change, how, _ = new[0]
    sure = "while it was in force" if how is Certainty.INSIDE else "perhaps while it was in force"
    own = _own_action(change)
    after = f", after {own}" if own else ""
    # Whoever reads the zone reads this, so it names no machine: not all of them are theirs to know.
    return f"{change.kind.value} of a machine changed {sure}{after}{_more(new)}"


def _let_words(new: Sequence[_Found], glass: BreakGlass | None) -> str:
    if glass is None:
        return ""
    return (
        f"by break-glass: {new[0][0].kind.value} of a machine changed{_more(new)}; asked for by "
        f"{glass.requested_by}, approved by {glass.approved_by}, {glass.ticket}: {glass.reason}"
    )


def _more(new: Sequence[_Found]) -> str:
    return f", and {len(new) - 1} changes more" if len(new) > 1 else ""
