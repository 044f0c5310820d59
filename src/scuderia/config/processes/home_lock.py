"""Who serves a home right now, and what time the domain has there.

Every serving process holds a shared lock on one file. A room may bring a clock of its own, which
runs while anybody holds it and stands still otherwise, so that a demo stopped over night wakes up
where it fell asleep.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from scuderia.basics.clock import Clock, SystemClock
from scuderia.basics.rooms import opened
from scuderia.config.home import Home
from scuderia.config.rooms import rooms


@contextmanager
def serving(home: Home) -> Iterator[None]:
    """Hold the home as served; the first to come starts its time again."""
    descriptor = os.open(_lock(home), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if _is_first(descriptor):
            _start_domain_time(home)
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
    """Return the home's clock: the machine's, or that of a room that brings one for this home."""
    served = is_served(home)
    for room in rooms():
        brought = opened(room.clock.read)(home.path, served=served) if room.clock else None
        if brought is not None:
            return cast("Clock", brought)
    return SystemClock()


def _start_domain_time(home: Home) -> None:
    for room in rooms():
        if room.clock:
            opened(room.clock.start)(home.path)


def _lock(home: Home) -> str:
    return str(home.path / "serving.lock")
