"""Making an embedded fleet with a past: the same seed gives the same past, to the second."""

from datetime import timedelta
from pathlib import Path

from scuderia.basics.clock import AcceleratedClock, AwareDatetime
from scuderia.connectors.embedded import faults, layout
from scuderia.connectors.embedded.clock import anchor_clock
from scuderia.connectors.embedded.nodes import Node
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
    if path.exists():
        raise FileExistsError(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    for leftover in unfinished.parent.glob(f"{unfinished.name}*"):
        leftover.unlink()
    create_file(unfinished)
    end = seconds(now)
    _fill(
        unfinished,
        seed=seed,
        begin=seconds(now - timedelta(days=history_days)),
        end=end,
        healthy=healthy,
    )
    anchor_clock(unfinished, wall_now=now, speed=speed)
    unfinished.rename(path)
    return anchor_clock(path, wall_now=now, speed=speed)


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
