"""Which home a folder is, and whether its files belong together: none is missing or another's.

The home's id stands in a file of its own and, as 31 bits of it, in the header of each of its
SQLite databases (`application_id`), where it travels with a copy of that file.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID, uuid4

from scuderia.basics.errors import Unable
from scuderia.config.databases import runs_address, tables_url
from scuderia.config.home import Home, write_private

_STAMP_MAX = (1 << 31) - 1


class DatabaseMissing(Unable):
    """A home that had a database has none, and an empty one was not made in its place."""

    code = "HOME-001"
    remedy = (
        "Put the file back, or the home from a backup: `scuderia restore BACKUP --replace`."
        " For a new home name another folder with --home."
    )


class ForeignDatabase(Unable):
    """A database lies in this home that belongs to another one."""

    code = "HOME-002"
    remedy = (
        "Put this home's own file back, or the home from a backup:"
        " `scuderia restore BACKUP --replace`."
    )


class RestoreUnfinished(Unable):
    """A restore was ended in its midst, so the files of this home are of two homes."""

    code = "HOME-004"
    remedy = "Run the restore again, with --replace; what it set aside stays in the home."


@dataclass(frozen=True, slots=True)
class Identity:
    """What `home-id` says: which home this is, and whether its tables are in PostgreSQL."""

    id: str
    on_server: bool

    @property
    def stamp(self) -> int:
        """The id as its databases bear it; never 0, which is a file's that bears none."""
        return UUID(self.id).int % _STAMP_MAX + 1


def read_identity(home: Home) -> Identity | None:
    """Return which home this is; None where set-up has never come to its end.

    raises   ForeignDatabase: the file cannot be read as what set-up wrote
    """
    try:
        found = Identity(**json.loads(home.identity.read_text(encoding="utf-8")))
        UUID(found.id)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ForeignDatabase(f"{home.identity} cannot be read: {error}") from error
    return found


def make_identity(home: Home) -> str:
    """Give the home its id where it has none, and stamp every database with it.

    raises   ForeignDatabase: the id was lost, and the databases bear those of several homes
    """
    found = read_identity(home)
    identity = Identity(found.id if found else str(uuid4()), bool(tables_url()))
    if found is None and len({_stamp_of(path) for path in _databases(home)} - {0}) > 1:
        raise ForeignDatabase(f"{home.path} holds databases of several homes, and no home-id")
    for path in _databases(home):
        if _stamp_of(path) != identity.stamp:
            with closing(sqlite3.connect(path, timeout=30)) as database:
                database.execute(f"PRAGMA application_id = {identity.stamp}")
    if identity != found:
        write_private(home.identity, json.dumps(asdict(identity)) + "\n")
    return f"{identity.id} {'was there' if found else 'made'}"


def refuse_incomplete(home: Home) -> None:
    """Raise unless this home's databases are there, and are its own.

    A home that was never set up to the end may lack some; what is there must be whole all the same.

    raises   DatabaseMissing, ForeignDatabase, RestoreUnfinished
    """
    if home.unfinished.exists():
        raise RestoreUnfinished(f"a restore of {home.path} did not come to its end")
    identity = read_identity(home)
    if identity is not None and identity.on_server and not tables_url():
        raise DatabaseMissing(
            f"the tables of {home.path} are in PostgreSQL, and SCUDERIA_DATABASE_URL names none",
            remedy="Set SCUDERIA_DATABASE_URL, as it was at set-up.",
        )
    for path in _wanted(home, identity):
        if not _holds_something(path):
            raise DatabaseMissing(f"{path} is not there, and this home had one", file=path)
    if identity is not None:
        _refuse_foreign(home, identity)


def _wanted(home: Home, identity: Identity | None) -> Iterator[Path]:
    ended = identity is not None and not identity.on_server
    if not tables_url() and (ended or _holds_something(home.runs)):
        yield home.database
    if not runs_address() and ended:
        yield home.runs


def _holds_something(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _databases(home: Home) -> list[Path]:
    return [path for path in sorted(home.path.glob("*.sqlite3")) if _holds_something(path)]


def _refuse_foreign(home: Home, identity: Identity) -> None:
    for path in _databases(home):
        if _stamp_of(path) not in (0, identity.stamp):
            raise ForeignDatabase(f"{path} belongs to another home", file=path)


def _stamp_of(path: Path) -> int:
    """Return what the file bears, 0 for nothing; read by SQLite, as it may still be in the WAL."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=30)) as database:
        return int(database.execute("PRAGMA application_id").fetchone()[0])
