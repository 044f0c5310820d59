"""The runner's own database: a SQLite file apart from Django's, or PostgreSQL by its address."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from uuid import UUID

from scuderia.loop.nouns import ActionId

RUN_PREFIX = "action-"
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


def end_runs(path: Path, actions: Iterable[ActionId]) -> None:
    """End the runs of these actions in a SQLite store that no worker has open."""
    names = [(f"{RUN_PREFIX}{action}",) for action in actions]
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=30)) as store, store:
        store.executemany(
            "UPDATE workflow_status SET status = 'CANCELLED' WHERE workflow_uuid = ?", names
        )


def open_runs(path: Path) -> set[ActionId]:
    """Return the actions whose runs a SQLite store holds and has not ended; reads, no more."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=30)) as store:
        rows = store.execute(
            "SELECT workflow_uuid FROM workflow_status"
            " WHERE status IN ('ENQUEUED', 'PENDING') AND workflow_uuid LIKE ? || '%'",
            (RUN_PREFIX,),
        )
        return {ActionId(UUID(name.removeprefix(RUN_PREFIX))) for (name,) in rows}
