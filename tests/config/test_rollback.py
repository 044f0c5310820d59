"""Tables that went back behind what their home had come to are found out before anything acts."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction

from scuderia.config.databases import tables_in
from scuderia.config.home import Home
from scuderia.config.rollback import (
    TablesRolledBack,
    accept_tables,
    note_head,
    refuse_rolled_back,
)
from scuderia.connectors.dbos.store import open_runs
from scuderia.loop.operations import audit
from tests.config.test_restore import made_home, told  # noqa: F401 - a fixture
from tests.config.test_set_up import scuderia
from tests.loop.factories import NOW, person

pytestmark = pytest.mark.slow


@pytest.fixture
def home(
    made_home: Path,  # noqa: F811
    tmp_path: Path,
    db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Home]:
    monkeypatch.delenv("SCUDERIA_DATABASE_URL", raising=False)
    copy = Home(Path(shutil.copytree(made_home, tmp_path / "home")))
    with tables_in(copy.database):
        yield copy


def act(home: Home, count: int = 1, reason: str = "") -> None:
    with transaction.atomic():
        for _ in range(count):
            audit.record(person("ada"), "test.done", subject="test:1", at=NOW, reason=reason)


def copied_without_wal(home: Home) -> Path:
    """What `cp` of the live database's file alone takes away."""
    return Path(shutil.copy(home.database, home.path.parent / "copy.sqlite3"))


def put_back(copy: Path, home: Home) -> None:
    from django.db import connection

    connection.close()
    for path in home.path.glob("scuderia.sqlite3*"):
        path.unlink()
    shutil.copy(copy, home.database)


def test_an_older_copy_put_back_is_refused_whatever_was_done_since(home: Home):
    act(home)
    note_head(home)
    refuse_rolled_back(home)
    copy = copied_without_wal(home)  # beside a WAL that holds what was done
    act(home, 3)
    refuse_rolled_back(home)  # ahead of what was noted is as it must be
    note_head(home)
    put_back(copy, home)
    with pytest.raises(TablesRolledBack):
        refuse_rolled_back(home)
    act(home, 9, "otherwise")  # another history, longer than the one that was lost
    with pytest.raises(TablesRolledBack):
        refuse_rolled_back(home)


@pytest.mark.long
def test_the_command_line_refuses_it_until_the_owner_accepts_it(home: Home):
    copy = copied_without_wal(home)
    act(home, 3)
    note_head(home)
    put_back(copy, home)
    for command in (["loop", "list"], ["serve", "worker"], ["setup"], ["backup"]):
        assert told(scuderia(home.path, *command)) == (4, "HOME-006"), command
    done = scuderia(home.path, "setup", "--accept-tables", "the disk was lost")
    assert done.returncode == 0, done.stderr
    rows = json.loads(scuderia(home.path, "audit", "list", "--json").stdout)
    assert (rows[0]["verb"], rows[0]["reason"]) == ("home.tables_accepted", "the disk was lost")
    assert json.loads(scuderia(home.path, "audit", "verify", "--json").stdout)["holds"] is True


def test_runs_that_the_tables_know_nothing_of_are_found_and_ended_once_accepted(home: Home):
    run = f"action-{uuid4()}"
    with closing(sqlite3.connect(home.runs)) as runs, runs:
        runs.execute(
            "INSERT INTO workflow_status (workflow_uuid, status) VALUES (?, 'ENQUEUED')", (run,)
        )
    with pytest.raises(TablesRolledBack, match="1 runs"):
        refuse_rolled_back(home)
    entry = accept_tables(home, "a drill")
    refuse_rolled_back(home)
    assert open_runs(home.runs) == set()
    assert json.loads(home.head.read_text())["seq"] == entry


def test_what_was_noted_by_half_is_no_word_against_the_tables(home: Home):
    note_head(home)
    for text in ("", "{", '{"seq": "x", "hash": ""}'):
        home.head.write_text(text)
        refuse_rolled_back(home)
