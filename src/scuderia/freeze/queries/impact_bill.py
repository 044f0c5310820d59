"""What a zone costs those who planned updates, told to one actor before anyone approves it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from scuderia.basics.actors import Actor
from scuderia.basics.clock import AwareDatetime
from scuderia.fleet.queries.access import readable_scopes, sees_everything
from scuderia.fleet.queries.prices import list_prices
from scuderia.freeze.engine.impact_bill import ImpactBill, impact_bill
from scuderia.freeze.engine.planned_updates import PlannedUpdate
from scuderia.freeze.models.updates import Update
from scuderia.freeze.nouns import UpdateSeverity
from scuderia.freeze.queries.update_case import ALWAYS, CalendarCase, calendar_case
from scuderia.freeze.queries.zones import scope_of, visible_zone

HOUR_S = 3_600
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class BilledUpdate:
    """An update that a zone moves or holds up.

    nodes         that it touches, of those within the actor's reach
    past_due      it ends after it is due if it starts when the zone ends; None: it is not late
    past_deadline the same for its deadline
    """

    key: str
    title: str
    update_class: str
    owner: str
    deployer: str
    start: AwareDatetime
    nodes: int
    severity: str
    past_due: AwareDatetime | None
    past_deadline: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class SecurityDebt:
    """What waits of one severity: updates, their nodes, and node-days that these wait at least.

    cves            by name, the oldest first
    oldest_days     how old the oldest of them is when the zone ends
    first_deadline  the first date of theirs that cannot be kept
    """

    severity: str
    updates: int
    nodes: int
    node_days: int
    cves: tuple[str, ...]
    oldest_days: int | None
    first_deadline: AwareDatetime | None


@dataclass(frozen=True, slots=True)
class NightsLost:
    """How many nightly windows the zone takes from its nodes at a site that has any."""

    site: str
    whole: int
    part: int


@dataclass(frozen=True, slots=True)
class BillView:
    """What one zone changes on the calendar as it stands.

    moved, waiting      told by name within the actor's reach; `*_in_all` counts every one
    customers           whose nodes wait, by name within reach; `customers_in_all` all of them
    gpu_hours           that the zone protects, over every stretch of it to come
    idle_gpu_hours      that free nodes are kept idle until the zone begins; None: it keeps none
    idle_cents          what these would cost at today's prices, as far as the actor may know
                        them; None: not known
    until               the end it is reckoned to; with `is_open` that is the horizon of planning
    """

    zone_id: UUID
    until: AwareDatetime
    is_open: bool
    stretches: int
    gpu_hours: int
    planned_in_all: int
    moved_in_all: int
    moved: tuple[BilledUpdate, ...]
    waiting_in_all: int
    waiting: tuple[BilledUpdate, ...]
    customers_in_all: int
    customers: tuple[str, ...]
    debt: tuple[SecurityDebt, ...]
    nights: tuple[NightsLost, ...]
    idle_gpu_hours: int | None = None
    idle_cents: int | None = None

    @property
    def idle_cost(self) -> str:
        """Return what the idle hours would cost, in words."""
        if self.idle_cents is None:
            return "no price is stated"
        return f"${self.idle_cents // 100:,} at today's prices"


def get_bill(actor: Actor, zone_id: UUID, now: AwareDatetime) -> BillView:
    """Return the bill of a zone, asked for or approved.

    raises   NotFound; BadZone: nothing of it is to come
    """
    zone = visible_zone(actor, zone_id)
    return bill_of(actor, calendar_case(zone, now))


def bill_of(actor: Actor, calendar: CalendarCase) -> BillView:
    """Return the bill of a calendar around a zone."""
    bills = [
        impact_bill(
            replace(calendar.case, new=replace(calendar.case.new, start=start, end=end)),
            gpus_per_node=1,
        )
        for start, end in calendar.stretches
    ]
    ends = _ends(calendar, bills)
    waiting = {one for bill in bills for one in bill.waiting} - ends.keys()
    reach = _reach(actor, calendar)
    customers = {calendar.customers[one] for bill in bills for one in bill.customers}
    readable = readable_scopes(actor)
    gpus = sum(calendar.nodes[node].gpus for node in calendar.case.new.nodes)
    idle = _idle(actor, calendar) if scope_of(calendar.zone).hold else (None, None)
    return BillView(
        zone_id=calendar.zone.pk,
        until=_instant(calendar.stretches[-1][1]),
        is_open=calendar.is_open,
        stretches=len(calendar.stretches),
        gpu_hours=gpus * sum(end - start for start, end in calendar.stretches) // HOUR_S,
        planned_in_all=len(calendar.updates),
        moved_in_all=len(ends),
        moved=_told(calendar, ends, reach, ends),
        waiting_in_all=len(waiting),
        waiting=_told(calendar, waiting, reach, {}),
        customers_in_all=len(customers),
        customers=tuple(
            sorted(
                one for one in customers if sees_everything(actor) or f"customer:{one}" in readable
            )
        ),
        debt=_debt(calendar, ends),
        nights=_nights(calendar, bills),
        idle_gpu_hours=idle[0],
        idle_cents=idle[1],
    )


def _idle(actor: Actor, calendar: CalendarCase) -> tuple[int, int | None]:
    """Return the GPU-hours for which the zone's nodes stand idle until it begins, and their cost.

    The cost is at the prices of the day of the bill: the customer's own, else the node type's.
    """
    begins, now = int(calendar.zone.starts_at.timestamp()), calendar.case.origin
    seconds = max(0, begins - now)
    gpus: dict[str, int] = defaultdict(int)
    for node in calendar.case.new.nodes:
        gpus[calendar.nodes[node].sku] += calendar.nodes[node].gpus
    prices: dict[tuple[bool, str], int] = {}
    for one in list_prices(actor, customer=calendar.zone.customer):
        if one.first_day <= _instant(now).date():  # they come by their first day
            prices[one.customer is not None, one.sku] = one.cents_per_gpu_hour
    by_sku = {sku: prices.get((True, sku)) or prices.get((False, sku), 0) for sku in gpus}
    cents = sum(count * by_sku[sku] for sku, count in gpus.items()) * seconds // HOUR_S
    return sum(gpus.values()) * seconds // HOUR_S, cents if all(by_sku.values()) else None


def _ends(calendar: CalendarCase, bills: Iterable[ImpactBill]) -> dict[int, int]:
    """Return the end of the stretch that moves each update, by its place; of several the last."""
    ends: dict[int, int] = {}
    for (_, end), bill in zip(calendar.stretches, bills, strict=True):
        ends |= {one: max(end, ends.get(one, 0)) for one in bill.moved}
    return ends


def _reach(actor: Actor, calendar: CalendarCase) -> frozenset[int] | None:
    """Return the numbers of the nodes that the actor may read of; None: all of them."""
    if sees_everything(actor):
        return None
    scopes = readable_scopes(actor)
    return frozenset(
        number for number, one in enumerate(calendar.nodes) if not scopes.isdisjoint(one.subjects)
    )


def _told(
    calendar: CalendarCase,
    places: Iterable[int],
    reach: frozenset[int] | None,
    ends: dict[int, int],
) -> tuple[BilledUpdate, ...]:
    found = []
    for place in sorted(places):
        row, planned = calendar.updates[place], calendar.case.updates[place]
        nodes = len(planned.nodes if reach is None else reach.intersection(planned.nodes))
        if nodes:
            found.append(_billed(row, planned, nodes, ends.get(place)))
    return tuple(found)


def _billed(row: Update, planned: PlannedUpdate, nodes: int, end: int | None) -> BilledUpdate:
    done = None if end is None else end + planned.p95_s
    due, deadline = row.due_at, row.deadline_at
    return BilledUpdate(
        key=row.key,
        title=row.title,
        update_class=row.update_class,
        owner=row.owner,
        deployer=row.deployer,
        start=row.start_at,
        nodes=nodes,
        severity=row.severity,
        past_due=due if done and due and _instant(done) > due else None,
        past_deadline=deadline if done and deadline and _instant(done) > deadline else None,
    )


def _debt(calendar: CalendarCase, ends: dict[int, int]) -> tuple[SecurityDebt, ...]:
    """Return what waits, by severity, the worst first; updates that mend nothing told are none."""
    by: dict[str, list[int]] = defaultdict(list)
    for place in ends:
        by[calendar.updates[place].severity].append(place)
    return tuple(
        _debt_of(calendar, severity, by[severity.value], ends)
        for severity in UpdateSeverity
        if severity is not UpdateSeverity.NONE and by[severity.value]
    )


def _debt_of(
    calendar: CalendarCase, severity: UpdateSeverity, places: list[int], ends: dict[int, int]
) -> SecurityDebt:
    planned = calendar.case.updates
    seconds = sum((ends[one] - planned[one].start) * len(planned[one].nodes) for one in places)
    cves = sorted(
        {
            (said["published"], said["id"])
            for one in places
            for said in calendar.updates[one].cves
            if said["severity"] == severity.value
        }
    )
    last = max((ends[one] for one in places), default=0)
    broken = [
        deadline
        for one in places
        if (deadline := calendar.updates[one].deadline_at)
        and _instant(ends[one] + planned[one].p95_s) > deadline
    ]
    return SecurityDebt(
        severity=severity.value,
        updates=len(places),
        nodes=len({node for one in places for node in planned[one].nodes}),
        node_days=seconds // DAY_S,
        cves=tuple(name for _, name in cves),
        oldest_days=_days(cves[0][0], last) if cves else None,
        first_deadline=min(broken, default=None),
    )


def _days(published: str, until: int) -> int:
    return (_instant(until).date() - date.fromisoformat(published)) // timedelta(days=1)


def _nights(calendar: CalendarCase, bills: Iterable[ImpactBill]) -> tuple[NightsLost, ...]:
    whole: dict[int, int] = defaultdict(int)
    part: dict[int, int] = defaultdict(int)
    for bill in bills:
        for site, lost in bill.nights_lost.items():
            whole[site] += lost
            part[site] += bill.nights_cut[site]
    return tuple(
        NightsLost(calendar.sites[site], whole[site], part[site])
        for site in sorted(whole)
        if calendar.case.windows[site] is not ALWAYS
    )


def _instant(at: int) -> AwareDatetime:
    return datetime.fromtimestamp(at, UTC)
