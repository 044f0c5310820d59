"""A transaction begins as soon as the writer before it is done, and waits no longer than asked."""

import sqlite3

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from scuderia.loop.operations import patience
from scuderia.loop.operations.patience import waiting_at_most


@pytest.fixture
def own(tmp_path, monkeypatch, django_db_blocker):
    """A connection of the product's engine on a file, and a stranger who holds the turn."""
    path = tmp_path / "a.sqlite3"
    handler = ConnectionHandler(
        {"default": {"ENGINE": "scuderia.config.sqlite_turns", "NAME": str(path),
                     "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30}}}
    )  # fmt: skip
    connection = handler["default"]
    with django_db_blocker.unblock():
        connection.cursor().execute("PRAGMA journal_mode=WAL")
        connection.cursor().execute("CREATE TABLE t (x)")
    monkeypatch.setattr(patience, "connection", connection)
    stranger = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    stranger.execute("BEGIN IMMEDIATE")
    with django_db_blocker.unblock():
        yield connection, stranger
        connection.close()
    stranger.close()


def write(connection):
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    connection.cursor().execute("INSERT INTO t VALUES (1)")
    connection.commit()
    connection.set_autocommit(True)


def test_a_transaction_waits_for_its_turn_and_has_it(own):
    connection, stranger = own
    asked = []
    begins = type(connection)._begins

    def counted(self, *, last):
        asked.append(last)
        if len(asked) == 5:
            stranger.execute("COMMIT")
        return begins(self, last=last)

    type(connection)._begins = counted
    try:
        write(connection)
    finally:
        type(connection)._begins = begins
    assert asked == [False] * 5
    assert stranger.execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_a_transaction_gives_up_when_its_turn_did_not_come(own):
    connection, _ = own
    with pytest.raises(OperationalError, match="database is locked"), waiting_at_most(0.02):
        write(connection)
    connection.set_autocommit(True)
    assert connection.turn_within_s is None
    held = connection.connection.execute("PRAGMA busy_timeout").fetchone()
    assert held == (30_000,), "other statements wait as before"


def test_what_is_broken_is_not_waited_for(own, monkeypatch):
    connection, _ = own
    monkeypatch.setattr(connection, "transaction_mode", "NONSENSE")
    with pytest.raises(OperationalError, match="syntax error"):
        write(connection)
