"""Restoring on the real command line: the round trip, and everything that is refused."""

import fcntl
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from scuderia.config.backups.archive import MANIFEST, manifest_of
from scuderia.config.home import Home
from scuderia.config.home_identity import read_identity
from scuderia.config.processes.home_lock import HomeInUse, alone
from tests.config.test_set_up import scuderia, set_up
from tests.homes import ROOT, Shell, made_once, outside

pytestmark = pytest.mark.slow


def make_backup(folder: Path, home: Path) -> None:
    folder.mkdir()
    done = scuderia(home, "backup", str(folder / "kept.tar"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["file"] == str(folder / "kept.tar")


@pytest.fixture(scope="module")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "set-up-home", set_up)


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory, made_home: Path) -> Path:
    folder = made_once(tmp_path_factory, "one-backup", lambda path: make_backup(path, made_home))
    return folder / "kept.tar"


def told(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    return done.returncode, done.stderr.strip().splitlines()[-2].split(" ")[0]


def test_a_home_is_restored_whole_and_says_so(made_home: Path, backup: Path, tmp_path: Path):
    home = tmp_path / "new" / "home"
    done = scuderia(tmp_path, "restore", str(backup), "--home", str(home), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["home"], report["aside"], report["brake"]) == (str(home), None, True)
    for name in ("secret-key", "owner", "home-id"):
        assert (home / name).read_bytes() == (made_home / name).read_bytes()
        assert (home / name).stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700
    with closing(Shell(outside(SCUDERIA_HOME=str(home)))) as shell:
        assert_it_goes_on(home, report, shell)
    assert not [path for path in home.iterdir() if path.name.startswith(".")]
    again = scuderia(home, "backup", str(tmp_path / "again.tar"))
    assert again.returncode == 0, again.stderr


def assert_it_goes_on(home: Path, report: dict[str, Any], shell: Shell) -> None:
    """See that a restored home verifies, tells of its restoring and is let go by hand alone."""
    assert json.loads(shell.told("audit", "verify", "--json"))["holds"] is True
    (entry,) = [
        row
        for row in json.loads(shell.told("audit", "list", "--json"))
        if row["verb"] == "home.restored"
    ]
    owner = (home / "owner").read_text().strip()
    assert (entry["seq"], entry["actor"]) == (report["entry"], f"person:{owner}")
    assert json.loads(entry["detail"])["entries"] == report["entry"] - 1
    brakes = json.loads(shell.told("brake", "status", "--json"))
    assert [
        row["reason"].startswith("restored from the backup of") for row in brakes["brakes"]
    ] == [True]
    shell.told("brake", "off", "--reason", "seen")


@pytest.mark.long
def test_a_folder_that_holds_something_is_replaced_only_when_asked(backup: Path, tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret-key").write_text("")
    assert told(scuderia(home, "restore", str(backup))) == (3, "HOME-005")
    assert (home / "secret-key").read_text() == ""
    done = scuderia(home, "restore", str(backup), "--replace", "--no-brake", "--json")
    assert done.returncode == 0, done.stderr
    assert (Path(json.loads(done.stdout)["aside"]) / "secret-key").read_text() == ""
    assert json.loads(scuderia(home, "brake", "status", "--json").stdout)["on"] is False
    assert json.loads(scuderia(home, "audit", "verify", "--json").stdout)["holds"] is True


@pytest.mark.parametrize("lock", ["serving.lock", "setup.lock", "backup.lock"])
def test_a_home_in_use_is_left_alone(tmp_path: Path, lock: str):
    with (tmp_path / lock).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        with pytest.raises(HomeInUse), alone(Home(tmp_path)):
            pytest.fail("it is in use")
    with alone(Home(tmp_path)), pytest.raises(HomeInUse), alone(Home(tmp_path)):
        pytest.fail("it is in use")


def test_a_home_that_is_served_is_not_replaced(backup: Path, tmp_path: Path):
    with (tmp_path / "serving.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert told(scuderia(tmp_path, "restore", str(backup), "--replace")) == (3, "HOME-003")


def rewritten(backup: Path, target: Path, **facts: object) -> Path:
    """The same parts under a manifest that says otherwise."""
    manifest = replace(manifest_of(backup), **facts)
    with tarfile.open(backup) as old, tarfile.open(target, "w") as new:
        for member in old.getmembers()[:-1]:
            new.addfile(member, old.extractfile(member))
        text = manifest.as_text().encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(text)
        new.addfile(info, BytesIO(text))
    return target


@pytest.mark.long
def test_a_backup_by_newer_code_and_a_damaged_one_make_no_home(backup: Path, tmp_path: Path):
    heads = {**manifest_of(backup).migrations, "loop": "9999_from_the_future"}
    newer = rewritten(backup, tmp_path / "newer.tar", migrations=heads, release="9.9.0")
    done = scuderia(tmp_path / "home", "restore", str(newer))
    assert told(done) == (3, "BACKUP-002")
    assert "9.9.0" in done.stderr
    assert "loop.9999_from_the_future" in done.stderr
    shutil.copy(backup, tmp_path / "damaged.tar")
    with tarfile.open(backup) as archive:
        at = archive.getmember("runs.sqlite3").offset_data + 5000
    with (tmp_path / "damaged.tar").open("r+b") as file:
        file.seek(at)
        file.write(b"!!!!")
    done = scuderia(tmp_path / "home", "restore", str(tmp_path / "damaged.tar"))
    assert told(done) == (4, "BACKUP-001")
    assert "runs.sqlite3" in done.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.long
def test_killed_at_any_instant_a_restore_is_done_again(backup: Path, tmp_path: Path):
    home, command = tmp_path / "home", [sys.executable, "-m", "scuderia.config"]
    for wait_s in (1.0, 2.0, 3.0, 4.0, 5.0):
        process = subprocess.Popen(
            [*command, "restore", str(backup), "--replace", "--no-brake"],
            env=outside(SCUDERIA_HOME=str(home)), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = scuderia(home, "restore", str(backup), "--replace", "--no-brake")
    assert done.returncode == 0, done.stderr
    assert not list(home.glob(".restoring-*"))
    assert json.loads(scuderia(home, "audit", "verify", "--json").stdout)["holds"] is True


@pytest.mark.long
def test_a_restore_that_was_ended_in_its_midst_starts_nothing(backup: Path, tmp_path: Path):
    home = tmp_path / "home"
    assert scuderia(home, "restore", str(backup)).returncode == 0
    (home / "restore-unfinished").touch()
    for command in (["loop", "list"], ["serve"], ["setup"], ["backup"]):
        assert told(scuderia(home, *command)) == (4, "HOME-004"), command


class TestFilesThatDoNotBelongTogether:
    @pytest.fixture
    def home(self, made_home: Path, tmp_path: Path) -> Path:
        return Path(shutil.copytree(made_home, tmp_path / "home"))

    @pytest.mark.parametrize("name", ["scuderia.sqlite3", "runs.sqlite3"])
    def test_a_missing_database_is_refused_and_not_made_anew(self, home: Path, name: str):
        (home / name).unlink()
        for command in (["setup"], ["brake", "on"], ["serve"]):
            assert told(scuderia(home, *command)) == (4, "HOME-001"), command
        assert not (home / name).exists()
        (home / name).touch()
        assert told(scuderia(home, "loop", "list")) == (4, "HOME-001")

    @pytest.mark.long
    def test_another_homes_database_is_found_out(self, home: Path, tmp_path: Path):
        other = tmp_path / "other"
        set_up(other)
        for name in ("scuderia.sqlite3", "runs.sqlite3"):
            shutil.move(home / name, tmp_path / "own")
            shutil.copy(other / name, home / name)
            done = scuderia(home, "loop", "list")
            assert told(done) == (4, "HOME-002")
            assert name in done.stderr
            shutil.move(tmp_path / "own", home / name)
        assert scuderia(home, "loop", "list").returncode == 0
        shutil.copy(other / "runs.sqlite3", home / "runs.sqlite3")
        (home / "home-id").unlink()
        assert told(scuderia(home, "setup")) == (4, "HOME-002")

    @pytest.mark.long
    def test_newer_tables_are_touched_by_nothing(self, home: Path):
        self._run(home, "INSERT INTO django_migrations (app, name, applied)"
                        " VALUES ('loop', '9999_from_the_future', '2030-01-01')")  # fmt: skip
        for command in (["serve", "worker"], ["setup"], ["upgrade"], ["backup"]):
            assert told(scuderia(home, *command)) == (3, "RUN-014"), command

    @pytest.mark.long
    def test_older_tables_are_upgraded_after_a_backup(self, home: Path):
        migrations = sorted((ROOT / "src/scuderia/loop/migrations").glob("0*.py"))
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "loop", migrations[-2].stem],
            env=outside(SCUDERIA_HOME=str(home)), check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        (home / "home-id").unlink()  # as in homes that were set up before they had one
        assert told(scuderia(home, "serve", "worker")) == (3, "RUN-006")
        done = scuderia(home, "upgrade")
        assert done.returncode == 0, done.stderr
        (kept,) = (home / "backups").iterdir()
        assert kept.name.endswith("-before-upgrade.tar")
        assert manifest_of(kept).waiting == 1
        assert read_identity(Home(home)) is not None
        assert json.loads(scuderia(home, "audit", "verify", "--json").stdout)["holds"] is True
        assert scuderia(home, "upgrade").returncode == 0
        assert len(list((home / "backups").iterdir())) == 1

    @staticmethod
    def _run(home: Path, statement: str) -> None:
        with closing(sqlite3.connect(home / "scuderia.sqlite3")) as tables:
            tables.execute(statement)
            tables.commit()


def test_who_has_no_home_is_told_and_none_is_made(tmp_path: Path):
    for command in (["backup"], ["upgrade"], ["serve"], ["audit", "verify"]):
        assert told(scuderia(tmp_path / "home", *command)) == (4, "RUN-001"), command
    assert list(tmp_path.iterdir()) == []
