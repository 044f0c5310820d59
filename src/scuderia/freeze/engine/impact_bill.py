"""What a zone costs those who planned updates, counted before anyone approves it.

It bills the calendar as it stands and places nothing: the delay is the least that the zone alone
forces on an update that keeps its turn, not what a replan will find.
"""

from collections import defaultdict
from dataclasses import dataclass

from scuderia.freeze.engine.planned_updates import ReplanCase, displaces
from scuderia.freeze.engine.start_bits import open_nights

HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class ImpactBill:
    """What one zone changes.

    moved             ids of updates that cannot run as planned
    waiting           ids of higher rings, not in the zone's way, that would start before a moved
                      one could end
    customers         by index, whose nodes wait for a moved update
    gpu_hours         that the zone protects: its nodes' GPUs over its whole length
    past_due          ids of moved ones that end after they are due if they start when the zone ends
    past_deadline     the same for those with a deadline
    debt_node_hours   by weight, hours that nodes wait for a moved update, at least
    nights_lost       by site, how many nightly windows the zone takes from its nodes in whole
    nights_cut        the same, in part
    """

    moved: tuple[int, ...]
    waiting: tuple[int, ...]
    customers: tuple[int, ...]
    gpu_hours: int
    past_due: tuple[int, ...]
    past_deadline: tuple[int, ...]
    debt_node_hours: dict[int, int]
    nights_lost: dict[int, int]
    nights_cut: dict[int, int]


def impact_bill(case: ReplanCase, *, gpus_per_node: int = 8) -> ImpactBill:
    """Bill the new zone of a case."""
    zone = case.new
    moved = [update for update in case.updates if displaces(zone, update)]
    debt_s: dict[int, int] = defaultdict(int)
    for update in moved:
        debt_s[update.weight] += (zone.end - update.start) * len(update.nodes)
    customers = {case.places.customer_of_node[node] for one in moved for node in one.nodes}
    lost, cut = _nights(case)
    return ImpactBill(
        moved=tuple(update.id for update in moved),
        waiting=_waiting(case),
        customers=tuple(sorted(customers - {-1})),
        gpu_hours=len(zone.nodes) * gpus_per_node * (zone.end - zone.start) // HOUR_S,
        past_due=tuple(one.id for one in moved if zone.end + one.p95_s > one.due),
        past_deadline=tuple(
            one.id
            for one in moved
            if one.deadline is not None and zone.end + one.p95_s > one.deadline
        ),
        debt_node_hours={weight: debt_s[weight] // HOUR_S for weight in sorted(debt_s)},
        nights_lost=lost,
        nights_cut=cut,
    )


def _waiting(case: ReplanCase) -> tuple[int, ...]:
    """Return the higher rings that a moved update would hold up if it starts when the zone ends."""
    opens: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for update in case.updates:
        if update.campaign >= 0 and displaces(case.new, update):
            done = case.new.end + update.p95_s + update.bake_s
            opens[update.campaign].append((update.ring, done))
    return tuple(
        update.id
        for update in case.updates
        if any(ring < update.ring and update.start < at for ring, at in opens[update.campaign])
        and not displaces(case.new, update)
    )


def _nights(case: ReplanCase) -> tuple[dict[int, int], dict[int, int]]:
    """Count the nights that the zone takes from each of its sites, in whole and in part."""
    places, zone = case.places, case.new
    racks = {places.rack_of_node[node] for node in zone.nodes}
    sites = {places.site_of_cluster[places.cluster_of_rack[rack]] for rack in racks}
    lost, cut = dict.fromkeys(sorted(sites), 0), dict.fromkeys(sorted(sites), 0)
    for site in lost:
        for opens, closes in open_nights(case, case.windows[site]):
            if zone.start <= opens and closes <= zone.end:
                lost[site] += 1
            elif opens < zone.end and zone.start < closes:
                cut[site] += 1
    return lost, cut
