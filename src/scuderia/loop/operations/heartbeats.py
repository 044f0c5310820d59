"""Which workers are alive, and taking over what the dead ones left."""

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.ports import Runner

STALE_AFTER_S = 15.0


def identity() -> str:
    """Return this process's name for claims: its executor and incarnation."""
    raise NotImplementedError


def beat(executor_id: str, *, wall: AwareDatetime, host: str = "", pid: int = 0) -> None:
    """Say that this executor is alive, in wall time."""
    raise NotImplementedError


def list_dead(*, wall: AwareDatetime) -> list[str]:
    """Return the executors whose heartbeat stopped."""
    raise NotImplementedError


def adopt(*, wall: AwareDatetime, runner: Runner | None = None) -> int:
    """Hand unfinished runs of dead executors to the runner; return how many."""
    raise NotImplementedError
