"""The update calendar as bits: one whole number per place and level, one bit per slot.

Bit t of level k of a place is set while more than k of its nodes are down in slot t; so one OR and
a few shifts say at which starts an update fits. Only the levels that some update asks for are kept.
Zones, windows and rings are exact to the second; what starts always starts on the grid.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from typing import TypeAlias

from scuderia.freeze.engine.landing import LandingRule
from scuderia.freeze.engine.landing_strips import LandingStrips
from scuderia.freeze.engine.planned_updates import (
    MOVE_COST,
    UNPLACED_COST,
    PlannedUpdate,
    ReplanCase,
    Starts,
)
from scuderia.freeze.engine.slot_bits import OUT, bits, runs, starts_that_touch
from scuderia.freeze.engine.start_bits import StartBits

BYTE_MAX = 255
Counts: TypeAlias = list[int] | bytearray
"""Nodes down by slot; empty: none ever were."""


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

    def __init__(self, case: ReplanCase, landing: LandingRule | None = None) -> None:
        """Read a case; its updates stand where they were planned if that is allowed.

        landing   how fast moved updates may start after the zone; None: as fast as they fit
        """
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
        self.due = [
            min((update.due - update.p95_s - case.origin) // grid, case.slots) for update in updates
        ]
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
        self._landing = None if landing is None else LandingStrips(case, landing)
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
        if not 0 <= slot < self.case.slots or not self.fitting(number, bits(slot, slot)):
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
        if self._landing is not None and self._lands(number, slot):
            self._landing.count(number, slot, 1)

    def lift(self, number: int) -> None:
        """Take an update out of its slot."""
        for place, down in self.places[number]:
            self._count(place, self.at[number], self.work[number], -down)
        if self._landing is not None and self._lands(number, self.at[number]):
            self._landing.count(number, self.at[number], -1)
        self.at[number] = OUT

    def _lands(self, number: int, slot: int) -> bool:
        """Say whether it is moved there; a displaced one always is."""
        return self.displaced[number] or slot != self.planned[number]

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
        if starts and self._landing is not None:
            stays = (
                0 if self.displaced[number] else bits(self.planned[number], self.planned[number])
            )
            starts &= self._landing.open_to(number) | stays
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
