"""The runner's own database: a SQLite file apart from Django's, or PostgreSQL by its address."""

import sqlite3
from pathlib import Path

_SQLITE = "sqlite:///"


def store_url(path: Path, *, postgres_url: str = "") -> str:
    """Return the address of the runs: PostgreSQL where one is named, else this SQLite file."""
    return postgres_url or f"{_SQLITE}{path}"


def prepare_store(url: str) -> None:
    """Make the store ready, tables and all; safe to repeat.

    A SQLite file is put in WAL mode before the engine opens it (a step then costs a third) and
    is readable by its owner alone.
    """
    if url.startswith(_SQLITE):
        _prepare_file(Path(url.removeprefix(_SQLITE)))
    from dbos import DBOS

    DBOS.migrate(url)


def _prepare_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
    path.chmod(0o600)
