"""The loop's scheduled work: one function per task, each a single call into operations."""

import os
import socket

from scuderia.basics.actors import WORKER
from scuderia.loop.operations import (
    actions,
    agents,
    audit_heads,
    brakes,
    findings,
    grants,
    notifications,
    outbox,
    outcomes,
    past_looks,
    proposals,
    workers,
)
from scuderia.loop.ports import registry
from scuderia.loop.queries.workers import list_alive


def say_alive() -> None:
    """Beat this worker's heart, in wall time."""
    if registry.runner is not None:
        workers.record_heartbeat(
            registry.runner.executor_id,
            wall=registry.wall.now(),
            host=socket.gethostname(),
            pid=os.getpid(),
        )


def say_gone() -> None:
    """Let this worker's heart stop at once, so that what it left is taken over without a wait."""
    if registry.runner is not None:
        long_ago = registry.wall.now() - 2 * workers.STALE_AFTER
        workers.record_heartbeat(registry.runner.executor_id, wall=long_ago)


def recover_dead_workers() -> int:
    """Take over the unfinished runs of workers whose heartbeat stopped; return how many."""
    return workers.recover_dead_workers(wall=registry.wall.now(), runner=registry.runner)


def recover_unclaimed_runs() -> int:
    """Take over runs whose worker died before it could write its name on the action."""
    runner = registry.runner
    held = runner.held_by_others() if runner else {}
    if runner is None or not held:
        return 0
    alive = list_alive(since=registry.wall.now() - 2 * workers.STALE_AFTER)
    strays = [action_id for action_id, executor in held.items() if executor not in alive]
    for action_id in strays:
        runner.resume(action_id)
    return len(strays)


def requeue_ended() -> int:
    """Ask again for runs that ended before their action did; return how many."""
    return outbox.requeue_ended(runner=registry.runner)


def settle_unknown() -> int:
    """Look again at effects of unknown result that nobody has in hand; return how many settled."""
    return actions.settle_unknown(now=registry.clock.now())


def start_runs() -> int:
    """Start the runs that were asked for; return how many."""
    return outbox.sweep(now=registry.clock.now(), runner=registry.runner)


def clear_settled() -> int:
    """Clear findings that their detectors no longer stand by; return how many."""
    return findings.clear_settled(now=registry.clock.now())


def book_pulls() -> int:
    """Tell the books of brakes that were pulled while somebody wrote; return how many."""
    return brakes.book_pulls(now=registry.clock.now())


def expire_due() -> int:
    """Close proposals, grants and halted runs whose time has passed; return how many."""
    now = registry.clock.now()
    return proposals.expire_due(now=now) + grants.expire_due(now=now) + actions.end_lapsed(now=now)


def measure_outcomes() -> int:
    """Measure what actions did; return how many got their verdict."""
    return outcomes.measure_due(now=registry.clock.now())


def make_rounds() -> tuple[agents.RoundReport, ...]:
    """Have every agent look, and file what they bring back."""
    return agents.make_rounds(actor=WORKER, now=registry.clock.now())


def make_past_looks() -> int:
    """Look at the past instant that waits longest, if one does; return how many."""
    return int(past_looks.make_next(now=registry.clock.now(), wall=registry.wall.now()))


def export_audit_head() -> int:
    """Tell every place outside where the audit chain ends; return how many took it."""
    return audit_heads.export_head(wall=registry.wall.now())


def notify() -> int:
    """Tell subscribers of new entries of the audit; return how many entries were sent."""
    wall = registry.wall.now()
    notifications.collect_notifications(wall=wall)
    return notifications.send_notifications(wall=wall)
