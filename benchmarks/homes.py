"""Homes that are served by real processes on loopback, for benchmarks that ask them over HTTP."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Home:
    """A home folder, the processes on it, and who asks it over HTTP.

    database_url   where its tables are; empty for the home's own file
    """

    path: Path
    port: int = 0
    token: str = ""
    database_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """Return what every process on the home is started with."""
        kept = {name: text for name, text in os.environ.items() if "SCUDERIA" not in name}
        return kept | {"SCUDERIA_HOME": str(self.path), "SCUDERIA_DATABASE_URL": self.database_url}

    def run(self, *words: str) -> str:
        """Run one command to its end."""
        return subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-m", "scuderia.config", *words],
            env=self.environment, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start a process and end it, and it alone, at the end."""
        with (self.path / "bench.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - ours
                [sys.executable, *words], env=self.environment, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            process.kill()
            process.wait()

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Send one request; status 0 where nobody answered."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as line:
                line.request(method, f"/api/v1{path}", json.dumps(body) if body else None, headers)
                answer = line.getresponse()
                return answer.status, answer.read()
        except OSError:
            return 0, b""

    def books(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the tables, past the product."""
        if self.database_url:
            import psycopg

            with psycopg.connect(self.database_url) as server:
                return server.execute(query.encode()).fetchall()
        with closing(sqlite3.connect(self.path / "scuderia.sqlite3", timeout=60)) as tables:
            return tables.execute(query).fetchall()

    def take_port(self) -> None:
        """Choose a port of this machine that is free now."""
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port = trial.getsockname()[1]


@contextmanager
def throw_away_tables(*, postgres: bool) -> Iterator[str]:
    """Yield the address of an empty PostgreSQL database, which goes at the end; "" for SQLite."""
    if not postgres:
        yield ""
        return
    from tests.postgres.server import programs, throw_away_server

    found = programs()
    if found is None:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    with throw_away_server(found) as url:
        yield url
