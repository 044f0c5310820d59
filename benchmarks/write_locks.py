"""How long write transactions hold the books, seen from inside: for the other benchmarks."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Held:
    """Seconds between each transaction's begin and its end, in their order."""

    seconds: list[float] = field(default_factory=list)

    @property
    def longest_s(self) -> float:
        """Return the longest, 0.0 when nothing was written."""
        return round(max(self.seconds, default=0.0), 3)


@contextmanager
def watched_writes() -> Iterator[Held]:
    """Watch the default connection's transactions."""
    from django.db import connection

    held, begun = Held(), [0.0]

    def see(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        done = execute(sql, *rest)
        if sql.startswith("BEGIN"):
            begun[0] = time.perf_counter()
        return done

    def ended(end: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            end()
            if begun[0]:
                held.seconds.append(time.perf_counter() - begun[0])
                begun[0] = 0.0

        return run

    kept = connection._commit, connection._rollback  # noqa: SLF001 - no other sees the commit
    connection._commit, connection._rollback = map(ended, kept)  # type: ignore[method-assign]  # noqa: SLF001
    try:
        with connection.execute_wrapper(see):
            yield held
    finally:
        connection._commit, connection._rollback = kept  # type: ignore[method-assign]  # noqa: SLF001
