"""What the machine did to us, in words: a full disk, a broken file, a lock held too long."""

import errno
import sqlite3
from pathlib import Path

from scuderia.basics.errors import ScuderiaError, Unable
from scuderia.config.databases import DatabaseSilent, tables_url
from scuderia.config.home import current_home
from scuderia.config.releases import TablesBehind
from scuderia.config.setup import HomeUnusable

CAUSES_MAX = 10
DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})
UNUSABLE = ("disk is full", "readonly database", "unable to open database", "disk i/o error")
BROKEN = ("malformed", "not a database")


class DatabaseBroken(Unable):
    """A database file of the home is damaged, so nothing in it can be trusted."""

    code = "RUN-012"
    remedy = "Stop what serves, keep the broken file aside, and put a copy of the home back."


def world_error(error: BaseException) -> ScuderiaError | None:
    """Return what the machine did, where that is what an unexpected error comes from; else None."""
    cause: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if cause is None or isinstance(cause, ScuderiaError):
            return None
        if found := _of_files(cause) or _of_django(cause):
            return found
        cause = cause.__cause__
    return None


def _of_files(error: BaseException) -> ScuderiaError | None:
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if isinstance(error, OSError) and (error.errno in DISK or _is_shut(error)):
        return HomeUnusable(f"{error.filename or current_home().path}: {error.strerror}")
    return None


def _is_shut(error: OSError) -> bool:
    """Say whether it is a file of the home that we may not use."""
    if not isinstance(error, PermissionError) or not isinstance(error.filename, str | Path):
        return False
    return Path(error.filename).absolute().is_relative_to(current_home().path)


def _of_sqlite(error: sqlite3.Error) -> ScuderiaError | None:
    said, home = str(error).lower(), current_home().path
    if any(words in said for words in UNUSABLE):
        return HomeUnusable(f"{home}: {error}", home=home)
    if any(words in said for words in BROKEN):
        return DatabaseBroken(f"{home}: {error}", home=home)
    if said.startswith(("no such table", "no such column")):
        return TablesBehind(f"{home}: {error}")
    return _busy(error)


def _of_django(error: BaseException) -> ScuderiaError | None:
    from django.db import InterfaceError, OperationalError

    if not isinstance(error, OperationalError | InterfaceError):
        return None
    silent = DatabaseSilent(str(error).strip()[:500]) if tables_url() else None
    return _busy(error) or silent


def _busy(error: BaseException) -> ScuderiaError | None:
    from scuderia.web.writers import OthersWrite

    held = any(words in str(error).lower() for words in ("is locked", "lock timeout", "busy"))
    return OthersWrite(f"the database is held by another writer: {error}"[:500]) if held else None
