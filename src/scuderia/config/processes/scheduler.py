"""Calls made again and again, in threads that do not wait for one another."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_log = logging.getLogger(__name__)
_WAIT_MAX_S = 60.0


@dataclass
class ScheduledTask:
    """One call and how often it is due. A call that fails is made again, ever more patiently."""

    name: str
    every_s: float
    call: Callable[[], object]
    failures: int = 0
    due_at: float = field(default=0.0)

    def run(self) -> None:
        """Make the call; a failure is logged and never ends the thread."""
        try:
            self.call()
        except Exception:  # noqa: BLE001 - a task's last resort: logged, and tried again
            self.failures += 1
            _log.exception("%s failed (%d in a row) and is tried again", self.name, self.failures)
        else:
            self.failures = 0
        self.due_at = time.monotonic() + self.wait_s

    @property
    def wait_s(self) -> float:
        """The wait until the next call; doubled for every failure in a row, up to a minute."""
        patient = self.every_s * 2.0 ** min(self.failures, 16)
        return max(self.every_s, min(patient, _WAIT_MAX_S))


class TaskThread(threading.Thread):
    """One thread and its tasks, in order; a slow task delays its own thread alone.

    after_each   called after every round of due tasks, e.g. to let go of database connections
    """

    def __init__(
        self,
        name: str,
        tasks: Sequence[ScheduledTask],
        *,
        stop: threading.Event,
        after_each: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._tasks = tasks
        self._stop_event = stop
        self._after_each = after_each

    def run(self) -> None:
        """Make due calls until told to stop."""
        while not self._stop_event.is_set():
            for task in self._tasks:
                if time.monotonic() >= task.due_at and not self._stop_event.is_set():
                    task.run()
            self._after_each()
            next_due = min(task.due_at for task in self._tasks)
            self._stop_event.wait(max(0.0, next_due - time.monotonic()))
