"""Waiting for the one writer's turn no longer than one wants to."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """Let a transaction begun within wait so long for its turn, in place of the usual 30 s.

    raises   OperationalError: by the transaction, if its turn did not come
    """
    if connection.in_atomic_block:  # the turn is ours already
        yield
        return
    usual = connection.settings_dict["OPTIONS"].get("timeout", 30)
    on_sqlite = connection.vendor == "sqlite"
    if on_sqlite:
        connection.turn_within_s = seconds  # type: ignore[attr-defined]  # of our own wrapper
        _say(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    else:
        _say(f"SET lock_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        if on_sqlite:
            connection.turn_within_s = None  # type: ignore[attr-defined]
        _say(f"PRAGMA busy_timeout = {int(usual * 1000)}" if on_sqlite else "RESET lock_timeout")


def _say(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
