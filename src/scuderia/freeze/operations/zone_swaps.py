"""Has a zone follow the run: a node that takes another's place takes its place in the zone.

What its nodes hang on together, such as switches, follows them.

The rule: a pinned node that the zone's customer held, and holds no longer, is replaced by a node of
the same type that the customer took within a day of it. Each takes one place; the nearest in time
goes first. A node that nobody took the place of stays pinned: what is not known is protected.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from scuderia.basics.actors import WORKER
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.nouns import AllocationRecord
from scuderia.fleet.queries.allocations import allocations_between
from scuderia.fleet.queries.shared_parts import parts_of
from scuderia.freeze.engine.zone_scope import ScopeNode
from scuderia.freeze.models.zones import Zone, ZoneNode, ZonePart
from scuderia.freeze.nouns import ZoneState
from scuderia.freeze.operations.zones import add_to_reach, record_step
from scuderia.freeze.queries.zone_scope import scope_nodes

APART_MAX = timedelta(days=1)
_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Swap:
    """A node took another's place in a run at an instant."""

    node: str
    by: str
    at: AwareDatetime


def follow_swaps(*, now: AwareDatetime) -> int:
    """Have every zone that is approved and not over follow its run; return how many nodes moved."""
    ahead = Q(ends_at__isnull=True) | Q(ends_at__gt=now)
    zones = Zone.objects.filter(ahead, state__in=(ZoneState.SCHEDULED, ZoneState.ACTIVE))
    moved = 0
    for zone in zones.order_by("pk"):
        pins = dict(zone.pins.filter(until__isnull=True).values_list("node", "since"))
        since = min(pins.values(), default=now) - APART_MAX
        held = allocations_between(since, now + _MOMENT, customer=zone.customer)
        if any(one.end is not None and one.node in pins for one in held):
            moved += _follow(zone, pins, held, now)
    return moved


def _follow(
    zone: Zone,
    pins: Mapping[str, AwareDatetime],
    held: Sequence[AllocationRecord],
    now: AwareDatetime,
) -> int:
    nodes = {one.node: one for one in scope_nodes(now)}
    swaps = pair_swaps(pins, held, {name: one.sku for name, one in nodes.items()})
    for swap in swaps:
        move_pin(zone, swap, nodes[swap.by], now, step="followed a swap")
    return len(swaps)


def pair_swaps(
    pins: Mapping[str, AwareDatetime], held: Iterable[AllocationRecord], sku_of: Mapping[str, str]
) -> list[Swap]:
    """Return who took whose place.

    pins   the zone's nodes, and since when each is held by it
    held   what the zone's customer held lately
    """
    holdings = list(held)
    lasting = {one.node for one in holdings if one.end is None}
    left = sorted(
        (one.end, one.node)
        for one in holdings
        if one.end is not None
        and one.node in pins
        and one.node not in lasting
        and one.start <= pins[one.node] < one.end
    )
    taken = {one.node: one.start for one in holdings if one.end is None and one.node not in pins}
    found = []
    for end, node in left:
        fitting = [
            (abs(start - end), name)
            for name, start in taken.items()
            if sku_of.get(name, "") == sku_of.get(node) and abs(start - end) <= APART_MAX
        ]
        if fitting:
            _, by = min(fitting)
            found.append(Swap(node, by, taken.pop(by)))
    return found


@transaction.atomic
def move_pin(zone: Zone, swap: Swap, by: ScopeNode, now: AwareDatetime, *, step: str) -> None:
    """Have the zone hold the one instead of the other, once; `step` is told in its life."""
    pins = ZoneNode.objects.select_for_update().filter(zone=zone, until__isnull=True)
    pinned = pins.filter(node=swap.node).first()
    if pinned is None or pins.filter(node=swap.by).exists():
        return
    ZoneNode.objects.filter(pk=pinned.pk).update(until=now)
    ZoneNode.objects.create(
        zone=zone, node=swap.by, gpus=by.gpus, since=swap.at, in_place_of=swap.node
    )
    _move_parts(zone, swap)
    add_to_reach(zone, (by,))
    detail = {"node": swap.node, "by": swap.by, "swapped_at": swap.at.isoformat()}
    record_step(zone, step, actor=WORKER, reason="", now=now, detail=detail)


def _move_parts(zone: Zone, swap: Swap) -> None:
    """Hold what the node that came hangs on, and leave what only the other hung on."""
    pins = zone.pins.filter(until__isnull=True)
    held = parts_of(list(pins.values_list("node", flat=True)))
    zone.parts.filter(part__in=parts_of([swap.node]) - held).delete()
    pinned = set(zone.parts.values_list("part", flat=True))
    fresh = sorted(parts_of([swap.by]) - pinned)
    ZonePart.objects.bulk_create([ZonePart(zone=zone, part=part) for part in fresh])
