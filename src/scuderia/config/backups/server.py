"""PostgreSQL's side of a backup: one snapshot, dumped and read back by its own programs."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scuderia.basics.errors import Unable
from scuderia.config.databases import runs_address, tables_url

if TYPE_CHECKING:
    from psycopg import Connection

TABLES, RUNS = "tables.pgdump", "runs.pgdump"
_SAID_MAX = 500


class ProgramMissing(Unable):
    """The tables are PostgreSQL's, and the program that copies them is not installed here."""

    code = "BACKUP-007"
    remedy = (
        "Install PostgreSQL's client programs, of the server's release or newer"
        " (on Debian and Ubuntu: apt-get install postgresql-client)."
    )


class ServerCopyFailed(Unable):
    """PostgreSQL's own program did not copy the tables, or put them back."""

    code = "BACKUP-008"
    remedy = "Mend what the program says; it must be of the server's release or newer."


@dataclass(frozen=True, slots=True)
class PinnedServer:
    """A PostgreSQL database as it stood at the instant, for as long as the connection lasts."""

    name: str
    url: str
    snapshot: str
    connection: "Connection"

    def copy_to(self, target: Path, tell: Callable[[float], None]) -> None:
        """Dump it in PostgreSQL's custom format.

        raises   ProgramMissing, ServerCopyFailed
        """
        tell(0)
        words = ("--format=custom", f"--snapshot={self.snapshot}", f"--file={target}")
        _call("pg_dump", words, self.url)
        tell(1)

    def check(self, copy: Path) -> None:
        """Read the dump from end to end.

        raises   ProgramMissing, ServerCopyFailed
        """
        _call("pg_restore", (f"--file={os.devnull}", str(copy)))

    @contextmanager
    def tables(self) -> Iterator[None]:
        """Have this thread ask the tables as they stood at the instant; reads alone."""
        from django.db import connections

        usual = connections["default"]
        other = connections.create_connection("default")
        connections["default"] = other
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute(f"SET TRANSACTION SNAPSHOT '{self.snapshot}'")  # the server's word
            yield
        finally:
            other.close()
            connections["default"] = usual


@contextmanager
def pin_server(name: str, url: str) -> Iterator[PinnedServer]:
    """Open a snapshot of a database, which others may read while the connection lasts."""
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # a dump lasts
        found = connection.execute("SELECT pg_export_snapshot()").fetchone()
        yield PinnedServer(name, url, str(found[0] if found else ""), connection)


def server_databases() -> tuple[tuple[str, str], ...]:
    """Return the name of each PostgreSQL database's part and its address, the tables last."""
    tables, runs = tables_url(), runs_address()
    return tuple(
        pair for pair in ((RUNS, runs if runs != tables else ""), (TABLES, tables)) if pair[1]
    )


def restore_dump(dump: Path, url: str) -> None:
    """Put a dump into an empty database: all of it, or nothing.

    raises   ProgramMissing, ServerCopyFailed
    """
    words = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(dump))
    _call("pg_restore", words, url)


def holds_tables(url: str) -> bool:
    """Say whether anything was ever made in that database."""
    import psycopg

    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_')"
        ).fetchone()
    return bool(found and found[0])


def _call(program: str, words: Sequence[str], url: str = "") -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, never by the list.

    raises   ProgramMissing, ServerCopyFailed
    """
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    found = shutil.which(program)
    if found is None:
        raise ProgramMissing(f"{program} is not on the path", program=program)
    parts = conninfo_to_dict(url) if url else {}
    password = parts.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    where = [f"--dbname={make_conninfo('', **parts)}"] if url else []
    done = subprocess.run(  # noqa: S603 - a program of the path and our own words
        [found, "--no-password", *where, *words] if url else [found, *words],
        env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise ServerCopyFailed(f"{program}: {done.stderr.strip()[-_SAID_MAX:]}", program=program)
