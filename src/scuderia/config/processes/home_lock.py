"""Who serves a home right now, and what time its embedded fleet has.

Every serving process holds a shared lock on one file. Fleet time runs while anybody holds it and
stands still otherwise, so that a demo stopped over night wakes up where it fell asleep.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from scuderia.basics.clock import Clock, FixedClock, SystemClock
from scuderia.config.home import Home
from scuderia.connectors.embedded.clock import anchor_clock, load_clock
from scuderia.connectors.embedded.storage import open_world, read_meta
from scuderia.connectors.embedded.world import instant


@contextmanager
def serving(home: Home) -> Iterator[None]:
    """Hold the home as served; the first to come starts fleet time again."""
    descriptor = os.open(_lock(home), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if _is_first(descriptor):
            _start_fleet_time(home)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _is_first(descriptor: int) -> bool:
    """Take the whole lock if nobody serves; more than one try, as others look in for an instant."""
    for _ in range(5):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
        else:
            return True
    return False


def is_served(home: Home) -> bool:
    """Say whether any process serves this home."""
    try:
        descriptor = os.open(_lock(home), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def clock_of(home: Home) -> Clock:
    """Return the home's clock: the machine's, or its embedded fleet's, running or standing."""
    world = home.embedded_fleet
    if not world.exists():
        return SystemClock()
    if is_served(home):
        return load_clock(world)
    with open_world(world) as connection:
        return FixedClock(instant(int(read_meta(connection)["come_to"])))


def _start_fleet_time(home: Home) -> None:
    if home.embedded_fleet.exists():
        speed = load_clock(home.embedded_fleet).speed
        anchor_clock(home.embedded_fleet, wall_now=SystemClock().now(), speed=speed)


def _lock(home: Home) -> str:
    return str(home.path / "serving.lock")
