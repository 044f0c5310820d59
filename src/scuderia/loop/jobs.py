"""The loop's scheduled work: one function per beat, each a single call into operations."""

import os
import socket

from scuderia.basics.actors import WORKER
from scuderia.basics.clock import SystemClock
from scuderia.loop.operations import heartbeats, outbox, outcomes, proposals, rounds
from scuderia.loop.ports import sockets


def say_alive() -> None:
    """Beat this worker's heart, in wall time."""
    if sockets.runner is not None:
        heartbeats.beat(
            sockets.runner.executor_id,
            wall=SystemClock().now(),
            host=socket.gethostname(),
            pid=os.getpid(),
        )


def adopt_orphans() -> int:
    """Take over the unfinished runs of workers whose heartbeat stopped; return how many."""
    return heartbeats.adopt(wall=SystemClock().now(), runner=sockets.runner)


def start_runs() -> int:
    """Start the runs that were asked for; return how many."""
    return outbox.sweep(now=sockets.clock.now(), runner=sockets.runner)


def expire_proposals() -> int:
    """Close proposals whose time has passed; return how many."""
    return proposals.expire_due(now=sockets.clock.now())


def measure_outcomes() -> int:
    """Measure what actions did; return how many got their verdict."""
    return outcomes.measure_due(now=sockets.clock.now())


def make_rounds() -> tuple[rounds.RoundReport, ...]:
    """Have every agent look, and file what they bring back."""
    return rounds.make_rounds(actor=WORKER, now=sockets.clock.now())
