"""Beats: calls made again and again, in lanes that do not wait for one another."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_log = logging.getLogger(__name__)
_WAIT_MAX_S = 60.0


@dataclass
class Beat:
    """One call and how often it is due. A call that fails is made again, ever more patiently."""

    name: str
    every_s: float
    call: Callable[[], object]
    failures: int = 0
    due_at: float = field(default=0.0)

    def beat(self) -> None:
        """Make the call; a failure is logged and never ends the lane."""
        try:
            self.call()
        except Exception:  # noqa: BLE001 - a job's own door: logged, and tried again
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


class Lane(threading.Thread):
    """One thread and its beats, in order; a slow beat delays its own lane alone.

    after_each   called after every round of due beats, e.g. to let go of database connections
    """

    def __init__(
        self,
        name: str,
        beats: Sequence[Beat],
        *,
        stop: threading.Event,
        after_each: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._beats = beats
        self._stop_event = stop
        self._after_each = after_each

    def run(self) -> None:
        """Make due calls until told to stop."""
        while not self._stop_event.is_set():
            for beat in self._beats:
                if time.monotonic() >= beat.due_at and not self._stop_event.is_set():
                    beat.beat()
            self._after_each()
            next_due = min(beat.due_at for beat in self._beats)
            self._stop_event.wait(max(0.0, next_due - time.monotonic()))
