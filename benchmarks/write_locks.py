"""How long write transactions hold the books, seen from inside: for the other benchmarks."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
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


_WAITER = """
import json, sqlite3, sys, time
waits, books = [], sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
print("ready", flush=True)
books.execute("CREATE TABLE IF NOT EXISTS bench_waiter (at REAL)")
import select
while not select.select([sys.stdin], [], [], 0.05)[0]:
    begun = time.perf_counter()
    books.execute("BEGIN IMMEDIATE")
    books.execute("INSERT INTO bench_waiter VALUES (0)")
    books.execute("COMMIT")
    waits.append(time.perf_counter() - begun)
waits.sort()
print(json.dumps({
    "writes": len(waits), "p50_s": round(waits[len(waits) // 2], 3),
    "p99_s": round(waits[int(len(waits) * 0.99)], 3), "longest_s": round(waits[-1], 3),
}))
"""


@contextmanager
def waiting_writer(database: Path) -> Iterator[dict[str, float]]:
    """Have another process write every 50 ms; afterwards it holds how long that took it."""
    told: dict[str, float] = {}
    command = [sys.executable, "-c", _WAITER, str(database)]
    with subprocess.Popen(  # noqa: S603 - our own lines
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None  # noqa: S101 - it is a pipe
        other.stdout.readline()
        yield told
        out, _ = other.communicate("stop\n")
        told |= json.loads(out)
