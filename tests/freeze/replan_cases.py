"""Small update calendars, made by hand and at random."""

import random
from dataclasses import replace

from scuderia.freeze.engine.planned_updates import (
    Closure,
    NightlyWindow,
    Places,
    PlannedUpdate,
    ReplanCase,
)

ORIGIN = 1_792_800_000  # 2026-10-24 00:00 UTC: the clocks of Europe go back on the 25th
GRID_S = 900
HOUR_S = 3_600
DAY_S = 86_400
NODES_PER_RACK = 4

PLACES = Places(
    rack_of_node=tuple(node // NODES_PER_RACK for node in range(24)),
    cluster_of_rack=(0, 0, 1, 1, 2, 2),
    site_of_cluster=(0, 0, 1),
    customer_of_node=tuple((0, 1, 0, -1, 2, 2)[node // NODES_PER_RACK] for node in range(24)),
    rack_caps=(2, 2, 2, 2, 2, 2),
    cluster_caps=(3, 3, 3),
    customer_caps=(3, 3, 3),
)
WINDOWS = (
    NightlyWindow("Europe/Helsinki", 20 * 60, 4 * 60, frozenset(range(7))),
    NightlyWindow("America/Los_Angeles", 60, 300, frozenset({0, 1, 2, 3, 4})),
)
NO_ZONE = Closure("new zone", frozenset(), frozenset({"a"}), ORIGIN, ORIGIN + 1)


def an_update(number: int, start: int, nodes: tuple[int, ...] = (0,), **facts) -> PlannedUpdate:
    return PlannedUpdate(
        **{
            "id": number,
            "update_class": "a",
            "nodes": nodes,
            "p50_s": 1_800,
            "p95_s": HOUR_S,
            "bake_s": HOUR_S,
            "rollback_s": 600,
            "campaign": -1,
            "ring": 0,
            "weight": 1,
            "at_once_per_rack": 1,
            "at_once_in_all": 2,
            "earliest": ORIGIN,
            "due": start + HOUR_S,
            "deadline": None,
            "start": start,
            **facts,
        }
    )


def a_case(*updates: PlannedUpdate, new: Closure = NO_ZONE, **facts) -> ReplanCase:
    return ReplanCase(
        **{
            "origin": ORIGIN,
            "grid_s": GRID_S,
            "slots": 7 * 96,
            "places": PLACES,
            "windows": WINDOWS,
            "closures": (),
            "new": new,
            "updates": updates,
            **facts,
        }
    )


def night(day: int, *, hour: float = 17) -> int:
    """Return an instant of the calendar by the summer's hours: Helsinki is open from 17 to 25."""
    return ORIGIN + day * DAY_S + int((hour + (day > 0)) * HOUR_S)


def random_case(seed: int, *, updates: int = 20) -> ReplanCase:
    """Return a calendar with campaigns, deadlines and two zones; its starts may clash."""
    draw = random.Random(seed)  # noqa: S311 - a test's calendar
    case = a_case(slots=draw.choice((3, 7)) * 96)
    made = tuple(_random_update(draw, number, case.slots) for number in range(updates))
    closures = tuple(_random_zone(draw, f"zone {n}", case.slots) for n in range(draw.randint(0, 2)))
    rare = draw.random() < 0.3
    places = replace(PLACES, rack_caps=(1,) * 6) if rare else PLACES
    new = _random_zone(draw, "new zone", case.slots)
    return replace(case, updates=made, closures=closures, new=new, places=places)


def _random_update(draw: random.Random, number: int, slots: int) -> PlannedUpdate:
    first = draw.randrange(24)
    if draw.random() < 0.3:  # racks of one cluster
        nodes = tuple(range(first // 8 * 8, first // 8 * 8 + 8))
    else:
        nodes = tuple(range(first, min(first + draw.randint(1, 3), first // 4 * 4 + 4)))
    start = ORIGIN + draw.randrange(slots) * GRID_S
    p95_s = draw.choice((1_200, HOUR_S, 2 * HOUR_S + 60))
    due = start + p95_s + draw.choice((0, 0, 700, DAY_S))
    return an_update(
        number,
        start,
        nodes,
        update_class=draw.choice("ab"),
        p95_s=p95_s,
        bake_s=draw.choice((0, HOUR_S, 9 * HOUR_S)),
        campaign=draw.choice((-1, 0, 1)),
        ring=draw.randrange(3),
        weight=draw.choice((1, 3, 6)),
        at_once_per_rack=draw.randint(1, 2),
        at_once_in_all=draw.randint(1, 4),
        earliest=max(ORIGIN, start - draw.choice((0, DAY_S, 9 * DAY_S))),
        due=due,
        deadline=due + DAY_S if draw.random() < 0.2 else None,
    )


def _random_zone(draw: random.Random, name: str, slots: int) -> Closure:
    first = draw.randrange(0, 24, 4)
    start = ORIGIN + draw.randrange(slots) * GRID_S + draw.choice((0, 60))
    return Closure(
        name,
        frozenset(range(first, first + draw.choice((2, 4, 8)))),
        frozenset(draw.choice(("a", "b", "ab"))),
        start,
        start + draw.choice((2 * HOUR_S, DAY_S, 3 * DAY_S)),
    )
