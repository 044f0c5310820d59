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
    if connection.vendor == "sqlite":
        _say(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
    else:
        _say(f"SET lock_timeout = {int(seconds * 1000)}")
    try:
        yield
    finally:
        if connection.vendor == "sqlite":
            _say(f"PRAGMA busy_timeout = {int(usual * 1000)}")
        else:
            _say("RESET lock_timeout")


def _say(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
