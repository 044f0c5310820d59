"""The worker process: the runner, and every task of the loop and the fleet."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType

from django.db import close_old_connections, connections

from scuderia.config import wiring
from scuderia.config.home import current_home
from scuderia.config.processes.scheduler import ScheduledTask, TaskThread
from scuderia.connectors.dbos.runner import DbosRunner
from scuderia.connectors.embedded.clock import tick
from scuderia.fleet.operations import sources
from scuderia.fleet.ports import registry as fleet
from scuderia.loop import jobs
from scuderia.loop.ports import registry as loop

_log = logging.getLogger(__name__)
GRACE_S = 8


def run_worker(*, crew_every_s: float, poll_every_s: float) -> None:
    """Work until SIGTERM or SIGINT, then come to a step's end and let go."""
    stop = threading.Event()

    def stop_working(_sign: int, _frame: FrameType | None) -> None:
        stop.set()

    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, stop_working)
    runner = wiring.register_runner()
    jobs.say_alive()
    _log.info("worker %s (pid %d) at work", runner.executor_id, os.getpid())
    threads = [
        TaskThread(name, tasks, stop=stop, after_each=close_old_connections)
        for name, tasks in _tasks(runner, crew_every_s, poll_every_s).items()
    ]
    for thread in threads:
        thread.start()
    while not stop.wait(1.0):
        pass
    for thread in threads:
        thread.join(timeout=GRACE_S)
    runner.close(grace_s=GRACE_S)
    jobs.say_gone()
    connections.close_all()
    _log.info("worker %s stopped", runner.executor_id)


def _tasks(
    runner: DbosRunner, crew_every_s: float, poll_every_s: float
) -> dict[str, list[ScheduledTask]]:
    strays = partial(jobs.recover_unclaimed_runs, runner.held_by_others)
    return {
        "heartbeat": [ScheduledTask("heartbeat", 2.0, jobs.say_alive)],
        "runs": [
            ScheduledTask("start runs", 0.5, jobs.start_runs),
            ScheduledTask(
                "recover dead workers", 3.0, _said("adopted %s runs", jobs.recover_dead_workers)
            ),
            ScheduledTask("recover unclaimed runs", 10.0, _said("adopted %s stray runs", strays)),
            ScheduledTask(
                "requeue ended runs", 5.0, _said("asked again for %s runs", jobs.requeue_ended)
            ),
            ScheduledTask("settle unknown", 5.0, _said("settled %s effects", jobs.settle_unknown)),
            ScheduledTask("expire", 10.0, jobs.expire_due),
            ScheduledTask("measure outcomes", 10.0, jobs.measure_outcomes),
        ],
        "polling": [
            ScheduledTask("fleet time", 1.0, _keep_fleet_time),
            ScheduledTask("poll the fleet", poll_every_s, poll_fleet),
            ScheduledTask("clear findings", 10.0, jobs.clear_settled),
            ScheduledTask("crew rounds", crew_every_s, jobs.make_rounds),
        ],
    }


def poll_fleet() -> None:
    """Put what the cluster's reader has seen since the last look on the books."""
    if fleet.reader is not None:
        sources.poll(fleet.reader, now=loop.clock.now())


def _keep_fleet_time() -> None:
    world = current_home().embedded_fleet
    if world.exists():
        tick(world, now=loop.clock.now())


def _said(sentence: str, call: Callable[[], int]) -> Callable[[], int]:
    """Return the call with its count logged whenever there was one."""

    def counted() -> int:
        count = call()
        if count:
            _log.info(sentence, count)
        return count

    return counted
