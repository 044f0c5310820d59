"""Making a backup: pinned at one instant, copied, checked, packed, read back, then named."""

import errno
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC
from functools import partial
from pathlib import Path

from scuderia.basics.clock import AwareDatetime, SystemClock
from scuderia.basics.errors import BadInput, Refused, Unable
from scuderia.config.backups.archive import check_archive, write_archive
from scuderia.config.backups.manifest import POSTGRESQL, SQLITE, Manifest, Part, digest_of
from scuderia.config.backups.server import PinnedServer
from scuderia.config.backups.snapshots import BackupUnsound, pinned_home, state_bytes
from scuderia.config.databases import tables_in, tables_url
from scuderia.config.home import Home
from scuderia.config.home_identity import read_identity
from scuderia.config.releases import (
    applied_heads,
    refuse_newer_tables,
    release,
    waiting_migrations,
)

Tell = Callable[[str, str], None]
"""Told the name of a step and, in a few words, how it goes."""

SUFFIX = ".tar"
_DRAFT = ".scuderia-backup-"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM})
_FULL_WORDS = ("disk is full", "disk i/o error", "readonly database", "unable to open")
_SPARE_BYTES = 16 << 20


class BackupUnwritten(Unable):
    """The folder of backups took no backup; those that are there stand as they were."""

    code = "BACKUP-003"
    remedy = "Free that disk, or name another folder: `scuderia backup FOLDER`."


class BackupRunning(Refused):
    """Another backup of this home is being made."""

    code = "BACKUP-004"
    remedy = "Wait until it is done; one at a time is enough."


@dataclass(frozen=True, slots=True)
class MadeBackup:
    """A backup that was read back whole."""

    file: Path
    manifest: Manifest


def make_backup(home: Home, target: Path, *, tell: Tell, label: str = "") -> MadeBackup:
    """Make one backup while whoever reads and writes goes on, and return it once it was verified.

    target   a file that is not there yet, ending in .tar; else a folder, made if need be
    label    stands in the file's name; such a backup is never removed by the schedule

    raises   BackupRunning, BackupUnwritten, BackupUnsound, BadInput, TablesAhead
    """
    os.umask(0o077)  # what is made here is its owner's alone
    refuse_newer_tables()
    with _alone(home), _told_of(target):
        folder = _folder_for(home, target)
        _sweep(folder)
        _require_room(folder, state_bytes(home))
        with _draft_in(folder) as draft:
            manifest = _copy(home, draft / "parts", tell)
            packed = draft / f"packed{SUFFIX}"
            tell("file", f"{len(manifest.parts)} parts")
            write_archive(packed, draft / "parts", manifest)
            tell("read back", "")
            check_archive(packed)
            file = target if target != folder else _unused(folder, manifest, label)
            packed.rename(file)
        folder_to_disk(folder)
    return MadeBackup(file, manifest)


def name_of(home_id: str, made_at: AwareDatetime, label: str = "") -> str:
    """Return the name under which a folder keeps a backup, without its suffix."""
    whose = home_id[:8] or "home"
    return f"scuderia-{whose}-{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}{label and f'-{label}'}"


def _copy(home: Home, parts: Path, tell: Tell) -> Manifest:
    parts.mkdir(mode=0o700)
    tell("turn", "waiting for the writer")
    with pinned_home(home, parts) as pinned:
        made_at = SystemClock().now()
        for one in pinned:
            one.copy_to(parts / one.name, partial(_tell_share, tell, one.name))
        if isinstance(pinned[-1], PinnedServer):
            tell("check", "the audit's chain")
            with pinned[-1].tables():
                manifest = _described(home, made_at)
    for one in pinned:
        tell("check", one.name)
        one.check(parts / one.name)
    if not tables_url():
        tell("check", "the audit's chain")
        with tables_in(parts / home.database.name):
            manifest = _described(home, made_at)
    files = (path for path in sorted(parts.rglob("*")) if path.is_file())
    return replace(manifest, parts=tuple(_part(path, parts) for path in files))


def _tell_share(tell: Tell, name: str, share: float) -> None:
    tell(name, f"{share:.0%}")


def _described(home: Home, made_at: AwareDatetime) -> Manifest:
    """Verify the chain of the tables that stand copied, and say all but the parts."""
    from scuderia.loop.operations import audit
    from scuderia.loop.queries.audit import get_head

    waiting, heads = waiting_migrations(), applied_heads()
    if not waiting:
        verdict = audit.verify()
        if not verdict.holds:
            raise BackupUnsound(f"the audit does not hold: {verdict.said}")
    head, identity = get_head(), read_identity(home)
    return Manifest(
        made_at=made_at,
        home_id=identity.id if identity else "",
        release=release(),
        tables=POSTGRESQL if tables_url() else SQLITE,
        migrations=heads,
        entries=head.seq,
        head=head.hash,
        waiting=waiting,
        parts=(),
    )


def _part(path: Path, parts: Path) -> Part:
    with path.open("rb") as stream:
        return Part(path.relative_to(parts).as_posix(), *digest_of(stream))


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Make one backup of a home at a time.

    raises   BackupRunning
    """
    with (home.path / "backup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRunning(f"a backup of {home.path} is being made") from None
        yield


@contextmanager
def _told_of(target: Path) -> Iterator[None]:
    """Say in our words that the folder of backups takes nothing more.

    raises   BackupUnwritten
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise BackupUnwritten(f"{target}: {error.strerror}", folder=target) from error
    except sqlite3.OperationalError as error:
        if not any(words in str(error).lower() for words in _FULL_WORDS):
            raise
        raise BackupUnwritten(f"{target}: {error}", folder=target) from error


def _folder_for(home: Home, target: Path) -> Path:
    folder = target.parent if target.suffix == SUFFIX else target
    if target != folder and target.exists():
        raise BadInput(f"{target} is there already", remedy="Name a file that is not there yet.")
    inside = folder.resolve().is_relative_to(home.path.resolve())
    if inside and folder.resolve() != home.backups.resolve():
        raise BadInput(f"{folder} lies in the home", remedy="Name a folder outside the home.")
    if folder in (target, home.backups):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not folder.is_dir():
        raise BadInput(f"{folder} is no folder", remedy="Name a folder that is there.")
    return folder


def _require_room(folder: Path, needed: int) -> None:
    """Raise BackupUnwritten where the copies and the packed file would not find room."""
    free = shutil.disk_usage(folder).free
    if free < 2 * needed + _SPARE_BYTES:
        wanted = (2 * needed + _SPARE_BYTES) >> 20
        raise BackupUnwritten(f"{folder} has {free >> 20} MiB free, and {wanted} MiB are needed")


@contextmanager
def _draft_in(folder: Path) -> Iterator[Path]:
    """Return a folder to work in, marked as ours for as long as we live."""
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=folder))
    descriptor = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield draft
    finally:
        os.close(descriptor)
        shutil.rmtree(draft, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what a backup left here that was killed; nobody holds it any more."""
    for draft in folder.glob(f"{_DRAFT}*"):
        with suppress(FileNotFoundError):
            descriptor = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(draft, ignore_errors=True)
            except BlockingIOError:
                continue
            finally:
                os.close(descriptor)


def _unused(folder: Path, manifest: Manifest, label: str) -> Path:
    stem = name_of(manifest.home_id, manifest.made_at, label)
    names = (f"{stem}{f'-{again}' if again else ''}{SUFFIX}" for again in range(100))
    return next(path for name in names if not (path := folder / name).exists())


def folder_to_disk(folder: Path) -> None:
    """Have what was named, moved or removed in a folder outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
