"""Django's SQLite with writers that ask for their turn every few milliseconds.

SQLite's own wait asks ever more rarely, ten times a second in the end, and so never meets the
short pauses of whoever writes turn after turn: a heartbeat fell silent for half a minute.
"""

import random
import time

from django.db import OperationalError
from django.db.backends.sqlite3 import base

ASK_EVERY_S = 0.004
USUAL_S = 30.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Begins a transaction as soon as the writer before it is done; waits as long as `timeout`.

    turn_within_s   a shorter wait, for a while; see loop's `waiting_at_most`
    """

    turn_within_s: float | None = None

    def _start_transaction_under_autocommit(self) -> None:
        usual = float(self.settings_dict["OPTIONS"].get("timeout", USUAL_S))
        deadline = time.monotonic() + (usual if self.turn_within_s is None else self.turn_within_s)
        self._ask_again_for(0)
        try:
            while not self._begins(last=time.monotonic() >= deadline):
                time.sleep(random.uniform(0.5, 1.5) * ASK_EVERY_S)  # noqa: S311 - no secret
        finally:
            self._ask_again_for(usual)

    def _begins(self, *, last: bool) -> bool:
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # absent from stubs
        except OperationalError as error:
            if last or "database is locked" not in str(error):
                raise
            return False
        return True

    def _ask_again_for(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
