"""Making an embedded fleet with a past: the same seed gives the same past, to the second."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from scuderia.basics.clock import AcceleratedClock, AwareDatetime
from scuderia.connectors.embedded import faults, layout
from scuderia.connectors.embedded.clock import anchor_clock
from scuderia.connectors.embedded.nodes import Node
from scuderia.connectors.embedded.recorded import RecordedYear
from scuderia.connectors.embedded.storage import (
    create_file,
    load_nodes,
    save_node,
    write_meta,
    write_observation,
    write_world,
)
from scuderia.connectors.embedded.world import advance_within, seconds

DEMO_SEED = 679
DEMO_SPEED = 60.0
HISTORY_DAYS = 60
_WARM_UP_DAYS = 200  # so that the history opens on a fleet in its stride, old repairs included
_SPARE_POOL = 2
_SPARE_POOL_HEALTHY = 6


def create_recorded_world(
    path: Path,
    year: RecordedYear,
    *,
    as_of: int,
    wall_now: AwareDatetime,
    speed: float = DEMO_SPEED,
) -> AcceleratedClock:
    """Create the file of a fleet that lives through a recorded year, and start time at `as_of`.

    raises   FileExistsError: there is a world already; it is left as it is
    """
    return _create(path, lambda file: _record(file, year, as_of), wall_now=wall_now, speed=speed)


def create_world(
    path: Path,
    *,
    now: AwareDatetime,
    seed: int = DEMO_SEED,
    history_days: int = HISTORY_DAYS,
    speed: float = DEMO_SPEED,
    healthy: bool = False,
) -> AcceleratedClock:
    """Create the fleet's file with `history_days` of past up to `now`, and start fleet time there.

    healthy   no node ever fails, and the spare pool is ample: nothing for anyone to propose
    raises    FileExistsError: there is a world already; it is left as it is

    The file appears whole or not at all: it is made beside `path` and moved into place.
    """
    end = seconds(now)
    begin = seconds(now - timedelta(days=history_days))
    return _create(
        path,
        lambda file: _fill(file, seed=seed, begin=begin, end=end, healthy=healthy),
        wall_now=now,
        speed=speed,
    )


def _create(
    path: Path, fill: Callable[[Path], None], *, wall_now: AwareDatetime, speed: float
) -> AcceleratedClock:
    if path.exists():
        raise FileExistsError(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    for leftover in unfinished.parent.glob(f"{unfinished.name}*"):
        leftover.unlink()
    create_file(unfinished)
    fill(unfinished)
    anchor_clock(unfinished, wall_now=wall_now, speed=speed)
    unfinished.rename(path)
    return anchor_clock(path, wall_now=wall_now, speed=speed)


def _record(path: Path, year: RecordedYear, as_of: int) -> None:
    with write_world(path) as connection:
        write_meta(
            connection,
            {
                "seed": DEMO_SEED,
                "healthy": 0,
                "come_to": year.begin,
                "spare_pool": len(year.spares),
                "layout": year.layout.as_text(),
                "recorded_end": year.end,
            },
        )
        customer = year.layout.slas[0].customer
        for place in year.layout.places:
            is_spare = place.node in year.spares
            node = Node(
                name=place.node,
                customer=None if is_spare else customer,
                frailty=faults.FRAILTY_MEDIAN,
                member=is_spare,
                recorded=list(year.outages.get(place.node, [])),
            )
            node.enter_service(year.begin, seed=DEMO_SEED)
            save_node(connection, node, at=year.begin, healthy=False, observed=True)
        advance_within(connection, to=as_of)


def _fill(path: Path, *, seed: int, begin: int, end: int, healthy: bool) -> None:
    start = begin - _WARM_UP_DAYS * faults.DAY_S
    spare_pool = _SPARE_POOL_HEALTHY if healthy else _SPARE_POOL
    with write_world(path) as connection:
        write_meta(
            connection,
            {"seed": seed, "healthy": int(healthy), "come_to": start, "spare_pool": spare_pool},
        )
        for node in _new_nodes(seed, start=start, spare_pool=spare_pool):
            save_node(connection, node, at=start, healthy=healthy, observed=False)
        advance_within(connection, to=begin, observed=False)
        connection.execute("UPDATE node SET changed_at = ?", (begin,))
        for node in load_nodes(connection).values():
            write_observation(connection, node, at=begin)
        advance_within(connection, to=end)


def _new_nodes(seed: int, *, start: int, spare_pool: int) -> list[Node]:
    nodes = []
    for place in layout.places():
        holder = layout.first_holder(place)
        node = Node(name=place.node, customer=holder, frailty=faults.frailty_of(seed, place.node))
        node.enter_service(start, seed=seed)
        nodes.append(node)
    for node in [node for node in nodes if node.customer is None][:spare_pool]:
        node.member = True
    return nodes
