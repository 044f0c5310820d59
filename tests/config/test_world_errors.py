"""What the machine does to us is told with a code and a remedy, never as a bug of ours."""

import errno
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client

from scuderia.basics.errors import Unable
from scuderia.config.cli.failures import exit_code_of, told_apart
from scuderia.config.home import Home, SecretKeyEmpty, read_secret, write_private
from scuderia.config.setup import NotSetUp, require_set_up, set_up
from scuderia.config.world_errors import world_error
from tests.homes import outside


@pytest.fixture(autouse=True)
def _on_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """These are SQLite's words, whichever database the run itself is on."""
    monkeypatch.delenv("SCUDERIA_DATABASE_URL", raising=False)


def raised(file: Path, script: str, *, before: str = "") -> BaseException:
    """The error that SQLite itself raises, wrapped as Django wraps it."""
    with closing(sqlite3.connect(file, timeout=0)) as tables:
        tables.executescript(before)
        try:
            tables.executescript(script)
        except sqlite3.Error as error:
            wrapped = OperationalError(str(error))
            wrapped.__cause__ = error
            return wrapped
    raise AssertionError("SQLite took it")


FILL = "INSERT INTO t SELECT randomblob(1000000)"
MADE = "CREATE TABLE t (a); "


@pytest.mark.parametrize(
    ("before", "script", "code"),
    [
        (MADE + "PRAGMA max_page_count = 3", FILL, "RUN-002"),
        (MADE + "PRAGMA query_only = 1", FILL, "RUN-002"),
        ("", "SELECT * FROM nowhere", "RUN-006"),
    ],
)
def test_what_sqlite_says_is_told_apart(tmp_path: Path, before: str, script: str, code: str):
    told = world_error(raised(tmp_path / "a.sqlite3", script, before=before))
    assert told is not None
    assert told.code == code
    assert told.remedy


def test_a_damaged_file_is_told_with_what_to_do(tmp_path: Path):
    (tmp_path / "a.sqlite3").write_bytes(b"not a database at all" * 100)
    told = world_error(raised(tmp_path / "a.sqlite3", "SELECT * FROM t"))
    assert told is not None
    assert (told.code, exit_code_of(told)) == ("RUN-012", 4)


def test_a_lock_that_is_held_is_told_as_others_writing(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "a.sqlite3", isolation_level=None)) as other:
        other.executescript(MADE + "BEGIN EXCLUSIVE")
        told = world_error(raised(tmp_path / "a.sqlite3", FILL))
    assert told is not None
    assert (told.code, exit_code_of(told)) == ("WEB-011", 4)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_a_disk_that_takes_nothing_is_told(number: int):
    told = told_apart(OSError(number, "no"))
    assert isinstance(told, Unable)
    assert told.code == "RUN-002"


def test_a_bug_stays_a_bug_whatever_was_handled_before_it():
    assert world_error(KeyError("x")) is None
    assert world_error(FileNotFoundError(errno.ENOENT, "no such file", "/nowhere")) is None
    assert world_error(PermissionError(errno.EACCES, "denied", "/etc/shadow")) is None
    bug = KeyError("x")
    bug.__context__ = OSError(errno.ENOSPC, "full")
    assert world_error(bug) is None


def test_an_empty_secret_key_is_refused_and_set_up_makes_a_new_one(tmp_path: Path):
    home = Home(tmp_path)
    assert read_secret(home) == ""
    write_private(home.secret_key, " \n")
    with pytest.raises(SecretKeyEmpty):
        require_set_up(home)
    make = {stage.name: stage for stage in set_up(home)}["secret key"]
    assert (make.run(), make.run()) == ("made", "was there")
    assert len(read_secret(home)) > 40


def scuderia(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    kept = outside(SCUDERIA_HOME=str(home))
    return subprocess.run(
        [sys.executable, "-m", "scuderia.config", *command],
        env=kept, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("made", [False, True])
def test_asking_a_home_that_was_not_set_up_makes_nothing(tmp_path: Path, made: bool):
    home = tmp_path / "home"
    if made:
        home.mkdir()
    done = scuderia(home, "loop", "list")
    assert (done.returncode, done.stderr[:8]) == (4, f"{NotSetUp.code} "[:8])
    assert not home.exists() or not list(home.iterdir())
    assert scuderia(home, "loop", "--help").returncode == 0


@pytest.mark.slow
def test_a_damaged_home_and_an_empty_key_are_told_on_the_command_line(tmp_path: Path):
    (tmp_path / "secret-key").write_text("a-secret-of-this-test-alone")
    (tmp_path / "runs.sqlite3").touch()
    (tmp_path / "scuderia.sqlite3").write_bytes(b"not a database at all" * 100)
    done = scuderia(tmp_path, "loop", "list", "--as", "ada")
    assert (done.returncode, done.stderr[:8]) == (4, "RUN-012 ")
    (tmp_path / "secret-key").write_text("")
    done = scuderia(tmp_path, "loop", "list", "--as", "ada")
    assert (done.returncode, done.stderr[:8]) == (4, "RUN-013 ")


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("what", [["setup"], ["demo", "--no-serve", "--healthy"]])
def test_two_at_once_both_come_to_their_end(tmp_path: Path, what: list[str]):
    command = [sys.executable, "-m", "scuderia.config", *what]
    both = [
        subprocess.Popen(
            command, env=outside(SCUDERIA_HOME=str(tmp_path / "home")), stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [one.communicate(timeout=200)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    verdict = scuderia(tmp_path / "home", "audit", "verify", "--json")
    assert json.loads(verdict.stdout)["holds"] is True
    if what != ["setup"]:
        people = json.loads(scuderia(tmp_path / "home", "people", "list", "--json").stdout)
        assert len(people) == len({one["name"] for one in people}) == 6


@pytest.mark.django_db
def test_head_is_answered_like_get_without_a_body():
    client = Client(SERVER_NAME="localhost")
    for path in ("/api/v1/health", "/sign-in", "/api/v1/nowhere", "/"):
        got, head = client.get(path), client.head(path)
        assert head.status_code == got.status_code, path
        assert head.content == b""
        assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert client.head("/api/v1/health").headers["Content-Length"] == str(
        len(client.get("/api/v1/health").content)
    )


@pytest.mark.django_db
def test_a_broken_database_is_told_on_pages_and_in_the_api(monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    client = Client(SERVER_NAME="localhost")
    monkeypatch.setattr("scuderia.config.api.version", broken)
    told = client.get("/api/v1/health")
    assert (told.status_code, told.json()["code"]) == (503, "RUN-012")
    monkeypatch.setattr("django.contrib.auth.middleware.get_user", broken)
    page = client.get("/")
    assert page.status_code == 503
    assert page.content.startswith(b"RUN-012 ")
