"""Checks a plan of updates from nothing but the calendar's facts.

It shares no code with the planner: exact seconds instead of slots, tables of local minutes instead
of recurrences, one node at a time, and sweeps over starts and ends instead of level sets. It does
not verify a claim that no plan exists.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from scuderia.freeze.engine.landing import LandingRule
from scuderia.freeze.engine.planned_updates import (
    MOVE_COST,
    UNPLACED_COST,
    NightlyWindow,
    PlannedUpdate,
    ReplanCase,
    Starts,
)


class Fault(StrEnum):
    """What is wrong with a plan."""

    COUNT = "count"
    HORIZON = "horizon"
    GRID = "grid"
    EARLIEST = "earliest"
    DEADLINE = "deadline"
    WINDOW = "window"
    ZONE = "zone"
    NEW_ZONE = "new_zone"
    RING_ORDER = "ring_order"
    RING_UNPLACED = "ring_unplaced"
    RACK_CAP = "rack_cap"
    CLUSTER_CAP = "cluster_cap"
    CUSTOMER_CAP = "customer_cap"
    OBJECTIVE = "objective"
    LANDING_RATE = "landing_rate"
    LANDING_WIDE = "landing_wide"


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One rule that a plan breaks: the update's id (-1: none in particular) and the facts."""

    fault: Fault
    update: int
    words: str


def check_plan(
    case: ReplanCase,
    starts: Starts,
    *,
    objective: int | None = None,
    landing: LandingRule | None = None,
) -> list[Violation]:
    """Return every rule that the plan breaks; none: it holds.

    starts      by update, Unix seconds; None: left out
    objective   what the planner says the plan costs; None: it said nothing
    landing     how fast moved updates may start after the zone; None: as they like
    """
    if len(starts) != len(case.updates):
        return [Violation(Fault.COUNT, -1, f"{len(starts)} starts, {len(case.updates)} updates")]
    found = [
        violation
        for update, start in zip(case.updates, starts, strict=True)
        if start is not None
        for violation in _alone(case, update, start)
    ]
    found += _outside_windows(case, starts)
    found += _inside_zones(case, starts)
    found += _out_of_turn(case, starts)
    found += _over_caps(case, starts)
    if landing is not None:
        found += _landing_too_fast(case, starts, landing)
    cost = plan_cost(case, starts)
    if objective is not None and objective != cost:
        found.append(Violation(Fault.OBJECTIVE, -1, f"told as {objective}, is {cost}"))
    return sorted(found)


