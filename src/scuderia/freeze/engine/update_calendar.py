"""The update calendar as bits: one whole number per place and level, one bit per slot.

Bit t of level k of a place is set while more than k of its nodes are down in slot t; so one OR and
a few shifts say at which starts an update fits. Only the levels that some update asks for are kept.
Zones, windows and rings are exact to the second; what starts always starts on the grid.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TypeAlias

from scuderia.freeze.engine.occurrences import Recurrence, occurrences
from scuderia.freeze.engine.planned_updates import (
    MOVE_COST,
    UNPLACED_COST,
    Closure,
    NightlyWindow,
    PlannedUpdate,
    ReplanCase,
    Starts,
)
from scuderia.freeze.engine.recurrence_rules import parse_rule
from scuderia.freeze.nouns import EndKind, Length
from scuderia.intake.instants import zone_of

OUT = -1
"""The slot of an update that is left out."""
DAYS_OF_WEEK = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
BYTE_MAX = 255
Counts: TypeAlias = list[int] | bytearray
"""Nodes down by slot; empty: none ever were."""
_DAY = timedelta(days=1)


def open_nights(case: ReplanCase, window: NightlyWindow) -> list[tuple[int, int]]:
    """Return when a window is open within the horizon, in seconds; nights that touch are one."""
    if not window.weekdays:
        return []
    over = case.origin + case.slots * case.grid_s
    zone = zone_of(window.tz)
    first_day = (datetime.fromtimestamp(case.origin, zone) - 3 * _DAY).date()
    opens = timedelta(minutes=window.opens_minute)
    days = ",".join(DAYS_OF_WEEK[day] for day in sorted(window.weekdays))
    nights = occurrences(
        Recurrence(
            first=datetime(first_day.year, first_day.month, first_day.day) + opens,  # noqa: DTZ001
            zone=zone,
            length=Length(
                EndKind.WALL,
                int(window.closes_minute <= window.opens_minute),
                timedelta(minutes=window.closes_minute - window.opens_minute),
            ),
            rule=parse_rule(f"FREQ=WEEKLY;BYDAY={days}"),
        ),
        since=datetime.fromtimestamp(case.origin, UTC),
        before=datetime.fromtimestamp(over, UTC),
    )
    merged: list[tuple[int, int]] = []
    for night in nights:
        begin, end = int(night.start.timestamp()), int(night.end.timestamp())
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return [(max(begin, case.origin), min(end, over)) for begin, end in merged]


def bits(first: int, last: int) -> int:
    """Return the slots from `first` to `last`, both included; none where they cross."""
    first = max(first, 0)
    return ((1 << (last - first + 1)) - 1) << first if last >= first else 0


def starts_that_touch(busy: int, length: int) -> int:
    """Return the starts from which work of `length` slots would meet a busy slot."""
    done = 1
    while done * 2 <= length:
        busy |= busy >> done
        done *= 2
    return busy | busy >> (length - done)


def spread(starts: int, length: int) -> int:
    """Return every slot that work of `length` slots from one of these starts would take."""
    done = 1
    while done * 2 <= length:
        starts |= starts << done
        done *= 2
    return starts | starts << (length - done)


def first_from(starts: int, slot: int) -> int:
    """Return the first of the starts at or after a slot, or OUT."""
    rest = starts >> max(slot, 0)
    return max(slot, 0) + (rest & -rest).bit_length() - 1 if rest else OUT


def runs(slots: int) -> Iterator[tuple[int, int]]:
    """Tell the first and the last slot of each run of set bits, in order."""
    at = 0
    while slots:
        gap = (slots & -slots).bit_length() - 1
        slots >>= gap
        length = (slots ^ (slots + 1)).bit_length() - 1
        yield at + gap, at + gap + length - 1
        slots >>= length
        at += gap + length


def _no_counts(cap: int, slots: int) -> Counts:
    """Return a count of 0 for each slot, as small as the cap allows: there are many places."""
    return bytearray(slots) if cap <= BYTE_MAX else [0] * slots


class UpdateCalendar:
    """Who is where: the facts of a case as bits, and a plan that can be changed step by step.

    at         by update, its slot or OUT
    allowed    by update, the starts that windows, zones, dates and caps leave it were it alone
    places     by update, (place, nodes down together) for each rack, cluster and customer
    work       by update, slots from its start to its p95 end
    turn       by update, slots from its start until a higher ring may start
    due        by update, its last slot that is not late
    lower, higher, beside   by update, those of its campaign in lower, higher and the same rings
    members    by place, the updates that it holds nodes of
    """

    def __init__(self, case: ReplanCase) -> None:
        """Read a case; its updates stand where they were planned if that is allowed."""
        self.case = case
        grid, updates = case.grid_s, case.updates
        self.displaced = case.displaced()
        self.caps = [
            *case.places.rack_caps,
            *case.places.cluster_caps,
            *case.places.customer_caps,
        ]
        self._counts: list[Counts] = [[] for _ in self.caps]
        self._full: list[dict[int, int]] = [{} for _ in self.caps]
        self.members: list[list[int]] = [[] for _ in self.caps]
        self.at = [OUT] * len(updates)
        self.places = [self._places_of(update) for update in updates]
        self.work = [-(-update.p95_s // grid) for update in updates]
        self.turn = [-(-(update.p95_s + update.bake_s) // grid) for update in updates]
        self.due = [(update.due - update.p95_s - case.origin) // grid for update in updates]
        self.weight = [update.weight for update in updates]
        self.planned = [(update.start - case.origin) // grid for update in updates]
        self.reasons = StartBits(case)
        self.allowed = [
            0 if self._exceeds_a_cap(number) else self.reasons.allowed(update)
            for number, update in enumerate(updates)
        ]
        for number, places in enumerate(self.places):
            for place, down in places:
                self.members[place].append(number)
                if down <= self.caps[place]:
                    self._full[place][self.caps[place] - down] = 0
        self._lowest_room = [min(full, default=0) for full in self._full]
        self.lower: list[tuple[int, ...]] = [()] * len(updates)
        self.higher: list[tuple[int, ...]] = [()] * len(updates)
        self.beside: list[tuple[int, ...]] = [()] * len(updates)
        self._read_campaigns()
        self._keep_as_planned()

    def _places_of(self, update: PlannedUpdate) -> tuple[tuple[int, int], ...]:
        places = self.case.places
        racks: dict[int, int] = defaultdict(int)
        customers: dict[int, int] = defaultdict(int)
        for node in update.nodes:
            racks[places.rack_of_node[node]] += 1
            customers[places.customer_of_node[node]] += 1
        clusters: dict[int, int] = defaultdict(int)
        for rack, count in racks.items():
            clusters[places.cluster_of_rack[rack]] += count
        customers.pop(-1, None)
        in_all = update.at_once_in_all
        per_rack = min(update.at_once_per_rack, in_all)
        before_clusters = len(places.rack_caps)
        before_customers = before_clusters + len(places.cluster_caps)
        return (
            *((rack, min(count, per_rack)) for rack, count in racks.items()),
            *((before_clusters + one, min(count, in_all)) for one, count in clusters.items()),
            *((before_customers + one, min(count, in_all)) for one, count in customers.items()),
        )

    def _read_campaigns(self) -> None:
        campaigns: dict[int, list[int]] = defaultdict(list)
        for number, update in enumerate(self.case.updates):
            if update.campaign >= 0:
                campaigns[update.campaign].append(number)
        for members in campaigns.values():
            ring = {number: self.case.updates[number].ring for number in members}
            for number in members:
                self.lower[number] = tuple(one for one in members if ring[one] < ring[number])
                self.higher[number] = tuple(one for one in members if ring[one] > ring[number])
                self.beside[number] = tuple(
                    one for one in members if ring[one] == ring[number] and one != number
                )

    def _keep_as_planned(self) -> None:
        updates = self.case.updates
        for number in sorted(range(len(updates)), key=lambda one: (updates[one].ring, one)):
            slot = self.planned[number]
            if not self.displaced[number] and self.may_stand(number, slot):
                self.place(number, slot)

    def may_stand(self, number: int, slot: int) -> bool:
        """Say whether an update may start in a slot beside all that is planned, rings aside.

        A ring that waits for a displaced one stands where it was until that one is placed.
        """
        if slot < 0 or not self.fitting(number, bits(slot, slot)):
            return False
        return all(
            self.at[one] == OUT or self.at[one] + self.turn[one] <= slot
            for one in self.lower[number]
        )

    def place(self, number: int, slot: int) -> None:
        """Put an update into a slot."""
        self.at[number] = slot
        for place, down in self.places[number]:
            self._count(place, slot, self.work[number], down)

    def lift(self, number: int) -> None:
        """Take an update out of its slot."""
        for place, down in self.places[number]:
            self._count(place, self.at[number], self.work[number], -down)
        self.at[number] = OUT

    def _count(self, place: int, slot: int, work: int, change: int) -> None:
        """Count more or fewer nodes down in a place, and flip the bits that this crosses."""
        counts, lowest = self._counts[place], self._lowest_room[place]
        if not counts:
            counts = self._counts[place] = _no_counts(self.caps[place], self.case.slots)
        end = slot + work
        segment = counts[slot:end]
        level = segment[0]
        if segment.count(level) == work:  # mostly nothing begins or ends beneath an update
            counts[slot:end] = type(segment)((level + change,)) * work
            if level > lowest or level + change > lowest:
                self._flip(place, level, level + change, bits(slot, end - 1))
            return
        since = slot
        for one, old in enumerate(segment, start=slot):
            counts[one] = old + change
            if old != level:
                if level > lowest or level + change > lowest:
                    self._flip(place, level, level + change, bits(since, one - 1))
                since, level = one, old
        if level > lowest or level + change > lowest:
            self._flip(place, level, level + change, bits(since, end - 1))

    def _flip(self, place: int, old: int, new: int, slots: int) -> None:
        """Turn the bits of every level between two counts."""
        low, high = (old, new) if old < new else (new, old)
        full = self._full[place]
        for room in full:
            if low <= room < high:
                full[room] ^= slots

    def full(self, place: int, down: int) -> int:
        """Return the slots in which so many more nodes may not be down in a place."""
        return self._full[place].get(self.caps[place] - down, -1)

    def is_full(self, place: int, number: int, slot: int, down: int) -> bool:
        """Say whether a place has too little room for an update in a slot."""
        return self.full(place, down) & bits(slot, slot + self.work[number] - 1) != 0

    def _exceeds_a_cap(self, number: int) -> bool:
        """Say whether an update is alone more than a cap."""
        return any(down > self.caps[place] for place, down in self.places[number])

    def load_above(self, place: int, count: int, within: int) -> list[tuple[int, int, int]]:
        """Return when more than so many nodes are down in a place: slot, length, how many.

        within   the slots that are asked about
        """
        counts = self._counts[place]
        found: list[tuple[int, int, int]] = []
        for first, last in runs(within) if counts else ():
            slot = first
            for down, alike in groupby(counts[first : last + 1]):
                length = sum(1 for _ in alike)
                if down > max(count, 0):
                    found.append((slot, length, down))
                slot += length
        return found

    def fitting(self, number: int, starts: int) -> int:
        """Return which of these starts are allowed and fit under every cap."""
        starts &= self.allowed[number]
        if not starts:
            return 0
        full = 0
        for place, down in self.places[number]:
            full |= self._full[place].get(self.caps[place] - down, -1)
        return starts & ~starts_that_touch(full, self.work[number]) if full else starts

    def opens(self, number: int) -> int | None:
        """Return the slot from which its ring may start, or None while a lower one is left out."""
        first = 0
        for one in self.lower[number]:
            if self.at[one] == OUT:
                return None
            first = max(first, self.at[one] + self.turn[one])
        return first

    def closes(self, number: int) -> int:
        """Return its last slot that lets every higher ring stand where it is."""
        first = min(
            (self.at[one] for one in self.higher[number] if self.at[one] != OUT), default=-1
        )
        return self.case.slots - 1 if first < 0 else first - self.turn[number]

    def cost_at(self, number: int, slot: int) -> int:
        """Return what an update costs there: lateness by weight, and moving what could stay."""
        if slot == OUT:
            return UNPLACED_COST * self.weight[number]
        moved = slot != self.planned[number] and not self.displaced[number]
        late = slot - self.due[number]
        return (self.weight[number] * late if late > 0 else 0) + (MOVE_COST if moved else 0)

    def cost(self) -> int:
        """Return what the plan costs."""
        return sum(self.cost_at(number, slot) for number, slot in enumerate(self.at))

    def overlapping(self, place: int, number: int, slot: int) -> Iterator[int]:
        """Tell the updates that are at work in a place while this one would be."""
        end = slot + self.work[number]
        for one in self.members[place]:
            begins = self.at[one]
            if one != number and OUT < begins < end and begins + self.work[one] > slot:
                yield one

    def starts(self) -> Starts:
        """Return the plan in seconds."""
        origin, grid = self.case.origin, self.case.grid_s
        return tuple(None if slot == OUT else origin + slot * grid for slot in self.at)


class StartBits:
    """The starts that each reason leaves an update, by itself."""

    def __init__(self, case: ReplanCase) -> None:
        """Read windows and zones once."""
        self.case = case
        self._nights = [open_nights(case, window) for window in case.windows]
        self._in_window: dict[tuple[int, int], int] = {}
        self._zones: dict[int, list[Closure]] = defaultdict(list)
        for closure in case.closures:
            for node in closure.nodes:
                self._zones[node].append(closure)

    def allowed(self, update: PlannedUpdate) -> int:
        """Return the starts that nothing but other updates can take away."""
        return (
            self.in_window(update)
            & self.from_earliest(update)
            & self.by_deadline(update)
            & self.clear_of(self.other_zones(update), update)
            & self.clear_of(self.new_zone(update), update)
        )

    def in_window(self, update: PlannedUpdate) -> int:
        """Return the starts from which its work ends in the same night."""
        places, grid = self.case.places, self.case.grid_s
        rack = places.rack_of_node[update.nodes[0]]
        site = places.site_of_cluster[places.cluster_of_rack[rack]]
        key = (site, update.p95_s)
        if key not in self._in_window:
            found = 0
            for opens, closes in self._nights[site]:
                first = -((self.case.origin - opens) // grid)
                found |= bits(first, (closes - update.p95_s - self.case.origin) // grid)
            self._in_window[key] = found
        return self._in_window[key]

    def from_earliest(self, update: PlannedUpdate) -> int:
        """Return the starts at and after its earliest."""
        first = -((self.case.origin - update.earliest) // self.case.grid_s)
        return bits(first, self.case.slots - 1)

    def by_deadline(self, update: PlannedUpdate) -> int:
        """Return the starts from which its work ends by its deadline."""
        if update.deadline is None:
            return bits(0, self.case.slots - 1)
        last = (update.deadline - update.p95_s - self.case.origin) // self.case.grid_s
        return bits(0, min(last, self.case.slots - 1))

    def other_zones(self, update: PlannedUpdate) -> list[Closure]:
        """Return the zones that stand already and hold one of its nodes for its class."""
        found = {
            closure.name: closure
            for node in update.nodes
            for closure in self._zones.get(node, ())
            if update.update_class in closure.classes
        }
        return [found[name] for name in sorted(found)]

    def new_zone(self, update: PlannedUpdate) -> list[Closure]:
        """Return the new zone if it holds one of its nodes for its class."""
        new = self.case.new
        hit = update.update_class in new.classes and not new.nodes.isdisjoint(update.nodes)
        return [new] if hit else []

    def clear_of(self, closures: Iterable[Closure], update: PlannedUpdate) -> int:
        """Return the starts from which its whole interval meets none of the zones."""
        origin, grid = self.case.origin, self.case.grid_s
        shut = 0
        for closure in closures:
            first = (closure.start - update.whole_s - origin) // grid + 1
            shut |= bits(first, (closure.end - origin - 1) // grid)
        return bits(0, self.case.slots - 1) & ~shut
