"""What stands in a port until config fills it: stores of nothing, or of this process alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.nouns import PulledBrake, WorkerHeartbeat


class NothingToHold:
    """A stretch in which no pull comes into being anyway: the transaction sees to it."""

    def take(self) -> None:
        """Nothing."""


class TablesAlone:
    """Keeps no pull: the tables alone tell of brakes."""

    def pull(self, pulled: PulledBrake) -> bool:  # noqa: ARG002 - the port's signature
        """Return that it does not hold yet."""
        return False

    def pending(self) -> tuple[PulledBrake, ...]:
        """Return none."""
        return ()

    def forget(self, pull_id: UUID) -> None:
        """Nothing: there is none."""

    @contextmanager
    def hold(self) -> Iterator[NothingToHold]:
        """Return a stretch in which there is nothing to hold."""
        yield NothingToHold()


class HeartbeatsInMemory:
    """Keeps the heartbeats of this process's own workers; others hear of none."""

    def __init__(self) -> None:
        self._newest: dict[str, WorkerHeartbeat] = {}

    def record(self, told: WorkerHeartbeat) -> None:
        """Keep it in place of the one before."""
        self._newest[told.executor_id] = told

    def list_all(self) -> tuple[WorkerHeartbeat, ...]:
        """Return every executor's newest, by its name."""
        return tuple(self._newest[name] for name in sorted(self._newest))

    def forget(self, executor_id: str, *, until: AwareDatetime) -> None:
        """Let go of an executor that has not been heard of since."""
        if executor_id in self._newest and self._newest[executor_id].at <= until:
            del self._newest[executor_id]
