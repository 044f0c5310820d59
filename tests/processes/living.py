"""A home that lives: the real command line, real processes, the real files."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from scuderia.connectors.embedded.storage import open_world
from tests.homes import Shell, outside

DRIVER = Path(__file__).with_name("driver.py")
PATIENCE_S = 90.0


@dataclass
class LiveHome:
    """One home folder and the processes a test has started on it."""

    path: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return outside(SCUDERIA_HOME=str(self.path))

    @property
    def world(self) -> Path:
        return self.path / "embedded-fleet.sqlite3"

    def run(self, *command: str, code: int = 0) -> str:
        """Run one command line to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "scuderia.config", *command],
            env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout

    @cached_property
    def shell(self) -> Shell:
        return Shell(self.environment)

    def ask(self, *command: str) -> Any:
        return json.loads(self.shell.told(*command, "--json"))

    def approve(self, *wishes: tuple[str, str, dict[str, str]]) -> list[str]:
        """File and approve plans as a person; return the actions' ids."""
        done = subprocess.run(
            [sys.executable, str(DRIVER), json.dumps(wishes)],
            env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a process that stays, in a session of its own."""
        with (self.path / "logs" / "test.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "scuderia.config", *command],
                env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.started.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("serve", "worker", "--crew-every", "600")

    def actions(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.ask("loop", "actions")}

    def unfinished(self) -> int:
        """How many actions are not done, read past the command line, which is slow to ask."""
        return int(self.rows("SELECT count(*) FROM loop_action WHERE state != 'done'")[0][0])

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """Ask the tables themselves, past the command line."""
        with sqlite3.connect(self.path / "scuderia.sqlite3", timeout=30) as connection:
            return connection.execute(question).fetchall()

    def receipts(self) -> list[str]:
        """The keys of every effect that the fleet carried out, in order."""
        with open_world(self.world) as connection:
            return [key for (key,) in connection.execute("SELECT key FROM receipt ORDER BY rowid")]

    def state_of(self, node: str) -> str:
        with open_world(self.world) as connection:
            row = connection.execute("SELECT state FROM node WHERE name = ?", (node,)).fetchone()
        return str(row[0])

    def log(self) -> str:
        logs = sorted((self.path / "logs").glob("*.log"))
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in logs)

    def stop_all(self) -> None:
        if "shell" in self.__dict__:
            self.shell.close()
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.started:
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def eventually(holds: Callable[[], bool], *, within_s: float = PATIENCE_S) -> bool:
    """Ask again and again, within a generous bound, until it holds."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.3)
    return False
