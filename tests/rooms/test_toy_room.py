"""A room made in a temporary folder is added by one line, and everything it brings works."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from tests.homes import Shell, made_once, outside
from tests.rooms.toy import PACKAGE, write_entry_point, write_room

pytestmark = [pytest.mark.slow, pytest.mark.long]
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Depot:
    """A home with the toy room, and how to call the product on it."""

    home: Path
    environment: dict[str, str]

    @cached_property
    def shell(self) -> Shell:
        return Shell(self.environment)

    def call(self, *command: str) -> subprocess.CompletedProcess[str]:
        return self.shell.call(*command)

    def told(self, *command: str) -> str:
        return self.shell.told(*command)

    @cached_property
    def seen(self) -> dict:
        """What a process of its own sees of the room, once."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.rooms.look"],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def ask_tables(self, query: str) -> list[tuple]:
        """Ask the home's tables past the product, which is slow to start."""
        with closing(sqlite3.connect(self.home / "scuderia.sqlite3", timeout=30)) as connection:
            return connection.execute(query).fetchall()

    def counted(self) -> int:
        ((times,),) = self.ask_tables("SELECT counted FROM depot_crate WHERE name = 'A-1'")
        return times

    def close(self) -> None:
        if "shell" in self.__dict__:
            self.shell.close()


def environment_of(folder: Path, home: Path, **more: str) -> dict[str, str]:
    kept = outside(SCUDERIA_HOME=str(home), **more)
    kept.pop("DJANGO_SETTINGS_MODULE")
    path = os.pathsep.join([str(folder), str(ROOT / "src"), str(ROOT)])
    return {**kept, "PYTHONPATH": path}


def make_depot(folder: Path) -> None:
    """Write the room, set a home up with it, stack a crate, and let the crew and a worker work."""
    folder.mkdir()
    write_room(folder)
    made = Depot(folder / "home", environment_of(folder, folder / "home", SCUDERIA_ROOMS=PACKAGE))
    try:
        made.told("setup")
        made.told("depot", "stack", "A-1")
        made.told("crew", "run", "stacker")
        with working(made):
            wait_for(lambda: made.counted() > 0)
    finally:
        made.close()


@pytest.fixture(scope="module")
def depot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Depot]:
    folder = made_once(tmp_path_factory, "depot", make_depot)
    home = tmp_path_factory.mktemp("rooms") / "home"
    shutil.copytree(folder / "home", home)
    copy = Depot(home, environment_of(folder, home, SCUDERIA_ROOMS=PACKAGE))
    yield copy
    copy.close()


@pytest.fixture
def opened() -> Iterator[Callable[[Path, dict[str, str]], Depot]]:
    """Open homes of a test's own and close them after it."""
    made: list[Depot] = []

    def open_one(home: Path, environment: dict[str, str]) -> Depot:
        made.append(Depot(home, environment))
        return made[-1]

    yield open_one
    for one in made:
        one.close()


class working:  # noqa: N801 - read as a word: with working(depot)
    """The room's worker, for a while."""

    def __init__(self, depot: Depot) -> None:
        self._depot = depot

    def __enter__(self) -> None:
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "scuderia.config", "serve", "worker"],
            env=self._depot.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def __exit__(self, *_: object) -> None:
        self._worker.send_signal(signal.SIGTERM)
        _, said = self._worker.communicate(timeout=60)
        assert self._worker.returncode == 0, said.decode()


def wait_for(holds: Callable[[], bool], *, at_most_s: float = 60) -> None:
    until = time.monotonic() + at_most_s
    while not holds():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.5)


def test_it_is_listed_with_what_it_brings(depot):
    rooms = {one["name"][0]: one for one in json.loads(depot.told("rooms", "list", "--json"))}
    assert rooms["depot"]["package"] == [PACKAGE]
    assert rooms["depot"]["nav"] == ["Depot"]
    assert rooms["depot"]["tasks"] == ["count crates"]
    assert rooms["depot"]["powers"] == ["stack_crates"]
    assert {"urls", "api", "playbook"} <= set(rooms["depot"]["also"])


