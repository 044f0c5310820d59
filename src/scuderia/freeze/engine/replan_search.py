"""Ruin and recreate: undo a little of a plan where it costs, place it again, keep it if cheaper.

A costly update is often held up by a lower ring of its campaign, so the search walks down to the
one that holds it up and gives that a slot at random, whatever stands in its way.
"""

from random import Random

from scuderia.freeze.engine.replan_greedy import Aims, Placing
from scuderia.freeze.engine.slot_bits import OUT, bits, first_from
from scuderia.freeze.engine.update_calendar import UpdateCalendar

LIFTS_MAX = 60
REFRESH_STEPS = 100


def improve(calendar: UpdateCalendar, aims: Aims, draw: Random, *, steps: int) -> None:
    """Improve a plan for so many steps, each at the costlier of two updates that cost something."""
    costly: list[int] = []
    for step in range(steps):
        if step % REFRESH_STEPS == 0:
            costly = [
                number
                for number, slot in enumerate(calendar.at)
                if calendar.cost_at(number, slot) > 0
            ]
        if not costly:
            return
        one, other = draw.choice(costly), draw.choice(costly)
        if calendar.cost_at(other, calendar.at[other]) > calendar.cost_at(one, calendar.at[one]):
            one = other
        _step(calendar, aims, draw, one)


def _step(calendar: UpdateCalendar, aims: Aims, draw: Random, costly: int) -> None:
    number, opens = _delaying(calendar, costly)
    slot = _random_slot(calendar, aims, draw, number, opens)
    if slot == OUT:
        return
    placing = Placing(calendar, aims, lifts_max=LIFTS_MAX)
    placing.lift(number)
    _make_room(calendar, placing, draw, number, slot)
    if not calendar.fitting(number, bits(slot, slot)):  # a landing rule makes no room
        placing.undo()
        return
    placing.put(number, slot)
    until = slot + calendar.turn[number]
    for one in calendar.higher[number]:
        at = calendar.at[one]
        if at == OUT or at < until or calendar.cost_at(one, at) > 0:
            placing.wants(one, key=_varied(aims, draw, one))
    if not placing.settle(frugal=True) or placing.gain() < 0:
        placing.undo()


def _delaying(calendar: UpdateCalendar, number: int) -> tuple[int, int]:
    """Walk down to the lower ring that keeps an update from being on time; return it and its slot.

    The second value is the slot from which that one may start.
    """
    while True:
        opens = calendar.opens(number)
        if opens is not None and calendar.allowed[number] & bits(opens, calendar.due[number]):
            return number, opens
        lower = calendar.lower[number]
        if not lower or (opens is not None and opens == 0):
            return number, opens or 0
        number = max(
            lower,
            key=lambda one: (
                calendar.case.slots - calendar.case.updates[one].ring
                if calendar.at[one] == OUT
                else calendar.at[one] + calendar.turn[one] - calendar.case.slots
            ),
        )


def _random_slot(
    calendar: UpdateCalendar, aims: Aims, draw: Random, number: int, opens: int
) -> int:
    """Return a slot that is allowed, on time if any is."""
    allowed = calendar.allowed[number] & bits(opens, calendar.case.slots - 1)
    for last in (aims.slot[number], calendar.due[number]):
        on_time = allowed & bits(0, last)
        if on_time:
            return first_from(
                on_time, draw.randint(first_from(on_time, 0), on_time.bit_length() - 1)
            )
    first = first_from(allowed, 0)
    if first == OUT:
        return OUT
    late = first_from(allowed, first + draw.randrange(192))
    return first if late == OUT else late


def _make_room(
    calendar: UpdateCalendar, placing: Placing, draw: Random, number: int, slot: int
) -> None:
    """Take out what keeps an update from a slot, at random, place by place."""
    want = bits(slot, slot)
    if calendar.fitting(number, want):
        return
    for place, down in calendar.places[number]:
        if not calendar.is_full(place, number, slot, down):
            continue
        blockers = list(calendar.overlapping(place, number, slot))
        draw.shuffle(blockers)
        for one in blockers:
            if not calendar.is_full(place, number, slot, down):
                break
            placing.wants(one, key=_varied(placing.aims, draw, one))


def _varied(aims: Aims, draw: Random, number: int) -> float:
    """Return a scarcity that varies, so that the order of placing does."""
    return aims.scarcity[number] * (0.5 + draw.random())
