"""What an action did, measured from the books: hours lost since it, until its horizon closes."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from scuderia.basics.clock import AwareDatetime
from scuderia.basics.units import HOUR_S
from scuderia.fleet.engine.facts import seconds_of
from scuderia.fleet.engine.outage_statistics import seconds_lost
from scuderia.fleet.nouns import AllocationRecord, OutageRecord
from scuderia.fleet.queries import allocations, inventory, outages
from scuderia.loop.nouns import Measurement


def node_hours_lost(start: AwareDatetime, end: AwareDatetime, *, node: str) -> float:
    """Return the node-hours that one node lost in [start, end), by the share of its GPUs."""
    found = outages.outages_between(start, end, node=node, merged=False)
    return _lost_h(found, inventory.gpus_of([node]).get(node, 1), start, end)


def cluster_hours_lost(start: AwareDatetime, end: AwareDatetime, *, cluster: str) -> float:
    """Return the hours of outage of the cluster's nodes in [start, end) while anyone held them."""
    names = {str(place.node) for place in inventory.list_places() if place.cluster == cluster}
    return hours_lost_while_held(start, end, customer=None, nodes=names)


def hours_lost_while_held(
    start: AwareDatetime, end: AwareDatetime, *, customer: str | None, nodes: set[str]
) -> float:
    """Return the node-hours that these nodes lost in [start, end) while held (by `customer`)."""
    held: dict[str, list[AllocationRecord]] = {}
    for holding in allocations.allocations_between(start, end, customer=customer):
        held.setdefault(holding.node, []).append(holding)
    reports: dict[str, list[OutageRecord]] = {}
    for outage in outages.outages_between(start, end, merged=False):
        if outage.node in nodes and outage.node in held:
            reports.setdefault(outage.node, []).append(outage)
    gpus = inventory.gpus_of(reports)
    return sum(
        _lost_h(mine, gpus[node], max(start, holding.start), min(end, holding.end or end))
        for node, mine in reports.items()
        for holding in held[node]
    )


def measure_lost(
    hours_lost: Callable[[AwareDatetime, AwareDatetime], float],
    *,
    horizon_days: float,
    acted_at: AwareDatetime,
    now: AwareDatetime,
) -> Measurement | None:
    """Measure the hours lost since the action, until its horizon closes; None at once."""
    closes = acted_at + timedelta(days=horizon_days)
    until = min(now, closes)
    if until <= acted_at:
        return None
    elapsed_days = (until - acted_at).total_seconds() / (24 * HOUR_S)
    final = now >= closes
    note = "" if final else f"{elapsed_days:.1f} of {horizon_days:g} days have passed"
    lost = round(hours_lost(acted_at, until), 3)
    return Measurement(value=lost, at=until, final=final, note=note)


def _lost_h(
    reports: Sequence[OutageRecord], gpus: int, start: AwareDatetime, end: AwareDatetime
) -> float:
    first, last = seconds_of(start), seconds_of(end)
    return seconds_lost(reports, gpus=gpus, start=first, end=last) / HOUR_S
