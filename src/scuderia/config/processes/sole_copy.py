"""Whether a copy of this home is served on the same database: found out where there is a server.

Every serving process holds a lock of the database's for as long as it lives. The lock names the
home, by its id, and the folder that it is served from; a folder that was copied whole has the id of
the one that it was copied from, and is another folder. Machines that were each set up for one
database have ids of their own, and do not meet here.
"""

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from scuderia.basics.errors import Refused
from scuderia.config.databases import DatabaseSilent, tables_url
from scuderia.config.home import Home
from scuderia.config.home_identity import read_identity

_PLACE_MAX = (1 << 31) - 1
_LET_GO = (("idle", 20), ("interval", 10), ("count", 3))
"""After so many seconds without a sign of life, the server takes a machine for dead."""
_OTHERS = """
    SELECT DISTINCT application_name, client_addr::text
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid::bigint = %s AND objid::bigint <> %s
"""


class HomeCopied(Refused):
    """A copy of this home is being served on the same database, so this one was not."""

    code = "HOME-007"
    remedy = (
        "Serve one of the two. For a second machine, run `scuderia setup` in an empty folder there,"
        " with the same SCUDERIA_DATABASE_URL; see docs/postgres.md."
    )


def refuse_copy(home: Home) -> None:
    """Raise HomeCopied where a copy is served now; a server that is silent is passed over."""
    with suppress(DatabaseSilent), sole_copy(home):
        pass


@contextmanager
def sole_copy(home: Home) -> Iterator[None]:
    """Serve this home, and keep every copy of it from being served on the same database.

    Of tables in the home folder nothing is asked: a copy has tables of its own.

    raises   HomeCopied, DatabaseSilent
    """
    identity = read_identity(home)
    if identity is None or not tables_url():
        yield
        return
    import psycopg

    name = f"scuderia {socket.gethostname()}:{home.path}"[:63]
    place = place_of(home.path)
    try:
        session = psycopg.connect(
            tables_url(), autocommit=True, connect_timeout=10, application_name=name
        )
        for word, number in _LET_GO:
            session.execute(f"SET tcp_keepalives_{word} = {number}".encode())
        session.execute("SELECT pg_advisory_lock_shared(%s, %s)", (identity.stamp, place))
        others = session.execute(_OTHERS, (identity.stamp, place)).fetchall()
    except psycopg.OperationalError as error:
        raise DatabaseSilent(str(error).strip()[:500]) from error
    with session:
        if others:
            said = "; ".join(f"{name} from {address or 'here'}" for name, address in others)
            raise HomeCopied(f"{home.path} has the id of a home that is served already: {said}")
        yield


def place_of(folder: Path) -> int:
    """Return 31 bits of which folder of which running machine this is, however it is called."""
    found = folder.stat()
    told = f"{_machine()}:{found.st_dev}:{found.st_ino}"
    return int.from_bytes(sha256(told.encode()).digest()[:8]) % _PLACE_MAX


def _machine() -> str:
    """Return what tells running machines apart, clones too; containers of one machine share it."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    return f"{uuid.getnode()}:{os.uname().nodename}"
