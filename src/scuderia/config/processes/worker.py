"""The worker process: the runner, and every task of the loop and the fleet."""

import logging
import os
import signal
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import chain
from types import FrameType

from django.db import close_old_connections, connections

from scuderia.basics.rooms import opened
from scuderia.config import wiring
from scuderia.config.processes.scheduler import ScheduledTask, TaskThread
from scuderia.config.rooms import rooms
from scuderia.config.tasks import OWN
from scuderia.loop import jobs

_log = logging.getLogger(__name__)
GRACE_S = 8


def run_worker(every_s: Mapping[str, float]) -> None:
    """Work until SIGTERM or SIGINT, then come to a step's end and let go.

    every_s   by task's name, where it is due otherwise than its room says
    """
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
        for name, tasks in scheduled(every_s).items()
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


def scheduled(every_s: Mapping[str, float]) -> dict[str, list[ScheduledTask]]:
    """Return our own tasks and every room's, by thread.

    every_s   by task's name, where it is due otherwise than its room says
    """
    threads: dict[str, list[ScheduledTask]] = defaultdict(list)
    for task in chain(OWN, *(room.tasks for room in rooms())):
        seconds = every_s.get(task.name, task.every_s)
        call = _counted(task.name, opened(task.call))
        threads[task.thread].append(ScheduledTask(task.name, seconds, call))
    return threads


def _counted(name: str, call: Callable[[], object]) -> Callable[[], object]:
    """Return the call with its count logged whenever there was one."""

    def counted() -> object:
        count = call()
        if isinstance(count, int) and count:
            _log.info("%s: %d", name, count)
        return count

    return counted
