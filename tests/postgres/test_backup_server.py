"""A backup of tables in PostgreSQL: one snapshot of them and of the home, put into an empty one."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction

from scuderia.config.backups.server import PinnedServer, pin_server
from scuderia.loop.operations import audit
from scuderia.loop.queries.audit import get_head
from tests.homes import outside
from tests.loop.factories import NOW, person

URL = os.environ.get("SCUDERIA_DATABASE_URL", "")
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.skipif(not URL, reason="needs PostgreSQL: run `make test-postgres`"),
]


@pytest.fixture(scope="module")
def databases() -> Iterator[list[str]]:
    """The addresses of two empty databases on the throw-away server."""
    import psycopg

    names = [f"backup_{os.getpid()}_{number}" for number in range(2)]
    with psycopg.connect(URL, autocommit=True) as server:
        for name in names:
            server.execute(f"CREATE DATABASE {name}")
        yield [f"{URL.rsplit('/', 1)[0]}/{name}" for name in names]
        for name in names:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def scuderia(home: Path, url: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = outside(SCUDERIA_HOME=str(home), SCUDERIA_DATABASE_URL=url, **more)
    return subprocess.run(
        [sys.executable, "-m", "scuderia.config", *command],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def told(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    return done.returncode, done.stderr.strip().splitlines()[-2].split(" ")[0]


def test_what_stands_in_one_database_is_restored_into_an_empty_one(
    databases: list[str], tmp_path: Path
):
    one, two = databases
    home, file = tmp_path / "home", tmp_path / "kept.tar"
    assert scuderia(home, one, "setup").returncode == 0
    assert scuderia(home, one, "brake", "on", "--agent", "x", "--reason", "smoke").returncode == 0
    assert told(scuderia(home, one, "backup", str(file), PATH="/nowhere")) == (4, "BACKUP-007")
    assert not file.exists()
    done = scuderia(home, one, "backup", str(file), "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["tables"] == "postgresql"
    names = {part["name"] for part in made["parts"]}
    assert names == {"tables.pgdump", "secret-key", "owner", "home-id"}
    assert scuderia(home, one, "brake", "off", "--agent", "x", "--reason", "over").returncode == 0

    new = tmp_path / "new"
    assert told(scuderia(new, one, "restore", str(file))) == (3, "HOME-005")
    assert told(scuderia(new, "", "restore", str(file))) == (2, "BASE-005")
    assert not new.exists()
    done = scuderia(new, two, "restore", str(file), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(scuderia(new, two, "audit", "verify", "--json").stdout)["holds"] is True
    brakes = json.loads(scuderia(new, two, "brake", "status", "--json").stdout)["brakes"]
    assert sorted(row["stops"] for row in brakes) == ["agent", "all"]
    assert told(scuderia(new, "", "loop", "list")) == (4, "HOME-001")
    # and tables put back past us are found out here too
    assert scuderia(home, one, "setup").returncode == 0
    assert told(scuderia(home, two, "loop", "list")) == (4, "HOME-006")


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_is_of_its_instant_while_others_write_on(tmp_path: Path):
    def act() -> None:
        with transaction.atomic():
            audit.record(person("ada"), "test.done", subject="test:1", at=NOW)

    act()
    database = connection.settings_dict["NAME"]
    with pin_server("tables.pgdump", f"{URL.rsplit('/', 1)[0]}/{database}") as pinned:
        assert isinstance(pinned, PinnedServer)
        before = get_head()

        def write() -> None:
            act()
            connection.close()

        writer = threading.Thread(target=write)
        writer.start()
        writer.join(timeout=30)
        assert get_head().seq == before.seq + 1
        with pinned.tables():
            assert get_head() == before
            assert audit.verify().holds
        pinned.copy_to(tmp_path / "dump", lambda _share: None)
        pinned.check(tmp_path / "dump")
