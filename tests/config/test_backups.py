"""A backup is of one instant, whole or not there at all, and its owner's alone."""

import json
import os
import random
import shutil
import signal
import sqlite3
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from scuderia.basics.errors import BadInput
from scuderia.config.backups.archive import (
    MANIFEST,
    check_archive,
    unpack_archive,
    write_archive,
)
from scuderia.config.backups.making import (
    BackupRunning,
    BackupUnwritten,
    make_backup,
)
from scuderia.config.backups.manifest import (
    SQLITE,
    BackupDamaged,
    BackupNewer,
    Manifest,
    Part,
    digest_of,
    read_manifest,
)
from scuderia.config.backups.snapshots import BackupUnsound, pinned_home
from scuderia.config.databases import tables_in
from scuderia.config.home import Home
from tests.config.test_set_up import set_up
from tests.homes import made_once

PARTS = {"a.sqlite3": b"a" * 5000, "pulls/1.json": b"{}", "secret-key": b"hush"}


def quiet(_step: str, _words: str) -> None:
    """Nobody is told."""


def packed(folder: Path, parts: dict[str, bytes] = PARTS, **facts: object) -> Path:
    """A backup of these parts, made without a home."""
    described = []
    for name, content in parts.items():
        path = folder / "parts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        described.append(Part(name, *digest_of(BytesIO(content))))
    manifest = Manifest(
        made_at=datetime(2026, 11, 1, tzinfo=UTC), home_id="", release="0.1.0", tables=SQLITE,
        migrations={}, entries=0, head="", waiting=0, parts=tuple(described),
    )  # fmt: skip
    write_archive(folder / "made.tar", folder / "parts", replace(manifest, **facts))
    return folder / "made.tar"


class TestTheFile:
    def test_what_was_packed_is_unpacked_for_its_owner_alone(self, tmp_path: Path):
        file = packed(tmp_path)
        manifest = unpack_archive(file, tmp_path / "out")
        assert {part.name for part in manifest.parts} == set(PARTS)
        for name, content in PARTS.items():
            assert (tmp_path / "out" / name).read_bytes() == content
            assert (tmp_path / "out" / name).stat().st_mode & 0o777 == 0o600
        assert file.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("name", PARTS)
    def test_a_byte_that_changed_is_found_and_its_part_named(self, tmp_path: Path, name: str):
        file = packed(tmp_path)
        with tarfile.open(file) as archive:
            at = archive.getmember(name).offset_data
        with file.open("r+b") as stream:
            stream.seek(at)
            stream.write(b"!")
        for read in (check_archive, lambda path: unpack_archive(path, tmp_path / "out")):
            with pytest.raises(BackupDamaged, match=name):
                read(file)

    def test_every_cut_is_found(self, tmp_path: Path):
        whole = packed(tmp_path).read_bytes()
        end = whole.rindex(b"}") + 2
        for at in [*range(0, end, 511), end - 1]:
            (tmp_path / "cut.tar").write_bytes(whole[:at])
            with pytest.raises(BackupDamaged):
                check_archive(tmp_path / "cut.tar")

    @pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out"])
    def test_a_name_outside_the_home_is_refused(self, tmp_path: Path, name: str):
        file = packed(tmp_path, {"inside": b"x"})
        manifest = check_archive(file)
        moved = replace(manifest, parts=(replace(manifest.parts[0], name=name),))
        with tarfile.open(file, "w") as archive:
            for entry, content in ((name, b"x"), (MANIFEST, moved.as_text().encode())):
                info = tarfile.TarInfo(entry)
                info.size = len(content)
                archive.addfile(info, BytesIO(content))
        with pytest.raises(BackupDamaged):
            unpack_archive(file, tmp_path / "home")

    def test_a_file_that_no_manifest_names_is_refused(self, tmp_path: Path):
        file = packed(tmp_path)
        with tarfile.open(file, "a") as archive:
            archive.addfile(tarfile.TarInfo("more"))
        with pytest.raises(BackupDamaged):
            check_archive(file)

    def test_no_backup_at_all_is_bad_input(self, tmp_path: Path):
        for path in (tmp_path, tmp_path / "nothing"):
            with pytest.raises(BadInput):
                check_archive(path)
        (tmp_path / "text").write_text("no tar")
        with pytest.raises(BackupDamaged):
            check_archive(tmp_path / "text")

    def test_a_manifest_that_was_changed_or_is_of_a_newer_format_is_refused(self, tmp_path: Path):
        text = check_archive(packed(tmp_path)).as_text()
        assert read_manifest(text).parts
        with pytest.raises(BackupDamaged):
            read_manifest(text.replace('"entries": 0', '"entries": 1'))
        newer = check_archive(packed(tmp_path / "b")).as_text()
        facts = {name: value for name, value in json.loads(newer).items() if name != "sha256"}
        from scuderia.basics.canonical import sha256_of

        facts["format"] = 99
        with pytest.raises(BackupNewer):
            read_manifest(json.dumps({**facts, "sha256": sha256_of(facts)}))


