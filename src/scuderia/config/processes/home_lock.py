"""Who serves a home right now, and what time the domain has there.

Every serving process holds a shared lock on one file. A room may bring a clock of its own, which
runs while anybody holds it and stands still otherwise, so that a demo stopped over night wakes up
where it fell asleep.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

from scuderia.basics.clock import Clock, SystemClock
from scuderia.basics.errors import Refused
from scuderia.basics.rooms import opened
from scuderia.config.home import Home
from scuderia.config.rooms import rooms

_WAITS_S = 5.0


class HomeInUse(Refused):
    """Somebody else has the home in use, so it was left as it is."""

    code = "HOME-003"
    remedy = "Stop `scuderia serve` of this home, or wait until the other command is done."


@contextmanager
def serving(home: Home) -> Iterator[None]:
    """Hold the home as served; the first to come starts its time again.

    raises   HomeInUse: it is being restored
    """
    descriptor = _open(_lock(home))
    try:
        if _is_first(descriptor):
            _start_domain_time(home)
        _share(descriptor, home)
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


def _share(descriptor: int, home: Home) -> None:
    deadline = time.monotonic() + _WAITS_S  # others look in for an instant
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise HomeInUse(f"{home.path} is being restored", home=home.path) from None
            time.sleep(0.05)
        else:
            return


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Hold a home that nobody serves, sets up or backs up, and keep all of them out.

    raises   HomeInUse
    """
    with ExitStack() as held:
        for name in ("serving.lock", "setup.lock", "backup.lock"):
            lock = held.enter_context(os.fdopen(_open(home.path / name)))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HomeInUse(f"{home.path} is in use: {name} is held") from None
        yield


def refuse_served(home: Home) -> None:
    """Raise HomeInUse where any process serves this home."""
    if is_served(home):
        raise HomeInUse(f"{home.path} is being served", home=home.path)


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


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _lock(home: Home) -> Path:
    return home.path / "serving.lock"
