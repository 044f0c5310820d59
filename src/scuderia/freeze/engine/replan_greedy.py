"""The first plan after a zone: ring by ring, scarcest first, lower rings only as late as may be."""

import heapq

from scuderia.freeze.engine.slot_bits import OUT, bits, first_from
from scuderia.freeze.engine.update_calendar import UpdateCalendar


class Aims:
    """What each update aims at, were it alone: fixed once for a calendar.

    slot       by update, its last slot from which it and every higher ring could be on time
    scarcity   by update, its starts that are on time, over its weight: few come first
    """

    def __init__(self, calendar: UpdateCalendar) -> None:
        """Carry the due dates from the highest rings down to the lowest."""
        updates = calendar.case.updates
        self.slot = list(calendar.due)
        for number in sorted(range(len(updates)), key=lambda one: -updates[one].ring):
            last = calendar.due[number]
            for one in calendar.higher[number]:
                last = min(last, self.slot[one] - calendar.turn[number])
            on_time = calendar.allowed[number] & bits(0, last)
            if not calendar.displaced[number] and calendar.at[number] != OUT:
                last = min(last, calendar.at[number])
            elif on_time:
                last = on_time.bit_length() - 1
            self.slot[number] = last
        self.scarcity = [
            (calendar.allowed[number] & bits(0, self.slot[number])).bit_count() / update.weight
            for number, update in enumerate(updates)
        ]


def best_slot(calendar: UpdateCalendar, number: int, first: int, last: int, aim: int) -> int:
    """Return the cheapest slot in [first, last] that fits, or OUT.

    One that may stay where it was planned does; else the last that is not after its aim, else the
    first after that.
    """
    fits = calendar.fitting(number, bits(first, min(last, calendar.case.slots - 1)))
    if not fits:
        return OUT
    if not calendar.displaced[number]:
        planned = calendar.planned[number]
        if planned >= 0 and fits >> planned & 1:
            return planned
    by_then = fits & bits(0, aim)
    return by_then.bit_length() - 1 if by_then else first_from(fits, aim + 1)


class Placing:
    """Places a pool of updates, ring by ring, and says what that changed.

    before   by update that was touched, the slot in which it stood
    """

    def __init__(self, calendar: UpdateCalendar, aims: Aims, *, lifts_max: int) -> None:
        """Start with an empty pool.

        lifts_max   how many updates may be taken out of their slots before it gives up
        """
        self.calendar, self.aims = calendar, aims
        self.before: dict[int, int] = {}
        self._pool: list[tuple[int, float, int]] = []
        self._in_pool = set[int]()
        self._lifts_left = lifts_max
        self._dearer = 0

    def put(self, number: int, slot: int) -> None:
        """Place an update, whatever stands in its way."""
        self.calendar.place(number, slot)
        self._dearer += self.calendar.cost_at(number, slot)

    def lift(self, number: int) -> None:
        """Take an update out, if it stands, so that it can be placed anew."""
        at = self.calendar.at[number]
        if number not in self.before:
            self.before[number] = at
            self._dearer -= self.calendar.cost_at(number, at)
        elif at != OUT:
            self._dearer -= self.calendar.cost_at(number, at)
        if at != OUT:
            self.calendar.lift(number)
            self._lifts_left -= 1

    def wants(self, number: int, *, key: float | None = None) -> None:
        """Take an update out and into the pool; lower keys are placed sooner within a ring."""
        self.lift(number)
        if number not in self._in_pool:
            self._in_pool.add(number)
            scarcity = self.aims.scarcity[number] if key is None else key
            heapq.heappush(self._pool, (self.calendar.case.updates[number].ring, scarcity, number))

    def settle(self, *, frugal: bool = False) -> bool:
        """Place the pool; what finds no slot stays out. False: it gave up.

        frugal   give up once it costs more than all that was touched did before
        """
        while self._pool:
            if self._lifts_left < 0 or (frugal and self._dearer > 0):
                return False
            number = heapq.heappop(self._pool)[2]
            self._in_pool.remove(number)
            self._place(number)
        return True

    def undo(self) -> None:
        """Put back everything as it was."""
        calendar = self.calendar
        touched = [one for one, slot in self.before.items() if calendar.at[one] != slot]
        for number in touched:
            if calendar.at[number] != OUT:
                calendar.lift(number)
        for number in touched:
            if self.before[number] != OUT:
                calendar.place(number, self.before[number])

    def gain(self) -> int:
        """Return what the plan has become cheaper by."""
        calendar = self.calendar
        return sum(
            calendar.cost_at(number, slot) - calendar.cost_at(number, calendar.at[number])
            for number, slot in self.before.items()
        )

    def _place(self, number: int) -> None:
        calendar = self.calendar
        opens = calendar.opens(number)
        slot = OUT
        if opens is not None:
            aim = self.aims.slot[number]
            slot = best_slot(calendar, number, opens, calendar.closes(number), aim)
            if slot == OUT:
                slot = best_slot(calendar, number, opens, calendar.case.slots, aim)
        if slot == OUT:
            self._lift_higher(number, calendar.case.slots)
            self._dearer += calendar.cost_at(number, OUT)
        else:
            self._lift_higher(number, slot + calendar.turn[number])
            self.put(number, slot)

    def _lift_higher(self, number: int, until: int) -> None:
        """Take out those of higher rings that start before a slot."""
        for one in self.calendar.higher[number]:
            if OUT < self.calendar.at[one] < until:
                self.wants(one)


def place_greedily(calendar: UpdateCalendar, aims: Aims) -> None:
    """Place what is out, moving only higher rings that would start too early."""
    placing = Placing(calendar, aims, lifts_max=len(calendar.at) ** 2)
    for number, slot in enumerate(calendar.at):
        if slot == OUT:
            placing.wants(number)
    placing.settle()
