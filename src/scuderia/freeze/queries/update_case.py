"""The update calendar as the planner takes it: the books, with every name as a number."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from scuderia.basics.canonical import sha256_of
from scuderia.basics.clock import AwareDatetime
from scuderia.freeze.engine.planned_updates import (
    SLOTS_MAX,
    Closure,
    NightlyWindow,
    Places,
    PlannedUpdate,
    ReplanCase,
)
from scuderia.freeze.engine.update_rows import GRID_S, WEIGHTS
from scuderia.freeze.engine.zone_scope import ScopeNode
from scuderia.freeze.engine.zone_times import intervals_of
from scuderia.freeze.models.updates import MaintenanceWindow, Update, UpdateCap, UpdateNode
from scuderia.freeze.models.zones import Zone, ZoneNode
from scuderia.freeze.nouns import BadZone, UpdateSeverity, UpdateState, ZoneState
from scuderia.freeze.queries.zone_scope import scope_nodes
from scuderia.freeze.queries.zones import times_of

QUARTER_S = 900
DAY_S = 86_400
AFTER_S = 45 * DAY_S
"""How long after the zone, and after the last planned start, new starts are looked for."""
NOTICE_S = DAY_S
"""Nothing is moved to a start that is nearer than this: people and deployers have to hear of it."""
OCCURRENCES_MAX = 200
CLUSTER_SHARE, CUSTOMER_SHARE = 4, 4
"""Without a cap of its own: a quarter of a cluster's, or a customer's, nodes, rounded up."""

ALWAYS = NightlyWindow("UTC", 0, 0, frozenset(range(7)))


@dataclass(frozen=True, slots=True)
class CalendarCase:
    """A case for the planner, and what its numbers stand for.

    zone          whose case it is; its first stretch to come is `case.new`
    stretches     every stretch of the zone within the horizon, the first included
    is_open       its end is open: it is planned as closed to the end of the horizon
    updates       the books' rows, as `case.updates`, whose ids are their places here
    nodes, sites, customers   by number
    digest        of everything the plan follows from
    """

    case: ReplanCase
    zone: Zone
    stretches: tuple[tuple[int, int], ...]
    is_open: bool
    updates: tuple[Update, ...]
    nodes: tuple[ScopeNode, ...]
    sites: tuple[str, ...]
    customers: tuple[str, ...]
    digest: str


def calendar_case(zone: Zone, now: AwareDatetime) -> CalendarCase:
    """Return the calendar around a zone, whether it is approved or asked for.

    raises   BadZone: nothing of the zone is to come
    """
    nodes = tuple(sorted(scope_nodes(now), key=lambda one: one.node))
    number = {one.node: place for place, one in enumerate(nodes)}
    updates, touched = _updates(number)
    grid = GRID_S if any(_at(one) % QUARTER_S for one in updates) else QUARTER_S
    origin = -(-int(now.timestamp()) // grid) * grid
    flying = _in_flight(updates, origin)
    ahead = [one for one in updates if _at(one) >= origin or one.state == UpdateState.OUT]
    horizon = _horizon(zone, ahead, origin)
    stretches = _stretches(zone, now, horizon)
    first, *others = [
        Closure(_named(zone, start), _held(zone, number), frozenset(zone.classes), start, end)
        for start, end in stretches
    ]
    places, sites, customers = _places(nodes)
    case = ReplanCase(
        origin=origin,
        grid_s=grid,
        slots=(horizon - origin) // grid,
        places=places,
        windows=_windows(sites),
        closures=(*others, *_other_zones(zone, number, now, horizon)),
        new=first,
        updates=_planned(ahead, touched, flying, origin, horizon),
    )
    return CalendarCase(
        case=case,
        zone=zone,
        stretches=tuple(stretches),
        is_open=zone.ends_at is None,
        updates=tuple(ahead),
        nodes=nodes,
        sites=sites,
        customers=customers,
        digest=_digest(case, ahead, nodes),
    )


def _at(one: Update) -> int:
    return int(one.start_at.timestamp())


def _updates(number: Mapping[str, int]) -> tuple[list[Update], dict[UUID, tuple[int, ...]]]:
    """Return what is on the calendar, with the numbers of its nodes that are still there."""
    wanted = Update.objects.filter(state__in=(UpdateState.PLANNED, UpdateState.OUT))
    touched: dict[UUID, list[int]] = defaultdict(list)
    rows = UpdateNode.objects.filter(update__in=wanted).values_list("update_id", "node")
    for update, node in rows.iterator(chunk_size=10_000):
        if node in number:
            touched[update].append(number[node])
    found = [one for one in wanted.order_by("start_at", "key") if one.pk in touched]
    return found, {pk: tuple(sorted(nodes)) for pk, nodes in touched.items()}


def _in_flight(updates: Iterable[Update], origin: int) -> dict[tuple[str, int], int]:
    """Return when the higher rings of what has begun may start, by campaign and ring."""
    flying: dict[tuple[str, int], int] = {}
    for one in updates:
        if one.campaign and _at(one) < origin and one.state == UpdateState.PLANNED:
            key = (one.campaign, one.ring)
            flying[key] = max(flying.get(key, 0), _at(one) + one.p95_s + one.bake_s)
    return flying


def _horizon(zone: Zone, ahead: Sequence[Update], origin: int) -> int:
    ends = int((zone.ends_at or zone.review_at or zone.starts_at).timestamp())
    last = max((_at(one) for one in ahead), default=origin)
    whole = max(ends, last, origin) + AFTER_S - origin
    grid = QUARTER_S
    return origin + min(-(-whole // grid) * grid, SLOTS_MAX * GRID_S)


def _stretches(zone: Zone, now: AwareDatetime, horizon: int) -> list[tuple[int, int]]:
    """Return when the zone is closed, from now to the horizon; an open end closes all of it.

    raises   BadZone
    """
    since, found = int(now.timestamp()), []
    ends = horizon if zone.ends_at is None else int(zone.ends_at.timestamp())
    for start, end in intervals_of(times_of(zone), before=datetime.fromtimestamp(horizon, UTC)):
        until = min(end, ends)
        if until > since and start < until:
            found.append((start, until))
        if len(found) == OCCURRENCES_MAX:
            break
    if not found:
        raise BadZone("nothing of the zone is to come within what can be planned")
    return found


def _held(zone: Zone, number: Mapping[str, int]) -> frozenset[int]:
    names = zone.pins.filter(until__isnull=True).values_list("node", flat=True)
    return frozenset(number[name] for name in names if name in number)


def _other_zones(
    new: Zone, number: Mapping[str, int], now: AwareDatetime, horizon: int
) -> list[Closure]:
    """Return the other zones that are approved, one closure for each of their stretches."""
    zones = Zone.objects.filter(state__in=(ZoneState.SCHEDULED, ZoneState.ACTIVE))
    others = list(zones.exclude(pk=new.pk).order_by("pk"))
    held: dict[UUID, set[int]] = defaultdict(set)
    rows = ZoneNode.objects.filter(zone__in=others, until__isnull=True)
    for zone, node in rows.values_list("zone_id", "node").iterator():
        if node in number:
            held[zone].add(number[node])
    found = []
    for one in others:
        try:
            stretches = _stretches(one, now, horizon)
        except BadZone:
            continue
        nodes, classes = frozenset(held[one.pk]), frozenset(one.classes)
        found += [Closure(_named(one, each[0]), nodes, classes, *each) for each in stretches]
    return found


def _named(zone: Zone, start: int) -> str:
    """Return a name for one stretch of a zone, and for no other."""
    return f"zone {zone.pk} from {start}"


def _places(nodes: Sequence[ScopeNode]) -> tuple[Places, tuple[str, ...], tuple[str, ...]]:
    """Number racks, clusters, sites and customers, and find the caps of each."""
    racks = sorted({(one.site, one.cluster, one.rack) for one in nodes})
    clusters = sorted({one[:2] for one in racks})
    sites = sorted({one[0] for one in clusters})
    customers = sorted({one.customer for one in nodes} - {""})
    rack_number = {one: place for place, one in enumerate(racks)}
    cluster_number = {one: place for place, one in enumerate(clusters)}
    customer_number = {one: place for place, one in enumerate(customers)} | {"": -1}
    rack_of = tuple(rack_number[one.site, one.cluster, one.rack] for one in nodes)
    cluster_of = tuple(cluster_number[one[:2]] for one in racks)
    customer_of = tuple(customer_number[one.customer] for one in nodes)
    said = dict(UpdateCap.objects.values_list("subject", "nodes"))
    in_rack, in_cluster = [0] * len(racks), [0] * len(clusters)
    in_customer = [0] * (len(customers) + 1)
    for rack, customer in zip(rack_of, customer_of, strict=True):
        in_rack[rack] += 1
        in_cluster[cluster_of[rack]] += 1
        in_customer[customer] += 1
    places = Places(
        rack_of_node=rack_of,
        cluster_of_rack=cluster_of,
        site_of_cluster=tuple(sites.index(one[0]) for one in clusters),
        customer_of_node=customer_of,
        rack_caps=tuple(
            said.get(f"rack:{one[2]}", count) for one, count in zip(racks, in_rack, strict=True)
        ),
        cluster_caps=tuple(
            said.get(f"cluster:{one[1]}", -(-count // CLUSTER_SHARE))
            for one, count in zip(clusters, in_cluster, strict=True)
        ),
        customer_caps=tuple(
            said.get(f"customer:{one}", -(-count // CUSTOMER_SHARE))
            for one, count in zip(customers, in_customer, strict=False)
        ),
    )
    return places, tuple(sites), tuple(customers)


def _windows(sites: Sequence[str]) -> tuple[NightlyWindow, ...]:
    said = {one.site: one for one in MaintenanceWindow.objects.all()}
    return tuple(
        NightlyWindow(
            one.time_zone, _minute(one.opens), _minute(one.closes), frozenset(one.weekdays)
        )
        if (one := said.get(site))
        else ALWAYS
        for site in sites
    )


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _planned(
    ahead: Sequence[Update],
    touched: Mapping[UUID, tuple[int, ...]],
    flying: Mapping[tuple[str, int], int],
    origin: int,
    horizon: int,
) -> tuple[PlannedUpdate, ...]:
    campaigns = {name: place for place, name in enumerate(sorted({one.campaign for one in ahead}))}
    return tuple(
        PlannedUpdate(
            id=place,
            update_class=one.update_class,
            nodes=touched[one.pk],
            p50_s=one.p50_s,
            p95_s=one.p95_s,
            bake_s=one.bake_s,
            rollback_s=one.rollback_s,
            campaign=campaigns[one.campaign] if one.campaign else -1,
            ring=one.ring,
            weight=WEIGHTS[UpdateSeverity(one.severity)],
            at_once_per_rack=one.at_once_per_rack or len(touched[one.pk]),
            at_once_in_all=one.at_once or len(touched[one.pk]),
            earliest=max(
                min(_at(one), origin + NOTICE_S) if _at(one) >= origin else origin + NOTICE_S,
                int(one.earliest_at.timestamp()) if one.earliest_at else 0,
                *(
                    opens
                    for (campaign, ring), opens in flying.items()
                    if campaign == one.campaign and ring < one.ring
                ),
            ),
            due=int(one.due_at.timestamp()) if one.due_at else horizon + one.p95_s,
            deadline=int(one.deadline_at.timestamp()) if one.deadline_at else None,
            start=_at(one),
        )
        for place, one in enumerate(ahead)
    )


def _digest(case: ReplanCase, ahead: Sequence[Update], nodes: Sequence[ScopeNode]) -> str:
    """Return what tells whether anything that the plan follows from has changed.

    Without the clock: a plan drafted a minute ago is still of the same calendar. An end that is
    open, or beyond the horizon, moves with the clock and counts as none.
    """
    over = case.origin + case.slots * case.grid_s
    told = {
        "updates": [
            [str(row.pk), row.state, list(one.nodes), one.start, one.p95_s, one.bake_s,
             one.rollback_s, row.campaign, one.ring, one.weight, one.at_once_per_rack,
             one.at_once_in_all, one.deadline, one.update_class]
            for row, one in zip(ahead, case.updates, strict=True)
        ],
        "nodes": [[one.node, one.rack, one.cluster, one.site, one.customer] for one in nodes],
        "caps": [
            list(case.places.rack_caps),
            list(case.places.cluster_caps),
            list(case.places.customer_caps),
        ],
        "windows": [
            [one.tz, one.opens_minute, one.closes_minute, sorted(one.weekdays)]
            for one in case.windows
        ],
        "zones": sorted(
            [one.name, sorted(one.classes), sorted(one.nodes), one.end if one.end < over else -1]
            for one in (case.new, *case.closures)
        ),
    }  # fmt: skip
    return sha256_of(told)
