"""One bounded write after another, with a pause between, so that whoever waits to write gets in."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.db import connection, models, transaction

DoneT = TypeVar("DoneT")
ROWS_A_TURN = 1_000
_PAUSE_SHARE = 1 / 3
_PAUSE_MIN_S, _PAUSE_MAX_S = 0.015, 0.2


def take_turn(write: Callable[[], DoneT], *, pause_share: float = _PAUSE_SHARE) -> DoneT:
    """Carry out one write in a transaction of its own, then leave the lock alone for a while.

    SQLite serves waiting writers in no order: ours look again every 2 to 6 ms, so that a few of
    them get in at each pause. PostgreSQL serves them in the order in which they came.
    """
    is_alone = not connection.in_atomic_block and connection.vendor == "sqlite"
    begun = time.monotonic()
    with transaction.atomic():
        done = write()
    if is_alone:
        share = pause_share * (time.monotonic() - begun)
        time.sleep(min(_PAUSE_MAX_S, max(_PAUSE_MIN_S, share)))
    return done


def write_in_turns(rows: models.QuerySet[Any], write: Callable[[Any], object]) -> None:
    """Write all rows, a bounded number in a turn; the write must take them out of the set."""
    while ids := list(rows.values_list("pk", flat=True)[:ROWS_A_TURN]):
        some = rows.model._base_manager.filter(pk__in=ids)  # noqa: SLF001 - Django documents it
        take_turn(partial(write, some))
