"""The runner's own database: a SQLite file apart from Django's, or PostgreSQL by its address."""

import sqlite3
from pathlib import Path


def store_url(path: Path, *, postgres_url: str = "") -> str:
    """Return the address of the runs, having made the SQLite file if that is where they live.

    The file is in WAL mode before the engine opens it (steps cost a third) and readable by its
    owner alone.
    """
    if postgres_url:
        return postgres_url
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()
    path.chmod(0o600)
    return f"sqlite:///{path}"
