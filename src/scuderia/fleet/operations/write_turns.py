"""One bounded write after another, with a pause between, so that whoever waits to write gets in."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connection, transaction

DoneT = TypeVar("DoneT")
_PAUSE_SHARE = 1 / 3
_PAUSE_MAX_S = 0.2


def take_turn(write: Callable[[], DoneT]) -> DoneT:
    """Carry out one write in a transaction of its own, then leave the lock alone for a while.

    SQLite serves waiting writers in no order: they look again every 25 to 100 ms, and find the
    lock taken unless it is free for a good share of the time.
    """
    is_alone = not connection.in_atomic_block
    begun = time.monotonic()
    with transaction.atomic():
        done = write()
    if is_alone:
        time.sleep(min(_PAUSE_MAX_S, _PAUSE_SHARE * (time.monotonic() - begun)))
    return done
