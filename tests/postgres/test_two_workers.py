"""Real processes on one PostgreSQL: set-up, demo, two workers, one approval, exactly one run."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.processes.living import LiveHome, eventually

URL = os.environ.get("SCUDERIA_DATABASE_URL", "")
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.skipif(not URL, reason="needs PostgreSQL: run `make test-postgres`"),
]


@dataclass
class HomeOnPostgres(LiveHome):
    """A home whose tables and runs are in a PostgreSQL database made for one test."""

    url: str = field(default="")

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "SCUDERIA_DATABASE_URL": self.url}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[HomeOnPostgres]:
    name = f"two_workers_{os.getpid()}"
    with psycopg.connect(URL, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    base, _, _ = URL.rpartition("/")
    home = HomeOnPostgres(tmp_path / "home", url=f"{base}/{name}")
    yield home
    home.stop_all()
    with psycopg.connect(URL, autocommit=True) as server:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def ask_tables(home: HomeOnPostgres, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(home.url) as connection:
        return connection.execute(question).fetchall()


def test_two_workers_on_one_database_carry_one_approval_out_once(home: HomeOnPostgres):
    home.run("setup")
    home.run("setup")  # safe to repeat
    home.run("demo", "--no-serve", "--json")
    assert not (home.path / "scuderia.sqlite3").exists()
    assert not (home.path / "runs.sqlite3").exists()
    workers = [home.worker(), home.worker()]
    alive = "SELECT count(*) FROM loop_heartbeat WHERE beat_at > now() - interval '15 s'"
    assert eventually(lambda: ask_tables(home, alive) == [(2,)]), home.log()[-4000:]

    queue = home.ask("loop", "list")
    first = queue[0]
    home.run(
        "loop", "approve", first["id"], "--yes", "--digest", first["digest"], "--reason", "tried"
    )
    done = "SELECT count(*) FROM loop_action WHERE state = 'done'"
    assert eventually(lambda: ask_tables(home, done) == [(1,)]), home.log()[-4000:]

    [action] = home.actions().values()
    assert action["state"] == "done"
    steps = [f"{action['id']}:{index}" for index in range(action["steps_total"])]
    assert Counter(key for key in home.receipts() if key.startswith(action["id"])) == Counter(steps)
    runs = "SELECT count(*), min(status) FROM dbos.workflow_status"
    assert eventually(lambda: ask_tables(home, runs) == [(1, "SUCCESS")])
    assert [worker.poll() for worker in workers] == [None, None]
    assert home.ask("audit", "verify")["holds"] is True
    assert "Traceback" not in home.log(), home.log()[-4000:]
    home.stop_all()
    assert [worker.returncode for worker in workers] == [0, 0]


def test_an_unreachable_server_is_named_with_a_remedy(tmp_path: Path):
    home = HomeOnPostgres(tmp_path / "home", url="postgresql://nobody@127.0.0.1:1/nothing")
    home.path.mkdir()
    home.run("setup", code=4)
    home.url = "mysql://somewhere/else"
    home.run("setup", code=2)
