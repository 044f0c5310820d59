"""The shape of an update calendar: planned updates, windows, caps and zones, in Unix seconds.

Nothing is computed here, so that the planner and the checker of its plans share no more than this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scuderia.basics.errors import BadInput

UPDATES_MAX = 100_000
SLOTS_MAX = 20_000
TARGETS_MAX = 10_000

MOVE_COST = 96
"""What moving an update costs that no zone displaced, in slots of lateness of weight 1."""
UNPLACED_COST = 5760
"""What leaving an update out costs for each unit of its weight, in slots of lateness."""

Starts = tuple[int | None, ...]
"""A plan: the start of each update in Unix seconds, in the case's order; None: left out."""


class BadCalendar(BadInput):
    """An update calendar cannot be planned: it contradicts itself or is out of bounds."""

    code = "FREEZE-040"
    remedy = "Correct the field that the message names; the calendar is left as it was."


@dataclass(frozen=True, slots=True)
class NightlyWindow:
    """When a site may be worked on: from a wall-clock minute to another, on some nights.

    opens_minute, closes_minute   of the day; one that closes no later than it opens, the next day
    weekdays                      on which it opens, 0 is Monday
    """

    tz: str
    opens_minute: int
    closes_minute: int
    weekdays: frozenset[int]


@dataclass(frozen=True, slots=True)
class Closure:
    """A zone as the calendar meets it: these nodes are closed to these classes in [start, end)."""

    name: str
    nodes: frozenset[int]
    classes: frozenset[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Places:
    """Where each node hangs, by index, and how many may be down together in each place.

    customer_of_node   -1: nobody holds it
    """

    rack_of_node: tuple[int, ...]
    cluster_of_rack: tuple[int, ...]
    site_of_cluster: tuple[int, ...]
    customer_of_node: tuple[int, ...]
    rack_caps: tuple[int, ...]
    cluster_caps: tuple[int, ...]
    customer_caps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlannedUpdate:
    """One planned update.

    nodes              by index, all of one site
    p95_s              from its start, nodes are down; then it bakes, then it may be rolled back
    campaign, ring     it starts after every lower ring's p95 end and bake; -1: of no campaign
    weight             the risk of each slot that it is late
    at_once_*          how many of its nodes are down together
    due, deadline      of its p95 end: late after the one, not allowed after the other
    start              as planned before the new zone
    """

    id: int
    update_class: str
    nodes: tuple[int, ...]
    p50_s: int
    p95_s: int
    bake_s: int
    rollback_s: int
    campaign: int
    ring: int
    weight: int
    at_once_per_rack: int
    at_once_in_all: int
    earliest: int
    due: int
    deadline: int | None
    start: int

    @property
    def whole_s(self) -> int:
        """Return how long anything of it may touch a node."""
        return self.p95_s + self.bake_s + self.rollback_s


@dataclass(frozen=True, slots=True)
class ReplanCase:
    """A calendar and the zone that comes into it.

    origin, grid_s, slots   the starts that may be planned: origin + i * grid_s for i < slots
    windows                 by site
    closures                the zones that stand already; `new` is the one that comes
    """

    origin: int
    grid_s: int
    slots: int
    places: Places
    windows: tuple[NightlyWindow, ...]
    closures: tuple[Closure, ...]
    new: Closure
    updates: tuple[PlannedUpdate, ...]

    def displaced(self) -> tuple[bool, ...]:
        """Say of each update whether the new zone stands in its way as it was planned."""
        return tuple(displaces(self.new, update) for update in self.updates)


def displaces(closure: Closure, update: PlannedUpdate) -> bool:
    """Say whether the whole interval of an update, as planned, meets the zone."""
    return (
        update.update_class in closure.classes
        and update.start < closure.end
        and update.start + update.whole_s > closure.start
        and not closure.nodes.isdisjoint(update.nodes)
    )


def verified_case(case: ReplanCase) -> ReplanCase:
    """Return the case, or refuse it by the field that is wrong.

    raises   BadCalendar
    """
    if not (0 < case.slots <= SLOTS_MAX and case.grid_s > 0):
        raise BadCalendar(f"slots must be 1 to {SLOTS_MAX:,} of a positive grid_s")
    if len(case.updates) > UPDATES_MAX:
        raise BadCalendar(f"updates: {len(case.updates):,}, at most {UPDATES_MAX:,} are planned")
    places = case.places
    if min((*places.rack_caps, *places.cluster_caps, *places.customer_caps), default=0) < 0:
        raise BadCalendar("caps: none may be below 0")
    for update in case.updates:
        _verify_update(case, update)
    return case


def _verify_update(case: ReplanCase, update: PlannedUpdate) -> None:
    places, name = case.places, f"update {update.id}"
    if not 0 < len(update.nodes) <= TARGETS_MAX or len(set(update.nodes)) < len(update.nodes):
        raise BadCalendar(f"{name}: nodes must be 1 to {TARGETS_MAX:,}, none twice")
    if min(update.nodes) < 0 or max(update.nodes) >= len(places.rack_of_node):
        raise BadCalendar(f"{name}: nodes has one that the places do not know")
    racks = {places.rack_of_node[node] for node in update.nodes}
    if len({places.site_of_cluster[places.cluster_of_rack[rack]] for rack in racks}) != 1:
        raise BadCalendar(f"{name}: nodes are of more than one site")
    if update.p95_s <= 0 or min(update.p50_s, update.bake_s, update.rollback_s) < 0:
        raise BadCalendar(f"{name}: p95_s must be above 0, p50_s, bake_s, rollback_s not below")
    if min(update.weight, update.at_once_per_rack, update.at_once_in_all) < 1:
        raise BadCalendar(f"{name}: weight and at_once_* must be 1 and more")
    if (update.start - case.origin) % case.grid_s:
        raise BadCalendar(f"{name}: start is not on the grid")


def read_case(facts: Mapping[str, Any]) -> ReplanCase:
    """Read a calendar from the JSON of an instance: racks of 16 nodes, classes by number.

    raises   BadCalendar: a field is missing or of another form
    """
    try:
        return verified_case(_case_of(facts))
    except (KeyError, TypeError, IndexError, ValueError) as wrong:
        raise BadCalendar(f"the calendar lacks or misstates {wrong}") from None


NODES_PER_RACK = 16


def _case_of(facts: Mapping[str, Any]) -> ReplanCase:
    customers, caps = facts["customer_of_rack"], facts["caps"]
    nodes = range(len(customers) * NODES_PER_RACK)
    return ReplanCase(
        origin=facts["origin"],
        grid_s=facts["grid_s"],
        slots=facts["slots"],
        places=Places(
            rack_of_node=tuple(node // NODES_PER_RACK for node in nodes),
            cluster_of_rack=tuple(facts["cluster_of_rack"]),
            site_of_cluster=tuple(facts["site_of_cluster"]),
            customer_of_node=tuple(customers[node // NODES_PER_RACK] for node in nodes),
            rack_caps=tuple(caps["rack"]),
            cluster_caps=tuple(caps["cluster"]),
            customer_caps=tuple(caps["customer"]),
        ),
        windows=tuple(
            NightlyWindow(
                site["tz"],
                site["opens_minute"],
                site["closes_minute"],
                frozenset(site["weekdays"]),
            )
            for site in facts["sites"]
        ),
        closures=tuple(
            _closure_of(f"zone {number}", zone) for number, zone in enumerate(facts["zones"])
        ),
        new=_closure_of("new zone", facts["new_zone"]),
        updates=tuple(_update_of(update) for update in facts["updates"]),
    )


def _closure_of(name: str, facts: Mapping[str, Any]) -> Closure:
    nodes = frozenset(
        rack * NODES_PER_RACK + place for rack in facts["racks"] for place in range(NODES_PER_RACK)
    )
    classes = frozenset(str(one) for one in facts["classes"])
    return Closure(name, nodes, classes, facts["start"], facts["end"])


def _update_of(facts: Mapping[str, Any]) -> PlannedUpdate:
    return PlannedUpdate(
        **{
            **facts,
            "update_class": str(facts["update_class"]),
            "nodes": tuple(facts["nodes"]),
        }
    )
