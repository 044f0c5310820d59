"""The accounts of `benchmarks.crash` find an act that was lost and one that was done twice."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from benchmarks.crash import backups
from benchmarks.crash.accounts import account
from benchmarks.crash.kills import IMPORT_ROWS
from benchmarks.crash.slices import SUMMED, Slice, read_slices, sums, write_slices
from benchmarks.crash.stage import Act, Stage
from benchmarks.homes import Home

TABLES = """
CREATE TABLE loop_auditentry (reason TEXT, verb TEXT, subject TEXT);
CREATE TABLE loop_action (id TEXT);
CREATE TABLE loop_effect (key TEXT, state TEXT);
CREATE TABLE fleet_importbatch (id INTEGER, source TEXT);
CREATE TABLE fleet_outage (batch_id INTEGER);
INSERT INTO loop_auditentry VALUES ('act 1', 'brake.set', 'agent:a');
INSERT INTO loop_auditentry VALUES ('', 'action.done', 'action:b');
INSERT INTO loop_action VALUES ('00000000000000000000000000000001');
INSERT INTO loop_effect VALUES ('b:0', 'done');
INSERT INTO fleet_importbatch VALUES (1, 'crash-0');
"""
RUN = str(UUID(int=1))


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Everything that was done is in the books, once, and in the world."""
    monkeypatch.setattr(backups, "succeeds", lambda _home, *_words: True)
    stage = Stage(Home(tmp_path / "home"), 1)
    stage.home.path.mkdir()
    stage.acts = [Act("act 1", "/brakes", 204), Act("act 2", "/brakes", 0)]
    stage.imports = {"crash-0": True, "crash-1": False}
    write(stage.home.path / "scuderia.sqlite3", TABLES)
    with closing(sqlite3.connect(stage.home.path / "scuderia.sqlite3")) as tables:
        tables.executemany("INSERT INTO fleet_outage VALUES (?)", [(1,)] * IMPORT_ROWS)
        tables.commit()
    write(stage.world, "CREATE TABLE receipt (key TEXT); INSERT INTO receipt VALUES ('b:0')")
    return stage


def write(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as tables:
        tables.executescript(script)


def found(stage: Stage) -> tuple[object, object]:
    figures = account(stage)
    return figures["lost"], figures["doubled"]


def test_nothing_is_lost_or_doubled_where_books_and_world_agree(stage: Stage):
    figures = account(stage)
    assert (figures["acknowledged"], figures["lost"], figures["doubled"]) == (3, 0, 0)


@pytest.mark.parametrize(
    ("act", "lost"),
    [
        (Act("act 3", "/brakes", 204), 1),
        (Act("act 3", "/brakes", 0), 0),
        (Act("act 3", "/brakes", 409), 0),
        (Act("act 1", "/approve", 202, action_id=RUN), 0),
        (Act("act 1", "/approve", 202, action_id=str(UUID(int=2))), 1),
    ],
)
def test_an_act_that_was_acknowledged_and_is_nowhere_is_lost(stage: Stage, act: Act, lost: int):
    stage.acts.append(act)
    assert found(stage) == (lost, 0)


@pytest.mark.parametrize(
    ("script", "lost", "doubled"),
    [
        ("INSERT INTO loop_auditentry VALUES ('act 1', 'brake.set', 'agent:a')", 0, 1),
        ("INSERT INTO loop_auditentry VALUES ('act 2', 'brake.set', 'agent:a')", 0, 0),
        ("INSERT INTO loop_auditentry VALUES ('', 'action.done', 'action:b')", 0, 1),
        ("INSERT INTO loop_effect VALUES ('b:1', 'done')", 1, 0),
        ("INSERT INTO loop_effect VALUES ('b:1', 'not_done')", 0, 0),
        ("UPDATE loop_effect SET state = 'not_done'", 0, 1),
        ("DELETE FROM fleet_outage WHERE rowid = 1", 1, 0),
        ("DELETE FROM fleet_outage", 1, 0),
        ("UPDATE fleet_importbatch SET source = 'crash-1'", 1, 0),
    ],
)
def test_what_books_and_world_do_not_share_is_counted(
    stage: Stage, script: str, lost: int, doubled: int
):
    write(stage.home.path / "scuderia.sqlite3", script)
    assert found(stage) == (lost, doubled)


@pytest.mark.parametrize(
    ("fails", "lost"),
    [("0.tar", 1), ("1.tar", 1), ("2.tar", 0), ("last.tar", 2), ("verify", 1), ("", 0)],
)
def test_a_backup_that_was_made_or_looks_so_and_is_not_whole_is_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, fails: str, lost: int
):
    folder = backups.folder_of(stage)
    (folder / "1.tar").touch()
    stage.backups = {
        str(folder / "0.tar"): True, str(folder / "1.tar"): False, str(folder / "2.tar"): False,
    }  # fmt: skip

    def succeeds(_home: Home, *words: str) -> bool:
        return (words[0] == "backup" and "--check" not in words) or not (
            fails and any(word.endswith(fails) for word in words)
        )

    monkeypatch.setattr(backups, "succeeds", succeeds)
    assert found(stage) == (lost, 0)


def made(**figures: object) -> Slice:
    usual = dict.fromkeys(SUMMED, 0) | {"verified": True, "on": "sqlite", "kills_by_kind": {}}
    return usual | figures


def test_slices_are_summed_and_kept_for_a_run_that_goes_on(tmp_path: Path):
    file = tmp_path / "slices.json"
    assert read_slices(file) == []
    slices = [
        made(kills=3, acknowledged=40, kills_by_kind={"web": 2, "worker": 1}),
        made(kills=4, acknowledged=50, kills_by_kind={"web": 4}),
    ]
    write_slices(file, slices)
    assert read_slices(file) == slices
    told = sums(slices)
    assert (told["kills"], told["acknowledged"], told["slices_made"]) == (7, 90, 2)
    assert told["kills_by_kind"] == {"web": 6, "worker": 1}
    assert told["verified"]
    assert told["holds"]


@pytest.mark.parametrize("fault", ["lost", "doubled", "open_runs", "orphans"])
def test_one_slice_that_does_not_hold_is_enough(fault: str):
    told = sums([made(), made(**{fault: 1}), made()])
    assert (told[fault], told["holds"]) == (1, False)


def test_sums_of_nothing_and_of_a_chain_that_was_not_verified_do_not_hold():
    assert not sums([])["holds"]
    assert not sums([made(), made(verified=False)])["verified"]
