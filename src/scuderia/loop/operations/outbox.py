"""Runs that were asked for and not yet started."""

from scuderia.basics.clock import AwareDatetime
from scuderia.loop.ports import Runner


def sweep(*, now: AwareDatetime, runner: Runner | None = None) -> int:
    """Start every run that was asked for; return how many. Safe to repeat after any crash."""
    raise NotImplementedError
