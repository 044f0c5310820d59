"""The supervisor: starts the web and worker processes, restarts what crashes, stops all cleanly."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import FrameType

from scuderia.basics.errors import Unable
from scuderia.config.home import Home
from scuderia.config.processes.parent_watch import LEASH, pid_to_watch
from scuderia.config.processes.parts_down import write_down
from scuderia.config.processes.rotating_log import RotatingLog


class KeepsCrashing(Unable):
    """A process kept crashing: nothing else was left to serve, or it was still down at the end."""

    code = "RUN-005"
    remedy = "Read the log that the message names, mend the cause, and serve again."


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Which waits answer crashes in a row; a run of `steady_s` begins the count anew.

    Up to `crashes_max` the waits are short; from then on the part is down, and the waits long.
    """

    crashes_max: int = 5
    steady_s: float = 60.0
    first_wait_s: float = 0.5
    wait_max_s: float = 10.0
    down_wait_s: float = 60.0
    down_wait_max_s: float = 600.0

    def is_down(self, crashes: int) -> bool:
        """Say whether a part that crashed so often in a row is left down."""
        return crashes > self.crashes_max

    def wait_s(self, crashes: int) -> float:
        """Return the wait before the restart that follows this many crashes in a row."""
        if self.is_down(crashes):
            doubled = 2.0 ** min(crashes - self.crashes_max - 1, 16)
            return min(self.down_wait_s * doubled, self.down_wait_max_s)
        return min(self.first_wait_s * 2.0 ** (crashes - 1), self.wait_max_s)


@dataclass
class Supervised:
    """One child process: its command, its log, and its crashes in a row."""

    name: str
    command: Sequence[str]
    home: Home
    program: Sequence[str] = (sys.executable, "-m", "scuderia.config")
    crashes: int = 0
    started_at: float = 0.0
    restart_at: float = 0.0
    child: subprocess.Popen[bytes] | None = None
    copier: threading.Thread | None = None

    @property
    def log(self) -> str:
        """Where what it writes stands."""
        return str(self.home.logs / f"{self.name}.log")

    @cached_property
    def rotating(self) -> RotatingLog:
        """What bounds its log."""
        return RotatingLog(Path(self.log))

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor alone.

        What it writes comes through a pipe, so that its log is bounded whatever writes there.
        """
        environment: Mapping[str, str] = {
            **os.environ,
            "SCUDERIA_HOME": str(self.home.path),
            LEASH: pid_to_watch(),
        }
        self.child = subprocess.Popen(  # noqa: S603 - our own command line
            [*self.program, *self.command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.copier = threading.Thread(
            target=self.rotating.copy, args=(self.child.stdout,), name="log", daemon=True
        )
        self.copier.start()
        self.started_at, self.restart_at = time.monotonic(), 0.0

    def has_ended(self) -> bool:
        """Say whether it runs no longer."""
        return self.child is not None and self.child.poll() is not None

    def finish_log(self) -> None:
        """Wait, within a bound, until what it has written stands in its log."""
        if self.copier:
            self.copier.join(timeout=_LOG_WAIT_S)


class Supervisor:
    """Runs its children until told to stop; one that keeps crashing is left down, alone.

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
        """Start every child and stay until SIGTERM, SIGINT or SIGHUP; then stop every child.

        Called in the main thread: Linux ends the children with the thread that started them.

        raises   KeepsCrashing, after stopping every child: all of them are down, or one was when
                 told to stop
        """
        heard = [one for one in _STOP_SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
        before = {sign: signal.signal(sign, self._told) for sign in heard}
        try:
            self._tell_pages()
            for child in self._children:
                self._start(child)
            while not self._stopping and len(self._down()) < len(self._children):
                for child in self._children:
                    self._look_after(child)
                time.sleep(0.2)
        finally:
            self._stop_all()
            for sign, handler in before.items():
                signal.signal(sign, handler)
        self._refuse_silence()

    @property
    def is_stopping(self) -> bool:
        """Say whether it was told to stop."""
        return self._stopping

    def stop(self) -> None:
        """Have `run` stop every child and return."""
        self._stopping = True

    def _told(self, _sign: int, _frame: FrameType | None) -> None:
        self.stop()

    def _down(self) -> list[Supervised]:
        return [child for child in self._children if self._tolerance.is_down(child.crashes)]

    def _refuse_silence(self) -> None:
        """Raise KeepsCrashing if a part was down when everything stopped."""
        if down := self._down():
            told = "; ".join(
                f"{one.name} crashed {one.crashes} times in a row, its log: {one.log}"
                for one in down
            )
            raise KeepsCrashing(told, processes=",".join(one.name for one in down))

    def _start(self, child: Supervised) -> None:
        child.start()
        self._say(f"{child.name}: started (pid {child.child.pid if child.child else '?'})")

    def _look_after(self, child: Supervised) -> None:
        now = time.monotonic()
        if child.restart_at:
            if now >= child.restart_at:
                self._start(child)
        elif child.has_ended():
            self._plan_restart(child)
        elif child.crashes and now - child.started_at > self._tolerance.steady_s:
            self._call_steady(child)

    def _call_steady(self, child: Supervised) -> None:
        was_down = self._tolerance.is_down(child.crashes)
        child.crashes = 0
        if was_down:
            self._say(f"{child.name}: up again")
            self._tell_pages()

    def _plan_restart(self, child: Supervised) -> None:
        child.crashes += 1
        code = child.child.returncode if child.child else None
        wait_s = self._tolerance.wait_s(child.crashes)
        self._say(f"{child.name}: ended with {_word(code)}; restarting in {wait_s:.1f} s")
        child.finish_log()
        self._say("".join(f"  {line}\n" for line in _last_lines(child.log, 2)).rstrip())
        child.restart_at = time.monotonic() + wait_s
        if self._tolerance.is_down(child.crashes):
            self._say(
                f"{child.name}: crashed {child.crashes} times in a row and is left down until"
                f" then; what else is served goes on; its log: {child.log}"
            )
            self._tell_pages()

    def _tell_pages(self) -> None:
        write_down(self._children[0].home, [one.name for one in self._down()])

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
            child.finish_log()
        self._say("stopped")


_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""A terminal that closes sends SIGHUP; whoever starts with nohup ignores it, and so do we then."""
_LOG_WAIT_S = 1.0


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