@pytest.fixture(scope="module")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "set-up-home", set_up)


@pytest.fixture
def home(made_home: Path, tmp_path: Path, db: None) -> Iterator[Home]:
    """A copy of a home, whose tables this thread asks."""
    copy = Home(Path(shutil.copytree(made_home, tmp_path / "home")))
    with tables_in(copy.database):
        yield copy


def backup(home: Home, target: Path, tell: Callable[[str, str], None] = quiet) -> Path:
    return make_backup(home, target, tell=tell).file


@pytest.mark.slow
@pytest.mark.usefixtures("_on_sqlite")
class TestMakingOne:
    def test_it_holds_the_state_of_the_home_and_nothing_else(self, home: Home, tmp_path: Path):
        (home.path / "pulls").mkdir(exist_ok=True)
        (home.path / "pulls" / "1.json").write_text("{}")
        os.mkfifo(home.path / "pipe")  # whoever read it would wait for ever
        made = make_backup(home, tmp_path / "kept", tell=quiet)
        names = {part.name for part in made.manifest.parts}
        assert names == {
            "scuderia.sqlite3", "runs.sqlite3", "secret-key", "owner", "home-id", "pulls/1.json",
        }  # fmt: skip
        assert made.manifest.entries > 0
        assert made.manifest.migrations["loop"]
        assert [path.name for path in (tmp_path / "kept").iterdir()] == [made.file.name]
        assert made.file.stat().st_mode & 0o777 == 0o600
        assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o700

    def test_one_is_made_at_a_time_and_none_is_overwritten(self, home: Home, tmp_path: Path):
        def again(_step: str, _words: str) -> None:
            with pytest.raises(BackupRunning):
                make_backup(home, tmp_path / "other", tell=quiet)

        file = backup(home, tmp_path / "once.tar", again)
        before = file.read_bytes()
        with pytest.raises(BadInput):
            backup(home, file)
        assert file.read_bytes() == before
        with pytest.raises(BadInput):
            backup(home, home.path / "pulls")

    def test_tables_whose_audit_does_not_hold_are_no_backup(self, home: Home, tmp_path: Path):
        with closing(sqlite3.connect(home.database)) as tables:
            tables.execute("DROP TRIGGER IF EXISTS loop_auditentry_no_update")
            for (name,) in tables.execute(
                "SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name='loop_auditentry'"
            ).fetchall():
                tables.execute(f"DROP TRIGGER {name}")
            tables.execute("UPDATE loop_auditentry SET reason = 'another' WHERE seq = 1")
            tables.commit()
        with pytest.raises(BackupUnsound):
            backup(home, tmp_path / "kept")
        assert not list((tmp_path / "kept").iterdir())

    def test_a_database_that_is_damaged_is_no_backup(self, home: Home, tmp_path: Path):
        with closing(sqlite3.connect(home.runs)) as runs:
            runs.execute("CREATE TABLE t (a)")
            runs.executemany("INSERT INTO t VALUES (?)", [("x" * 100,)] * 2000)
            runs.execute("CREATE INDEX i ON t (a)")
            runs.commit()
            runs.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with home.runs.open("r+b") as file:
            file.seek(-6000, os.SEEK_END)
            file.write(b"\xff" * 2000)
        with pytest.raises((BackupUnsound, sqlite3.DatabaseError)):
            backup(home, tmp_path / "kept")
        assert not list((tmp_path / "kept").iterdir())

    def test_a_full_disk_is_told_and_leaves_nothing(
        self, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        free = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
        with pytest.raises(BackupUnwritten, match="MiB"):
            backup(home, tmp_path / "kept")
        monkeypatch.undo()

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("scuderia.config.backups.making.write_archive", full)
        with pytest.raises(BackupUnwritten, match="No space"):
            backup(home, tmp_path / "kept")
        assert not list((tmp_path / "kept").iterdir())

    def test_killed_at_any_step_it_leaves_no_half_and_the_next_one_tidies_up(
        self, home: Home, tmp_path: Path
    ):
        steps: list[str] = []
        backup(home, tmp_path / "count", lambda step, _: steps.append(step))
        kept = tmp_path / "kept"
        for number in range(len(steps)):
            child = os.fork()
            if not child:
                left = [number]

                def fall(_step: str, _words: str, left: list[int] = left) -> None:
                    if not left[0]:
                        os.kill(os.getpid(), signal.SIGKILL)
                    left[0] -= 1

                with tables_in(home.database):
                    make_backup(home, kept, tell=fall)
                os._exit(1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
            assert not list(kept.glob("*.tar"))
        assert list(kept.glob(".scuderia-backup-*"))
        check_archive(backup(home, kept))
        assert [path.suffix for path in kept.iterdir()] == [".tar"]


@dataclass
class Histories:
    """Writers that keep the product's order between three files, each act acknowledged after it.

    An action is told to the tables, then begun in the runs, then said to have begun; an effect is
    claimed in the tables, made in the world, then settled; a pull stands in its file until booked.
    """

    home: Home
    seed: int
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[tuple[str, str]] = field(default_factory=list)

    @property
    def world(self) -> Path:
        return self.home.path / "world.sqlite3"

    def make(self) -> None:
        self.home.pulls.mkdir(parents=True)
        for path, tables in (
            (self.home.database, ("action", "begun", "claim", "settled", "booked")),
            (self.home.runs, ("run",)),
            (self.world, ("effect",)),
        ):
            with closing(sqlite3.connect(path)) as database:
                database.execute("PRAGMA journal_mode=WAL")
                for table in tables:
                    database.execute(f"CREATE TABLE {table} (id TEXT PRIMARY KEY)")

    def write(self, writer: int) -> None:
        drawn = random.Random(f"{self.seed}/{writer}")  # noqa: S311 - a history, no secret
        number = 0
        while not self.stop.is_set():
            number += 1
            name = f"{writer}-{number}"
            if drawn.random() < 0.3:
                self._pull(name, drawn)
            else:
                self._act(name, drawn)

    def _act(self, name: str, drawn: random.Random) -> None:
        for path, table in (
            (self.home.database, "action"), (self.home.runs, "run"),
            (self.home.database, "begun"), (self.home.database, "claim"),
            (self.world, "effect"), (self.home.database, "settled"),
        ):  # fmt: skip
            self._insert(path, table, name)
            if drawn.random() < 0.2:
                time.sleep(drawn.random() / 200)
            if drawn.random() < 0.05:
                return  # it stays as it is: killed

    def _pull(self, name: str, drawn: random.Random) -> None:
        file = self.home.pulls / f"{name}.json"
        draft = file.with_name(f".{name}")
        draft.write_text("{}")
        draft.replace(file)
        self.acknowledged.append(("pull", name))
        if drawn.random() < 0.7:
            self._insert(self.home.database, "booked", name)
            file.unlink()

    def _insert(self, path: Path, table: str, name: str) -> None:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous=OFF")
            database.execute("BEGIN IMMEDIATE")
            database.execute(f"INSERT INTO {table} VALUES (?)", (name,))  # noqa: S608 - ours
            database.execute("COMMIT")
        self.acknowledged.append((table, name))


def kept_in(folder: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in folder.glob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as database:
            for (table,) in database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchall():
                rows = database.execute(f"SELECT id FROM {table}")  # noqa: S608 - ours
                found[table] = {name for (name,) in rows}
    found["pull"] = {path.stem for path in (folder / "pulls").glob("*.json")} | found["booked"]
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("_on_sqlite")
@pytest.mark.django_db
@pytest.mark.parametrize("number", range(3))
def test_while_all_write_nothing_acknowledged_is_missing_or_contradicted(
    tmp_path: Path, number: int
):
    seed = int(os.environ["SCUDERIA_SEED"]) + number
    histories = Histories(Home(tmp_path / "home"), seed)
    histories.make()
    writers = [threading.Thread(target=histories.write, args=(one,)) for one in range(5)]
    for writer in writers:
        writer.start()
    try:
        for copy in range(12):
            time.sleep(0.05)
            told = list(histories.acknowledged)
            folder = tmp_path / f"copy-{copy}"
            folder.mkdir()
            with tables_in(histories.home.database), pinned_home(histories.home, folder) as pinned:
                time.sleep(0.03)  # everybody writes on before anything is copied
                for one in pinned:
                    one.copy_to(folder / one.name, lambda _share: None)
            kept = kept_in(folder)
            assert [act for act in told if act[1] not in kept[act[0]]] == []
            assert kept["run"] <= kept["action"]
            assert kept["begun"] <= kept["run"]
            assert kept["effect"] <= kept["claim"]
            assert kept["settled"] <= kept["effect"]
    finally:
        histories.stop.set()
        for writer in writers:
            writer.join(timeout=30)
    assert len(histories.acknowledged) > 100


@pytest.fixture
def _on_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """These homes have their tables in a file, whichever database the run itself is on."""
    monkeypatch.delenv("SCUDERIA_DATABASE_URL", raising=False)