def test_its_table_operation_and_command_work(depot):
    assert depot.told("depot", "list").startswith("A-1 ")
    assert "crate.stacked" in depot.told("audit", "list", "--json")
    assert "depot" in depot.call("--help").stderr + depot.call("--help").stdout


def test_its_kind_of_file_is_imported_with_a_flag_of_its_own(depot, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("crate\nF-7\n", encoding="utf-8")
    assert "crates" in depot.told("import", "--help")
    assert "1 new crates" in depot.told("import", "crates", str(path), "--prefix", "x")
    assert "xF-7" in depot.told("depot", "list")


def test_its_power_is_held_by_the_roles_it_names(depot):
    depot.told("people", "create", "olaf")
    depot.told("people", "role", "olaf", "operator")
    refused = depot.call("depot", "stack", "B 2", "--as", "olaf")
    assert refused.returncode == 3
    assert "may not stack_crates" in refused.stderr
    assert "stack_crates" in depot.seen["powers"]
    token = depot.call("people", "token", "olaf", "--label", "x", "--power", "fly")
    assert token.returncode == 2
    assert "there is no power 'fly'" in token.stderr


def test_its_page_navigation_place_api_and_stylesheet_are_there(depot):
    seen = depot.seen
    status, html = seen["page"]
    assert status == 200
    assert "A-1" in html
    assert "/static/depot/depot.css" in html
    assert seen["navigation"]
    assert seen["stylesheet"]
    assert seen["place"] == "/depot/crates/A-1"
    assert seen["api"][0] == 200
    assert seen["api"][1][0]["name"] == "A-1"
    assert seen["schema"]


def test_its_periodic_task_was_made_again_and_again(depot):
    assert depot.counted() > 0


def test_its_agent_proposes_and_its_action_kind_is_carried_out_and_undone(depot):
    proposals = json.loads(depot.told("loop", "list", "--json"))
    (lift,) = [one for one in proposals if one["title"] == "Lift A-1"]
    depot.told("loop", "approve", lift["id"], "--digest", lift["digest"], "--yes")
    with working(depot):
        wait_for(lambda: depot.ask_tables("SELECT * FROM depot_crate WHERE lifted"))
        wait_for(lambda: depot.ask_tables("SELECT * FROM loop_action WHERE state = 'done'"))
    assert "lifted" in depot.told("depot", "list")


def test_an_installed_package_brings_it_by_its_entry_point(tmp_path, opened):
    write_room(tmp_path)
    write_entry_point(tmp_path)
    installed = opened(tmp_path / "home", environment_of(tmp_path, tmp_path / "home"))
    installed.told("setup")
    installed.told("depot", "stack", "C 3")
    assert installed.told("depot", "list") == "C 3 on the ground\n"


def test_a_room_that_cannot_be_added_is_named_with_what_to_do(tmp_path, opened):
    missing = opened(
        tmp_path, environment_of(tmp_path, tmp_path / "home", SCUDERIA_ROOMS="no_such_room")
    )
    refused = missing.call("rooms", "list")
    assert refused.returncode == 2
    assert refused.stderr.startswith("RUN-010 ")
    assert "no_such_room" in refused.stderr


def test_two_rooms_of_one_name_are_refused(tmp_path, opened):
    write_room(tmp_path)
    (tmp_path / PACKAGE).rename(tmp_path / "other_fleet")
    apps = tmp_path / "other_fleet" / "apps.py"
    text = apps.read_text().replace(PACKAGE, "other_fleet").replace('name="depot"', 'name="fleet"')
    apps.write_text(text)
    doubled = opened(
        tmp_path, environment_of(tmp_path, tmp_path / "home", SCUDERIA_ROOMS="other_fleet")
    )
    refused = doubled.call("rooms", "list")
    assert refused.returncode == 2
    assert "two rooms are called 'fleet'" in refused.stderr
