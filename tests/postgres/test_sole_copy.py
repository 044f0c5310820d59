"""A home folder that was copied whole is not served beside the other on one database."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from scuderia.config.databases import DatabaseSilent
from scuderia.config.home import Home
from scuderia.config.processes.sole_copy import HomeCopied, place_of, refuse_copy, sole_copy
from tests.config.test_behind_proxy import free_port
from tests.homes import outside

URL = os.environ.get("SCUDERIA_DATABASE_URL", "")
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(not URL, reason="needs PostgreSQL: run `make test-postgres`"),
]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder with an id."""
    return identified(tmp_path / "one")


def identified(folder: Path) -> Home:
    folder.mkdir()
    home = Home(folder)
    home.identity.write_text(json.dumps({"id": str(uuid4()), "on_server": True}), "utf-8")
    return home


def copied(home: Home) -> Home:
    return Home(Path(shutil.copytree(home.path, home.path.with_name("copy"))))


def test_a_copy_is_refused_for_as_long_as_the_other_is_served(home: Home) -> None:
    copy = copied(home)
    with sole_copy(home):
        with pytest.raises(HomeCopied, match=r"served already: scuderia .*from 127\.0\.0\.1"):
            refuse_copy(copy)
        refuse_copy(home)
    with sole_copy(copy), pytest.raises(HomeCopied):
        refuse_copy(home)


def test_processes_of_one_folder_and_homes_of_other_ids_serve_together(
    home: Home, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(home.path)
    with ExitStack() as held:
        for one in (home, home, Home(link), identified(tmp_path / "two")):
            held.enter_context(sole_copy(one))


def test_a_killed_process_lets_go(home: Home) -> None:
    hold = (
        "import sys, time; from pathlib import Path; from scuderia.config.home import Home;"
        "from scuderia.config.processes.sole_copy import sole_copy\n"
        "with sole_copy(Home(Path(sys.argv[1]))): print('held', flush=True); time.sleep(60)"
    )
    copy = copied(home)
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(copy.path)],
        env=outside(SCUDERIA_DATABASE_URL=URL), stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(HomeCopied):
            refuse_copy(home)
        other.kill()
    for _ in range(100):  # the server hears of it a moment later
        try:
            refuse_copy(home)
        except HomeCopied:
            continue
        break
    refuse_copy(home)


def test_a_home_without_an_id_or_with_tables_of_its_own_is_not_asked(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = Home(tmp_path)
    with sole_copy(home), sole_copy(bare):
        monkeypatch.setenv("SCUDERIA_DATABASE_URL", "")
        refuse_copy(copied(home))


def test_a_silent_server_is_said_by_who_serves_and_passed_over_by_who_starts_them(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCUDERIA_DATABASE_URL", "postgresql://x@127.0.0.1:9/x")
    refuse_copy(home)
    with pytest.raises(DatabaseSilent), sole_copy(home):
        pass


@pytest.mark.parametrize("kind", [(), ("web",), ("worker",)])
@pytest.mark.slow
def test_every_way_of_serving_a_copy_is_refused(kind: tuple[str, ...], tmp_path: Path) -> None:
    """As somebody sees it who starts the copy."""
    folder = tmp_path / "home"

    def scuderia(home: Path, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scuderia.config", *command],
            env=outside(SCUDERIA_HOME=str(home), SCUDERIA_DATABASE_URL=URL),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    made = scuderia(folder, "setup")
    assert made.returncode == 0, made.stderr
    copy = copied(Home(folder))
    with sole_copy(Home(folder)):
        port = () if kind == ("worker",) else ("--port", str(free_port()))
        refused = scuderia(copy.path, "serve", *kind, *port)
    assert refused.returncode == 3, refused.stderr
    assert "HOME-007" in refused.stderr


def test_places_are_told_apart_by_their_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert place_of(tmp_path) == place_of(tmp_path / "a" / "..") != place_of(tmp_path / "a")
