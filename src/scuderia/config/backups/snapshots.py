"""All files of a home as of one instant: pinned during one writer's turn, copied after it.

Between two files nothing is acknowledged in one and contradicted by another, because of the order
in which they are written. A run is begun in the runs, and an effect is made in a world, only
after the tables were told to; a pull of the brake leaves its folder only once the tables tell of
it. So while the tables have no writer, whatever they tell of stands in the other files, and what
those tell beyond it is what a kill -9 at that instant would leave, which the loop takes up.

The turn is held for as long as it takes to open each database: milliseconds, however large they
are. Each copy then reads what was there at that instant, beside all who write (SQLite's WAL).
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from scuderia.basics.errors import Unable
from scuderia.config.backups.server import PinnedServer, pin_server, server_databases
from scuderia.config.home import Home

NOT_COPIED = frozenset(
    {"logs", "static", "backups", "parts-down.json", "backups.json", "audit-head", "heartbeats"}
)
"""What set-up makes anew, what is not the home's state, what would hold itself, and the head noted,
which may be ahead of the tables that were pinned."""
ASIDE = "before-restore-"
_PAGES_AT_ONCE = 4096
_OPENS_WITHIN_S = 5.0


class BackupUnsound(Unable):
    """What was copied does not hold, so it was not kept as a backup."""

    code = "BACKUP-005"
    remedy = "Keep the home as it is, see docs/operating.md, and go back to an older backup."


@dataclass(frozen=True, slots=True)
class PinnedDatabase:
    """One SQLite database as it stood at the instant; whoever writes to it is not held up."""

    name: str
    connection: sqlite3.Connection

    def copy_to(self, target: Path, tell: Callable[[float], None]) -> None:
        """Copy it whole, telling the share that is done."""
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(target)) as copy:
            copy.execute("PRAGMA synchronous=OFF")  # it is written to the disk with the backup
            self.connection.backup(
                copy,
                pages=_PAGES_AT_ONCE,
                progress=lambda _, left, total: tell(1 - left / max(total, 1)),
                sleep=0.01,
            )

    def check(self, copy: Path) -> None:
        """Read the copy from end to end.

        raises   BackupUnsound
        """
        uri = f"{copy.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            words = [row[0] for row in database.execute("PRAGMA integrity_check(5)")]
        if words != ["ok"]:
            raise BackupUnsound(f"{self.name}: {'; '.join(words)}"[:500], part=self.name)


Pinned = PinnedDatabase | PinnedServer


@contextmanager
def pinned_home(home: Home, folder: Path) -> Iterator[tuple[Pinned, ...]]:
    """Pin every database of the home, the tables last, and copy its other files to `folder`.

    The pulls of the brake are copied in the turn, as no pull can be booked meanwhile.

    raises   OperationalError: others write and gave no turn
    """
    from django.db import transaction

    with ExitStack() as pins:
        with transaction.atomic():
            files = [path for path in _files(home.path, home) if path.suffix != ".sqlite3"]
            urgent = {path for path in files if path.is_relative_to(home.pulls)}
            _copy(home, sorted(urgent), folder)
            pinned: list[Pinned] = [
                pins.enter_context(_pin(home, path)) for path in _databases(home)
            ]
            pinned += [pins.enter_context(pin_server(*one)) for one in server_databases()]
        _copy(home, [path for path in files if path not in urgent], folder)
        yield tuple(pinned)


def state_bytes(home: Home) -> int:
    """Return about how many bytes a backup of the home will have."""
    return sum(path.stat().st_size for path in _files(home.path, home) if path.exists())


def _copy(home: Home, files: Sequence[Path], folder: Path) -> None:
    """Copy files that are no database; each was written whole by whoever wrote it."""
    for path in files:
        target = folder / path.relative_to(home.path)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # a pull that was booked before our turn
            shutil.copyfile(path, target)
            target.chmod(0o600)


def _databases(home: Home) -> list[Path]:
    found = (path for path in _files(home.path, home) if path.suffix == ".sqlite3")
    return sorted(found, key=lambda path: (path == home.database, path))


def _files(folder: Path, home: Home) -> Iterator[Path]:
    """Yield the files under a folder that belong to the state of the home."""
    for path in sorted(folder.iterdir()):
        if _is_left_out(path, home):
            continue
        if path.is_dir():
            yield from _files(path, home)
        elif path.is_file():
            yield path


def _is_left_out(path: Path, home: Home) -> bool:
    on_top = path.parent == home.path
    return (
        (on_top and (path.name in NOT_COPIED or path.name.startswith(ASIDE)))
        or path.name.startswith(".")
        or path.name == "lock"
        or path.name.endswith((".lock", "-wal", "-shm", "-journal"))
    )


@contextmanager
def _pin(home: Home, path: Path) -> Iterator[PinnedDatabase]:
    uri = f"{path.resolve().as_uri()}?mode=rw"
    with closing(
        sqlite3.connect(uri, uri=True, timeout=_OPENS_WITHIN_S, isolation_level=None)
    ) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield PinnedDatabase(str(path.relative_to(home.path)), connection)
