"""What config itself has to say above every page: a part that is down, a backup that is late."""

import os

from django.http import HttpRequest

from scuderia.basics.clock import SystemClock
from scuderia.config.backups.records import read_record
from scuderia.config.backups.schedule import read_schedule, told
from scuderia.config.home import current_home
from scuderia.config.processes.parts_down import read_down
from scuderia.web.page_chrome import Notice


def parts_down(request: HttpRequest) -> tuple[Notice, ...]:  # noqa: ARG001 - a notice may ask
    """Return a line for every part that keeps crashing and was left down."""
    return tuple(
        Notice(f"The {name} keeps crashing and is down until it is tried again: {name}.log", "bad")
        for name in read_down(current_home())
    )


def backup_late(request: HttpRequest) -> tuple[Notice, ...]:  # noqa: ARG001 - a notice may ask
    """Return a line where the scheduled backup has failed or is late, and how old the last is."""
    schedule = read_schedule(os.environ)
    if schedule is None:
        return ()
    record, now = read_record(current_home()), SystemClock().now()
    if schedule.is_late(record, now=now):
        return (Notice(f"Backup: {told(record, now=now)}", "bad"),)
    return (Notice(f"Backup: {told(record, now=now)}", "hold"),) if record.failed else ()