def plan_cost(case: ReplanCase, starts: Starts) -> int:
    """Return what a plan costs: weighted slots of lateness, moves and updates left out."""
    cost, new = 0, case.new
    for update, start in zip(case.updates, starts, strict=True):
        if start is None:
            cost += UNPLACED_COST * update.weight
            continue
        late_s = start + update.p95_s - update.due
        if late_s > 0:
            cost += update.weight * ((late_s - 1) // case.grid_s + 1)
        if start != update.start:
            over = update.start + update.p95_s + update.bake_s + update.rollback_s
            hit = update.update_class in new.classes and any(n in new.nodes for n in update.nodes)
            if not (hit and update.start < new.end and new.start < over):
                cost += MOVE_COST
    return cost


def _alone(case: ReplanCase, update: PlannedUpdate, start: int) -> Iterator[Violation]:
    if start < case.origin or start >= case.origin + case.slots * case.grid_s:
        yield Violation(Fault.HORIZON, update.id, f"starts at {start}")
    if (start - case.origin) % case.grid_s:
        yield Violation(Fault.GRID, update.id, f"starts at {start}")
    if start < update.earliest:
        yield Violation(Fault.EARLIEST, update.id, f"{start}, earliest {update.earliest}")
    ends = start + update.p95_s
    if update.deadline is not None and ends > update.deadline:
        yield Violation(Fault.DEADLINE, update.id, f"ends {ends}, deadline {update.deadline}")


def _outside_windows(case: ReplanCase, starts: Starts) -> Iterator[Violation]:
    nights: dict[int, list[tuple[int, int]]] = {}
    for update, start in zip(case.updates, starts, strict=True):
        if start is None:
            continue
        ends = start + update.p95_s
        for site in sorted({_site_of(case, node) for node in update.nodes}):
            if site not in nights:
                nights[site] = _nights(case, case.windows[site])
            if not any(opens <= start and ends <= closes for opens, closes in nights[site]):
                yield Violation(Fault.WINDOW, update.id, f"[{start}, {ends}) at site {site}")


def _site_of(case: ReplanCase, node: int) -> int:
    places = case.places
    return places.site_of_cluster[places.cluster_of_rack[places.rack_of_node[node]]]


def _nights(case: ReplanCase, window: NightlyWindow) -> list[tuple[int, int]]:
    """Return when the window is open, in seconds; nights that touch are one."""
    zone = ZoneInfo(window.tz)
    begins = datetime.fromtimestamp(case.origin, UTC)
    last = begins + timedelta(seconds=case.slots * case.grid_s)
    day = (begins - timedelta(days=3)).replace(tzinfo=None, hour=0, minute=0, second=0)
    over_midnight = window.closes_minute <= window.opens_minute
    found: list[tuple[int, int]] = []
    while day < last.replace(tzinfo=None) + timedelta(days=3):
        if day.weekday() in window.weekdays:
            opens = _instant(day + timedelta(minutes=window.opens_minute), zone)
            end_day = day + timedelta(days=1) if over_midnight else day
            closes = _instant(end_day + timedelta(minutes=window.closes_minute), zone)
            if found and opens <= found[-1][1]:
                found[-1] = (found[-1][0], max(closes, found[-1][1]))
            elif closes > opens:
                found.append((opens, closes))
        day += timedelta(days=1)
    limit = case.origin + case.slots * case.grid_s
    return [(max(opens, case.origin), min(closes, limit)) for opens, closes in found]


def _instant(wall: datetime, zone: ZoneInfo) -> int:
    """Return when a clock on the wall first shows this; one that is skipped, moved on by the gap.

    Both follow from the offset that held a day before, unless it no longer held at that time.
    """
    naive = int(wall.replace(tzinfo=UTC).timestamp())
    before, after = (naive - _offset(naive + shift, zone) for shift in (-86_400, 86_400))
    shows_before = before + _offset(before, zone) == naive
    shows_after = after + _offset(after, zone) == naive
    return after if shows_after and not shows_before else before


def _offset(at: int, zone: ZoneInfo) -> int:
    told = datetime.fromtimestamp(at, UTC).astimezone(zone).replace(tzinfo=UTC)
    return int(told.timestamp()) - at


def _inside_zones(case: ReplanCase, starts: Starts) -> Iterator[Violation]:
    over_node = defaultdict(list)
    for fault, zones in ((Fault.ZONE, case.closures), (Fault.NEW_ZONE, (case.new,))):
        for zone in zones:
            for node in zone.nodes:
                over_node[node].append((fault, zone))
    for update, start in zip(case.updates, starts, strict=True):
        if start is None:
            continue
        ends = start + update.p95_s + update.bake_s + update.rollback_s
        hit = {
            (fault, zone.name)
            for node in update.nodes
            for fault, zone in over_node.get(node, ())
            if update.update_class in zone.classes and start < zone.end and ends > zone.start
        }
        for fault, name in sorted(hit):
            yield Violation(fault, update.id, f"[{start}, {ends}) meets {name}")


def _out_of_turn(case: ReplanCase, starts: Starts) -> Iterator[Violation]:
    campaigns = defaultdict(list)
    for place, update in enumerate(case.updates):
        if update.campaign >= 0:
            campaigns[update.campaign].append(place)
    for members in campaigns.values():
        for place in members:
            update, start = case.updates[place], starts[place]
            if start is None:
                continue
            for other in members:
                lower, began = case.updates[other], starts[other]
                if lower.ring >= update.ring:
                    continue
                if began is None:
                    yield Violation(Fault.RING_UNPLACED, update.id, f"{lower.id} is left out")
                elif began + lower.p95_s + lower.bake_s > start:
                    yield Violation(Fault.RING_ORDER, update.id, f"{lower.id} is still baking")


def _over_caps(case: ReplanCase, starts: Starts) -> Iterator[Violation]:
    places = case.places
    events: dict[tuple[Fault, int], list[tuple[int, int, int]]] = defaultdict(list)
    for update, start in zip(case.updates, starts, strict=True):
        if start is None:
            continue
        for place, down in _down_at_once(case, update).items():
            events[place].append((start, down, update.id))
            events[place].append((start + update.p95_s, -down, update.id))
    caps: dict[Fault, Sequence[int]] = {
        Fault.RACK_CAP: places.rack_caps,
        Fault.CLUSTER_CAP: places.cluster_caps,
        Fault.CUSTOMER_CAP: places.customer_caps,
    }
    for (fault, index), moments in events.items():
        down = 0
        for at, change, update_id in sorted(moments, key=lambda moment: (moment[0], moment[1])):
            down += change
            if change > 0 and down > caps[fault][index]:
                cap = caps[fault][index]
                yield Violation(fault, update_id, f"{down} of {cap} in {index} at {at}")


def _landing_too_fast(
    case: ReplanCase, starts: Starts, landing: LandingRule
) -> Iterator[Violation]:
    over = case.new.end
    landed: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for update, start in zip(case.updates, starts, strict=True):
        if start is None or start < over or start == update.start:
            continue
        landed[_site_of(case, update.nodes[0])].append((start, update.id))
        racks = {case.places.rack_of_node[node] for node in update.nodes}
        if len(racks) > 1 and start < over + landing.wide_wait_s:
            yield Violation(Fault.LANDING_WIDE, update.id, f"{start - over} s after the zone")
    for site, moments in landed.items():
        for start, update_id in moments:
            in_the_hour = sum(start - 3_600 < other <= start for other, _ in moments)
            allowed = landing.then
            for until, rate in reversed(landing.rates):
                allowed = rate if start - over < until else allowed
            if in_the_hour > allowed:
                words = f"{in_the_hour} starts in an hour at site {site}, {allowed} may"
                yield Violation(Fault.LANDING_RATE, update_id, words)


def _down_at_once(case: ReplanCase, update: PlannedUpdate) -> dict[tuple[Fault, int], int]:
    """Return how many of its nodes can be down together, by place: never too few."""
    counts: dict[tuple[Fault, int], int] = defaultdict(int)
    for node in update.nodes:
        rack, customer = case.places.rack_of_node[node], case.places.customer_of_node[node]
        counts[Fault.RACK_CAP, rack] += 1
        counts[Fault.CLUSTER_CAP, case.places.cluster_of_rack[rack]] += 1
        if customer >= 0:
            counts[Fault.CUSTOMER_CAP, customer] += 1
    return {
        (fault, index): min(
            count,
            update.at_once_in_all,
            update.at_once_per_rack if fault is Fault.RACK_CAP else count,
        )
        for (fault, index), count in counts.items()
    }
