"""The supervisor: starts the web and worker processes, restarts what crashes, stops all cleanly."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from scuderia.basics.errors import Unable
from scuderia.config.home import Home
from scuderia.config.processes.parent_watch import LEASH


class KeepsCrashing(Unable):
    """A process crashed too often in a short time, so everything was stopped."""

    code = "RUN-005"
    remedy = "Read the log that the message names, mend the cause, and serve again."


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many crashes within a window are answered by a restart, and after which waits."""

    crashes_max: int = 5
    window_s: float = 60.0
    first_wait_s: float = 0.5
    wait_max_s: float = 10.0

    def wait_s(self, crashes: int) -> float:
        """Return the wait before the restart that follows this many recent crashes."""
        return min(self.first_wait_s * 2.0 ** (crashes - 1), self.wait_max_s)


@dataclass
class Supervised:
    """One child process: its command, its log, and its recent crashes."""

    name: str
    command: Sequence[str]
    home: Home
    crashes: deque[float] = field(default_factory=deque)
    restart_at: float = 0.0
    child: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """Where it writes."""
        return str(self.home.logs / f"{self.name}.log")

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone."""
        environment: Mapping[str, str] = {
            **os.environ,
            "SCUDERIA_HOME": str(self.home.path),
            LEASH: "1",
        }
        with Path(self.log).open("ab") as log:
            self.child = subprocess.Popen(  # noqa: S603 - our own command line
                [sys.executable, "-m", "scuderia.config", *self.command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def has_ended(self) -> bool:
        """Say whether it runs no longer."""
        return self.child is not None and self.child.poll() is not None


class Supervisor:
    """Runs its children until told to stop, or until one keeps crashing.

    say   told every start, crash and restart, in one line each
    """

    def __init__(
        self,
        children: Sequence[Supervised],
        *,
        say: Callable[[str], None],
        tolerance: Tolerance | None = None,
        grace_s: float = 20.0,
    ) -> None:
        self._children = children
        self._say = say
        self._tolerance = tolerance or Tolerance()
        self._grace_s = grace_s
        self._stopping = False

    def run(self) -> None:
        """Start every child and stay until SIGTERM or SIGINT; then stop every child.

        raises   KeepsCrashing: after stopping every child
        """
        before = {sign: signal.signal(sign, self._stop) for sign in _STOP_SIGNALS}
        try:
            for child in self._children:
                self._start(child)
            while not self._stopping:
                self._restart_ended()
                time.sleep(0.2)
        finally:
            self._stop_all()
            for sign, handler in before.items():
                signal.signal(sign, handler)

    @property
    def is_stopping(self) -> bool:
        """Say whether it was told to stop."""
        return self._stopping

    def _stop(self, _sign: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, child: Supervised) -> None:
        child.start()
        child.restart_at = 0.0
        self._say(f"{child.name}: started (pid {child.child.pid if child.child else '?'})")

    def _restart_ended(self) -> None:
        for child in self._children:
            if child.restart_at and time.monotonic() >= child.restart_at:
                self._start(child)
            elif not child.restart_at and child.has_ended():
                self._plan_restart(child)

    def _plan_restart(self, child: Supervised) -> None:
        now = time.monotonic()
        child.crashes.append(now)
        while child.crashes and now - child.crashes[0] > self._tolerance.window_s:
            child.crashes.popleft()
        crashes, code = len(child.crashes), child.child.returncode if child.child else None
        if crashes > self._tolerance.crashes_max:
            raise KeepsCrashing(
                f"{child.name} crashed {crashes} times within {self._tolerance.window_s:.0f} s;"
                f" its log: {child.log}",
                process=child.name,
            )
        wait_s = self._tolerance.wait_s(crashes)
        self._say(f"{child.name}: ended with {_word(code)}; restarting in {wait_s:.1f} s")
        self._say("".join(f"  {line}\n" for line in _last_lines(child.log, 2)).rstrip())
        child.restart_at = now + wait_s

    def _stop_all(self) -> None:
        alive = [child for child in self._children if child.child and not child.has_ended()]
        for child in alive:
            _send(child, signal.SIGTERM)
        deadline = time.monotonic() + self._grace_s
        while time.monotonic() < deadline and not all(child.has_ended() for child in alive):
            time.sleep(0.05)
        for child in alive:
            if not child.has_ended():
                self._say(f"{child.name}: did not stop within {self._grace_s:.0f} s; killed")
                _send(child, signal.SIGKILL)
        for child in alive:
            if child.child:
                child.child.wait()
        self._say("stopped")


_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _send(child: Supervised, sign: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        if child.child:
            child.child.send_signal(sign)


def _last_lines(path: str, count: int) -> list[str]:
    """Return the log's last lines, bounded, so that a crash says on the spot why."""
    try:
        with Path(path).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            tail = log.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [line[:300] for line in tail.splitlines() if line.strip()][-count:]


def _word(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
