"""Fleet time: one accelerated clock, anchored in the world's file and shared by every process.

Stopping the demo stops fleet time. `anchor_clock` takes it up again from the last instant that
the world had come to, so nothing happens while nobody runs it.
"""

from pathlib import Path

from scuderia.basics.clock import AcceleratedClock, AwareDatetime
from scuderia.connectors.embedded.storage import open_world, read_meta, write_meta, write_world
from scuderia.connectors.embedded.world import advance, instant


def anchor_clock(path: Path, *, wall_now: AwareDatetime, speed: float) -> AcceleratedClock:
    """Start fleet time where it stopped: from now on `speed` fleet seconds pass per wall second.

    The supervising process calls this once at its start, before any other process loads it.
    """
    with write_world(path) as connection:
        come_to = int(read_meta(connection)["come_to"])
        anchor: dict[str, str | int | float] = {
            "fleet_anchor": come_to,
            "wall_anchor_s": repr(wall_now.timestamp()),
            "speed": repr(float(speed)),
        }
        write_meta(connection, anchor)
    return load_clock(path)


def load_clock(path: Path) -> AcceleratedClock:
    """Return the shared clock as it was last anchored.

    raises   WorldSilent: no world at `path`
    """
    with open_world(path) as connection:
        meta = read_meta(connection)
    return AcceleratedClock(
        fleet_anchor=instant(int(meta["fleet_anchor"])),
        wall_anchor_s=float(meta["wall_anchor_s"]),
        speed=float(meta["speed"]),
    )


def tick(path: Path, *, now: AwareDatetime) -> AwareDatetime:
    """Let the world come to `now`, so that a restart takes fleet time up from about here."""
    return advance(path, to=now)
