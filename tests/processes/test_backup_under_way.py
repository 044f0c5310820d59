"""Backups of a home whose worker is acting, and what becomes of the runs that were under way."""

import signal
from pathlib import Path

import pytest

from scuderia.config.backups.archive import unpack_archive
from scuderia.connectors.dbos.store import open_runs
from scuderia.connectors.embedded.fault_injection import InjectedFault, inject_fault
from scuderia.connectors.embedded.storage import open_world
from scuderia.fleet.nouns import ControlVerb
from tests.processes.living import LiveHome, eventually
from tests.processes.test_killed_worker import all_done, assert_each_effect_happened_once, drain

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.fixture
def restored(tmp_path: Path):
    """What restores a backup to a home of its own; its processes end with the test."""
    homes = []

    def restore(file: Path, name: str, *flags: str) -> LiveHome:
        home = LiveHome(tmp_path / name)
        home.run("restore", str(file), *flags)
        homes.append(home)
        return home

    yield restore
    for home in homes:
        home.stop_all()


def contradictions(folder: Path) -> list[str]:
    """What one file of an unpacked backup acknowledges and another denies."""
    home = LiveHome(folder)
    rows = {row[0]: row[1] for row in home.rows("SELECT key, state FROM loop_effect")}
    actions = {row[0] for row in home.rows("SELECT replace(id, '-', '') FROM loop_action")}
    begun = {
        row[0]
        for row in home.rows(
            "SELECT replace(action_id, '-', '') FROM loop_runrequest WHERE started_at IS NOT NULL"
        )
    }
    with open_world(home.world) as world:
        made = {key for (key,) in world.execute("SELECT key FROM receipt")}
    done = {key for key, state in rows.items() if state == "done"}
    unknown = {one.hex for one in open_runs(folder / "runs.sqlite3")} - actions
    return [
        *(f"{key} is booked and was not made" for key in sorted(done - made)),
        *(f"{key} was made and nobody claimed it" for key in sorted(made - set(rows))),
        *(f"{one} runs and is no action" for one in sorted(unknown)),
        *(f"{one} was begun and is no action" for one in sorted(begun - actions)),
    ]


def test_backups_of_a_home_that_acts_contradict_themselves_nowhere(
    home: LiveHome, restored, tmp_path: Path
):
    home.run("setup")
    actions = home.approve(*(drain(f"r{rack:02d}-n04") for rack in range(1, 13)))
    home.worker()
    files, under_way = [], 0
    for number in range(4):
        files.append(tmp_path / f"{number}.tar")
        home.run("backup", str(files[-1]))
        under_way += home.unfinished()
    assert eventually(lambda: all_done(home)), home.log()[-4000:]
    assert_each_effect_happened_once(home, actions)
    for number, file in enumerate(files):
        unpack_archive(file, tmp_path / f"unpacked-{number}")
        assert contradictions(tmp_path / f"unpacked-{number}") == []


def test_runs_under_way_are_taken_over_or_halted_by_the_brake(
    home: LiveHome, restored, tmp_path: Path
):
    home.run("setup")
    inject_fault(home.world, InjectedFault.CRASH_AFTER, verb=ControlVerb.DRAIN)
    actions = home.approve(*(drain(f"r{rack:02d}-n05") for rack in range(1, 4)))
    assert home.worker().wait(timeout=60) == -signal.SIGKILL  # in the midst of an effect
    assert home.unfinished() > 0
    file = tmp_path / "kept.tar"
    home.run("backup", str(file))

    going_on = restored(file, "going-on", "--no-brake")
    going_on.worker()
    assert eventually(lambda: all_done(going_on)), going_on.log()[-4000:]
    assert_each_effect_happened_once(going_on, actions)

    braked = restored(file, "braked")
    before = braked.receipts()
    braked.worker()

    def all_stand() -> bool:
        states = {row["state"] for row in braked.actions().values()}
        return not states & {"queued", "running"}

    assert eventually(all_stand), braked.log()[-4000:]
    assert braked.receipts() == before
    assert "halted" in {row["state"] for row in braked.actions().values()}
    assert braked.ask("audit", "verify")["holds"] is True
