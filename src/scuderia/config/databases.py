"""Where the tables and the runs are kept: the home's files, or PostgreSQL by its address."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scuderia.basics.errors import BadInput, Unable
from scuderia.config.home import Home

_SCHEMES = ("postgresql://", "postgres://")
_SERVER_BOUNDS = "-c lock_timeout=30s -c idle_in_transaction_session_timeout=120s"
"""A writer waits no longer than on SQLite, and one whose machine died lets go of the lock."""


class DatabaseAddressUnread(BadInput):
    """A database's address could not be read."""

    code = "RUN-007"
    remedy = "Write postgresql://USER:PASSWORD@HOST:PORT/NAME, with %-escapes in the password."


class DatabaseSilent(Unable):
    """The database named by its address did not let us in, or broke off."""

    code = "RUN-008"
    remedy = "See that the server runs, that the database exists and that its user may sign in."


class DriverMissing(Unable):
    """PostgreSQL is named, and its driver is not installed."""

    code = "RUN-009"
    remedy = 'Install it: pip install "scuderia[postgres]".'


def tables_url() -> str:
    """Return the address of the tables; "" when they are in the home folder."""
    return os.environ.get("SCUDERIA_DATABASE_URL", "")


def runs_address() -> str:
    """Return the address of the runs: beside the tables unless named; "" for the home folder."""
    return os.environ.get("SCUDERIA_RUNS_URL", "") or tables_url()


def tables_database(home: Home) -> dict[str, Any]:
    """Return Django's description of the database of the tables.

    raises   DatabaseAddressUnread, DriverMissing
    """
    url = tables_url()
    if not url:
        return {
            "ENGINE": "scuderia.config.sqlite_turns",
            "NAME": home.database,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    parts = _read(url)
    asked = str(parts.pop("options", ""))
    return {
        "ENGINE": "scuderia.config.one_writer",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "scuderia",
            "connect_timeout": 10,
            **parts,
            "options": f"{_SERVER_BOUNDS} {asked}".strip(),
        },
    }


@contextmanager
def tables_in(file: Path) -> Iterator[None]:
    """Have this thread ask the tables of that SQLite file, in place of the usual ones."""
    from django.db import connections

    usual = connections["default"]
    other = connections.create_connection("default")
    other.settings_dict = {**other.settings_dict, "NAME": str(file)}
    connections["default"] = other
    try:
        yield
    finally:
        other.close()
        connections["default"] = usual


def _read(url: str) -> dict[str, Any]:
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise DriverMissing("SCUDERIA_DATABASE_URL names PostgreSQL; psycopg is absent") from None
    try:
        parts: dict[str, Any] = conninfo_to_dict(url) if url.startswith(_SCHEMES) else {}
    except ProgrammingError:
        parts = {}
    if not parts.get("dbname"):
        raise DatabaseAddressUnread("SCUDERIA_DATABASE_URL is no address of a PostgreSQL database")
    return parts
