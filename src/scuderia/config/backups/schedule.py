"""Backups by the clock: when one is due, which old ones go, and whether one is late."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scuderia.basics.clock import AwareDatetime, SystemClock
from scuderia.basics.errors import ScuderiaError, Unable
from scuderia.config.backups.making import (
    SUFFIX,
    BackupRunning,
    MadeBackup,
    Tell,
    make_backup,
    name_of,
)
from scuderia.config.backups.records import (
    BackupRecord,
    read_record,
    record_failed,
    record_good,
)
from scuderia.config.backups.retention import Keep, kept_of
from scuderia.config.home import Home, current_home
from scuderia.config.home_identity import read_identity
from scuderia.config.processes.parent_watch import LEASH, pid_to_watch
from scuderia.config.transport import SettingUnread

HOURS_MAX = 24 * 366
TRIED_AGAIN_AFTER = timedelta(minutes=15)
_KEEP = "14,8,12"
_REFUSED = 3
"""Another worker was first; whatever else was refused is noted by whoever was refused."""
_MADE = re.compile(r"scuderia-([0-9a-f]{8}|home)-(\d{8}T\d{6}Z)(-\d+)?\.tar")


class BackupLate(Unable):
    """No good backup was made for longer than there should have been one."""

    code = "BACKUP-006"
    remedy = "Read what the message says of the last try, mend it, and run `scuderia backup`."


@dataclass(frozen=True, slots=True)
class Schedule:
    """Where to, how often, and which stay; late is who is two spans old."""

    folder: Path
    every: timedelta
    keep: Keep

    def is_due(self, record: BackupRecord, *, now: AwareDatetime) -> bool:
        """Say whether one is to be made; one that failed is tried again sooner."""
        if record.failed is not None:
            return now - record.failed >= min(self.every, TRIED_AGAIN_AFTER)
        return record.good is None or now - record.good >= self.every

    def is_late(self, record: BackupRecord, *, now: AwareDatetime) -> bool:
        """Say whether the last good one is too old, or there is none though one was tried."""
        if record.good is None:
            return record.failed is not None
        return now - record.good >= 2 * self.every


def read_schedule(environment: Mapping[str, str]) -> Schedule | None:
    """Return the schedule of SCUDERIA_BACKUPS; None where it names no folder.

    raises   SettingUnread
    """
    folder = environment.get("SCUDERIA_BACKUPS", "")
    if not folder:
        return None
    hours = _whole(environment, "SCUDERIA_BACKUP_HOURS", "24")[0]
    if not 1 <= hours <= HOURS_MAX:
        raise SettingUnread(f"SCUDERIA_BACKUP_HOURS is none from 1 to {HOURS_MAX}: {hours}")
    counts = _whole(environment, "SCUDERIA_BACKUP_KEEP", _KEEP)
    daily, weekly, monthly = (*counts, 0, 0)[:3]
    return Schedule(Path(folder).expanduser(), timedelta(hours=hours), Keep(daily, weekly, monthly))


def backup_folder(home: Home, environment: Mapping[str, str]) -> Path:
    """Return where backups go that nobody named another folder for."""
    schedule = read_schedule(environment)
    return schedule.folder if schedule else home.backups


def _whole(environment: Mapping[str, str], name: str, default: str) -> list[int]:
    said = environment.get(name, "") or default
    parts = [part.strip() for part in said.split(",")]
    if len(parts) > 3 or not all(p.isascii() and p.isdecimal() and len(p) < 6 for p in parts):  # noqa: PLR2004
        raise SettingUnread(f"{name} is no whole numbers: {said[:40]!r}")
    return [int(part) for part in parts]


def make_due() -> int:
    """Make a backup if the schedule wants one, in a process of its own; return how many.

    For the worker, again and again: its own threads are not slowed by what a backup computes.
    """
    home, schedule = current_home(), read_schedule(os.environ)
    if schedule is None or not schedule.is_due(read_record(home), now=SystemClock().now()):
        return 0
    command = [sys.executable, "-m", "scuderia.config", "backup", "--scheduled", "--json"]
    environment = {**os.environ, "SCUDERIA_HOME": str(home.path), LEASH: pid_to_watch()}
    done = subprocess.run(  # noqa: S603 - our own command line
        command, env=environment, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    if done.returncode not in (0, _REFUSED) and read_record(home).failed is None:
        record_failed(home, f"it ended with code {done.returncode}", at=SystemClock().now())
    return int(done.returncode == 0)


def make_scheduled(home: Home, schedule: Schedule, *, tell: Tell) -> MadeBackup:
    """Make the backup that is due; only once it is there and verified, remove what need not stay.

    raises   whatever `make_backup` does, having noted it
    """
    try:
        made = make_backup(home, schedule.folder, tell=tell)
    except BackupRunning:
        raise
    except ScuderiaError as error:
        record_failed(home, f"{error.code} {error.message}", at=SystemClock().now())
        raise
    except Exception as error:
        record_failed(home, f"{type(error).__name__}: {error}", at=SystemClock().now())
        raise
    record_good(home, str(made.file), made_at=made.manifest.made_at)
    for file in superseded(home, schedule, newest=made.file):
        file.unlink(missing_ok=True)
    return made


def superseded(home: Home, schedule: Schedule, *, newest: Path) -> list[Path]:
    """Return this home's backups in the folder that need not stay, never the newest.

    Those that bear a label, or a name of somebody's own, are nobody's to remove.
    """
    identity = read_identity(home)
    whose = name_of(identity.id if identity else "", datetime.min.replace(tzinfo=UTC)).split("-")[1]
    found: dict[Path, AwareDatetime] = {}
    for file in schedule.folder.glob(f"scuderia-{whose}-*{SUFFIX}"):
        if match := _MADE.fullmatch(file.name):
            at = datetime.strptime(match[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            found[file] = at
    stays = kept_of(found.values(), schedule.keep)
    return sorted(file for file, at in found.items() if at not in stays and file != newest)


def require_timely(home: Home, schedule: Schedule | None, *, now: AwareDatetime) -> BackupRecord:
    """Return what is known of the backups, or raise BackupLate where the schedule is behind."""
    record = read_record(home)
    if schedule is not None and schedule.is_late(record, now=now):
        raise BackupLate(told(record, now=now))
    return record


def told(record: BackupRecord, *, now: AwareDatetime) -> str:
    """Say in one line how old the last good backup is, and why there is no newer one."""
    if record.good is None:
        age = "no good backup yet"
    else:
        hours = (now - record.good).total_seconds() / 3600
        age = f"the last good backup is {hours:.0f} h old ({record.good:%Y-%m-%d %H:%M} UTC)"
    if record.failed is None:
        return age
    return f"{age}; tried in vain at {record.failed:%Y-%m-%d %H:%M} UTC: {record.said}"
