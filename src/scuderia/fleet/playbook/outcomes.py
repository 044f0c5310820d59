"""What an action did, measured from the books: hours lost since it, until its horizon closes."""

from collections.abc import Callable
from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.units import HOUR_S
from scuderia.fleet.nouns import AllocationRecord, OutageRecord
from scuderia.fleet.queries import allocations, inventory, outages
from scuderia.loop.nouns import Measurement


def slot_hours_lost(
    *,
    customer: str,
    nodes: tuple[str, ...],
    horizon_days: float,
    acted_at: AwareDatetime,
    now: AwareDatetime,
) -> Measurement | None:
    """Measure the hours that these nodes were out of service while the customer held them."""
    return _measure(
        lambda start, end: hours_lost_while_held(start, end, customer=customer, nodes=set(nodes)),
        horizon_days=horizon_days,
        acted_at=acted_at,
        now=now,
    )


def node_hours_lost(
    *, node: str, horizon_days: float, acted_at: AwareDatetime, now: AwareDatetime
) -> Measurement | None:
    """Measure the hours that one node was out of service."""

    def lost(start: AwareDatetime, end: AwareDatetime) -> float:
        found = outages.outages_between(start, end, node=node)
        return sum(_overlap_h(outage, start, end) for outage in found)

    return _measure(lost, horizon_days=horizon_days, acted_at=acted_at, now=now)


def cluster_hours_lost(
    *, cluster: str, horizon_days: float, acted_at: AwareDatetime, now: AwareDatetime
) -> Measurement | None:
    """Measure the hours that the cluster's nodes were out while any customer held them."""
    names = {str(place.node) for place in inventory.list_places() if place.cluster == cluster}
    return _measure(
        lambda start, end: hours_lost_while_held(start, end, customer=None, nodes=names),
        horizon_days=horizon_days,
        acted_at=acted_at,
        now=now,
    )


def hours_lost_while_held(
    start: AwareDatetime, end: AwareDatetime, *, customer: str | None, nodes: set[str]
) -> float:
    """Return the hours of outage of these nodes in [start, end) while held (by `customer`)."""
    held: dict[str, list[AllocationRecord]] = {}
    for holding in allocations.allocations_between(start, end, customer=customer):
        held.setdefault(holding.node, []).append(holding)
    return sum(
        _overlap_h(outage, max(start, holding.start), min(end, holding.end or end))
        for outage in outages.outages_between(start, end)
        if outage.node in nodes
        for holding in held.get(outage.node, ())
    )


def _measure(
    lost: Callable[[AwareDatetime, AwareDatetime], float],
    *,
    horizon_days: float,
    acted_at: AwareDatetime,
    now: AwareDatetime,
) -> Measurement | None:
    closes = acted_at + timedelta(days=horizon_days)
    until = min(now, closes)
    if until <= acted_at:
        return None
    elapsed_days = (until - acted_at).total_seconds() / (24 * HOUR_S)
    final = now >= closes
    note = "" if final else f"{elapsed_days:.1f} of {horizon_days:g} days have passed"
    return Measurement(value=round(lost(acted_at, until), 3), at=until, final=final, note=note)


def _overlap_h(outage: OutageRecord, start: AwareDatetime, end: AwareDatetime) -> float:
    begins, ends = max(outage.start, start), min(outage.end or end, end)
    return max(0.0, (ends - begins).total_seconds() / HOUR_S)
