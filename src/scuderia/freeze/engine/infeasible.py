"""Says of each update that is left out which rules bind it, and whether that is proven.

A deletion filter over the starts that each rule leaves gives an irreducible set: drop any one of
its rules and a start appears. Caps are dropped first, so that one is named only if it is needed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from scuderia.freeze.engine.slot_bits import OUT, bits, first_from, starts_that_touch
from scuderia.freeze.engine.update_calendar import UpdateCalendar


class Rule(StrEnum):
    """What may leave an update no start."""

    WINDOW = "window"
    OTHER_ZONES = "other_zones"
    NEW_ZONE = "new_zone"
    EARLIEST = "earliest"
    DEADLINE = "deadline"
    LOWER_RINGS = "lower_rings"
    RACK_CAP = "rack_cap"
    CLUSTER_CAP = "cluster_cap"
    CUSTOMER_CAP = "customer_cap"


class Certainty(StrEnum):
    """How far it is known that an update cannot be placed.

    PROVEN   no plan places it: windows, zones, dates and the earliest that rings can be leave none
    HERE     in this plan nothing is left; another plan may have a start for it
    """

    PROVEN = "proven"
    HERE = "here"


@dataclass(frozen=True, slots=True)
class Unplaced:
    """One update that is left out.

    binding   an irreducible set of rules: without any one of them it has a start
    relax     the rules of which relaxing one alone suffices
    waits_for   the id of the update of a lower ring that is left out itself; then that one's
                rules bind, and these are empty
    """

    update: int
    certainty: Certainty
    binding: tuple[Rule, ...] = ()
    relax: tuple[Rule, ...] = ()
    waits_for: int | None = None


def explain_unplaced(calendar: UpdateCalendar) -> tuple[Unplaced, ...]:
    """Explain every update that is left out, in the order of the case."""
    possible = earliest_possible(calendar)
    return tuple(
        _explain(calendar, number, possible)
        for number, slot in enumerate(calendar.at)
        if slot == OUT
    )


def earliest_possible(calendar: UpdateCalendar) -> list[int]:
    """Return the first start that any plan could give each update, or OUT: none could."""
    updates = calendar.case.updates
    possible = [OUT] * len(updates)
    for number in sorted(range(len(updates)), key=lambda one: updates[one].ring):
        lower = [(possible[one], calendar.turn[one]) for one in calendar.lower[number]]
        if any(slot == OUT for slot, _ in lower):
            continue
        first = max((slot + turn for slot, turn in lower), default=0)
        possible[number] = first_from(calendar.allowed[number], first)
    return possible


def _explain(calendar: UpdateCalendar, number: int, possible: list[int]) -> Unplaced:
    update = calendar.case.updates[number]
    certainty = Certainty.PROVEN if possible[number] == OUT else Certainty.HERE
    out = [one for one in calendar.lower[number] if calendar.at[one] == OUT]
    if out:
        root = min(out, key=lambda one: (calendar.case.updates[one].ring, one))
        return Unplaced(update.id, certainty, waits_for=calendar.case.updates[root].id)
    starts = _starts_by_rule(calendar, number)
    kept = list(starts)
    for rule in list(starts):
        rest = [one for one in kept if one is not rule]
        if not _common(calendar, starts, rest):
            kept = rest
    relax = [
        rule for rule in starts if _common(calendar, starts, [one for one in starts if one != rule])
    ]
    return Unplaced(update.id, certainty, tuple(kept), tuple(relax))


def _starts_by_rule(calendar: UpdateCalendar, number: int) -> dict[Rule, int]:
    """Return the starts that each rule leaves by itself, those to drop first first."""
    update, by = calendar.case.updates[number], calendar.reasons
    everything = bits(0, calendar.case.slots - 1)
    full = dict.fromkeys((Rule.CUSTOMER_CAP, Rule.CLUSTER_CAP, Rule.RACK_CAP), 0)
    places = calendar.case.places
    for place, down in calendar.places[number]:
        rule = Rule.RACK_CAP
        if place >= len(places.rack_caps):
            clusters_end = len(places.rack_caps) + len(places.cluster_caps)
            rule = Rule.CLUSTER_CAP if place < clusters_end else Rule.CUSTOMER_CAP
        full[rule] |= calendar.full(place, down)
    return {
        **{
            rule: everything & ~starts_that_touch(busy, calendar.work[number])
            for rule, busy in full.items()
        },
        Rule.LOWER_RINGS: bits(calendar.opens(number) or 0, calendar.case.slots - 1),
        Rule.EARLIEST: by.from_earliest(update),
        Rule.OTHER_ZONES: by.clear_of(by.other_zones(update), update),
        Rule.WINDOW: by.in_window(update),
        Rule.DEADLINE: by.by_deadline(update),
        Rule.NEW_ZONE: by.clear_of(by.new_zone(update), update),
    }


def _common(calendar: UpdateCalendar, starts: dict[Rule, int], rules: Iterable[Rule]) -> int:
    common = bits(0, calendar.case.slots - 1)
    for rule in rules:
        common &= starts[rule]
    return common
