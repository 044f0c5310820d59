"""Backups by the clock: which stay, when one is due or late, and what is said of it."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.http import HttpRequest
from hypothesis import given
from hypothesis import strategies as st

from scuderia.config.backups import schedule as scheduling
from scuderia.config.backups.making import BackupRunning, BackupUnwritten, MadeBackup, name_of
from scuderia.config.backups.manifest import SQLITE, Manifest
from scuderia.config.backups.records import BackupRecord, read_record, record_failed, record_good
from scuderia.config.backups.retention import Keep, kept_of
from scuderia.config.backups.schedule import (
    BackupLate,
    Schedule,
    backup_folder,
    make_due,
    make_scheduled,
    read_schedule,
    require_timely,
)
from scuderia.config.home import Home
from scuderia.config.notices import backup_late
from scuderia.config.tasks import OWN
from scuderia.config.transport import SettingUnread

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
instants = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
keeps = st.builds(Keep, st.integers(0, 9), st.integers(0, 6), st.integers(0, 6))


def quiet(_step: str, _words: str) -> None:
    """Nobody is told."""


def kept_by_hand(made: list[datetime], keep: Keep) -> set[datetime]:
    """The same rule, said otherwise: group, sort the groups, take the last of each."""
    stays = {max(made)} if made else set()
    for count, spelling in ((keep.daily, "%Y-%j"), (keep.weekly, "%G-%V"), (keep.monthly, "%Y-%m")):
        groups = defaultdict(list)
        for at in made:
            groups[at.strftime(spelling)].append(at)
        for group in sorted(groups)[-count:] if count else []:
            stays.add(max(groups[group]))
    return stays


@given(st.lists(instants, max_size=60), keeps)
def test_what_stays_is_the_newest_of_each_of_the_last_days_weeks_and_months(made, keep):
    assert kept_of(made, keep) == kept_by_hand(made, keep)


@given(st.lists(instants, min_size=1, max_size=60), keeps, instants)
def test_one_more_backup_brings_no_removed_one_back(made, keep, one_more):
    later = max([*made, one_more]) + timedelta(hours=1)
    assert kept_of([*made, later], keep) - {later} <= kept_of(made, keep)
    assert kept_of(kept_of(made, keep), keep) == kept_of(made, keep)


def test_a_year_of_daily_backups_by_a_hand_worked_table():
    made = [NOON - timedelta(days=day) for day in range(365)]
    stays = sorted(kept_of(made, Keep(3, 2, 2)))
    assert [f"{at:%m-%d}" for at in stays] == ["10-31", "11-22", "11-26", "11-27", "11-28"]


def plan(folder: Path, **environment: str) -> Schedule:
    found = read_schedule({"SCUDERIA_BACKUPS": str(folder), **environment})
    assert found is not None
    return found


def test_the_schedule_is_read_from_the_environment(tmp_path: Path):
    assert read_schedule({}) is None
    assert plan(tmp_path) == Schedule(tmp_path, timedelta(hours=24), Keep(14, 8, 12))
    asked = plan(tmp_path, SCUDERIA_BACKUP_HOURS="6", SCUDERIA_BACKUP_KEEP="7")
    assert backup_folder(Home(tmp_path), {}) == tmp_path / "backups"
    assert backup_folder(Home(tmp_path), {"SCUDERIA_BACKUPS": "/kept"}) == Path("/kept")
    assert (asked.every, asked.keep) == (timedelta(hours=6), Keep(7, 0, 0))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SCUDERIA_BACKUP_HOURS", text) for text in ("0", "-1", "x", "1.5", "999999")
    ] + [("SCUDERIA_BACKUP_KEEP", text) for text in ("x", "1,2,3,4", "1,,2", "-1")],
)  # fmt: skip
def test_a_schedule_that_says_nothing_is_refused(tmp_path: Path, name: str, text: str):
    with pytest.raises(SettingUnread, match=name):
        plan(tmp_path, **{name: text})


def test_one_is_due_at_first_then_by_the_clock_and_sooner_after_a_failure(tmp_path: Path):
    every_six = plan(tmp_path, SCUDERIA_BACKUP_HOURS="6")
    good = BackupRecord(good_at=NOON.isoformat())
    failed = BackupRecord(good_at=NOON.isoformat(), failed_at=NOON.isoformat(), said="full")
    assert every_six.is_due(BackupRecord(), now=NOON)
    for record, wait in ((good, timedelta(hours=6)), (failed, timedelta(minutes=15))):
        assert not every_six.is_due(record, now=NOON + wait - timedelta(seconds=1))
        assert every_six.is_due(record, now=NOON + wait)
    assert not every_six.is_late(good, now=NOON + timedelta(hours=12) - timedelta(seconds=1))
    assert every_six.is_late(good, now=NOON + timedelta(hours=12))
    assert every_six.is_late(BackupRecord(failed_at=NOON.isoformat()), now=NOON)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch):
    """Backups that cost nothing: each is an empty file under the name of its instant."""

    def at(instant: datetime, folder: Path, home_id: str = "") -> Path:
        folder.mkdir(exist_ok=True)
        file = folder / f"{name_of(home_id, instant)}.tar"
        file.touch()
        manifest = Manifest(
            made_at=instant, home_id=home_id, release="", tables=SQLITE, migrations={}, entries=0,
            head="", waiting=0, parts=(),
        )  # fmt: skip
        monkeypatch.setattr(
            scheduling, "make_backup", lambda *_, **__: MadeBackup(file, manifest)
        )  # fmt: skip
        return file

    return at


def test_old_ones_go_only_after_a_new_one_and_only_this_homes_own(home, tmp_path, making):
    folder = tmp_path / "kept"
    other = making(NOON - timedelta(days=9), folder, "aaaaaaaa-0000")
    labelled = folder / f"{name_of('', NOON - timedelta(days=9), 'before-upgrade')}.tar"
    labelled.touch()
    (folder / "notes.tar").touch()
    old = [making(NOON - timedelta(days=day), folder) for day in (3, 2, 1)]
    asked = plan(folder, SCUDERIA_BACKUP_KEEP="2")

    newest = making(NOON, folder)
    make_scheduled(home, asked, tell=quiet)
    assert sorted(folder.iterdir()) == sorted(
        [other, labelled, folder / "notes.tar", old[2], newest]
    )
    assert read_record(home).good == NOON


def test_a_failure_removes_nothing_and_is_told_until_one_goes_well(
    home, tmp_path, making, monkeypatch
):
    folder = tmp_path / "kept"
    old = [making(NOON - timedelta(days=day), folder) for day in range(5)]
    long_ago = datetime.now(UTC) - timedelta(days=3)
    record_good(home, str(old[0]), made_at=long_ago)

    def full(*_: object, **__: object) -> None:
        raise BackupUnwritten("no space left")

    monkeypatch.setattr(scheduling, "make_backup", full)
    monkeypatch.setenv("SCUDERIA_HOME", str(home.path))
    monkeypatch.setenv("SCUDERIA_BACKUPS", str(folder))
    assert backup_late(HttpRequest())[0].state == "bad"
    with pytest.raises(BackupUnwritten):
        make_scheduled(home, plan(folder, SCUDERIA_BACKUP_KEEP="1"), tell=quiet)
    assert sorted(folder.iterdir()) == sorted(old)
    (notice,) = backup_late(HttpRequest())
    assert "no space left" in notice.words
    assert f"{long_ago:%Y-%m-%d %H:%M}" in notice.words
    with pytest.raises(BackupLate, match="no space left"):
        require_timely(home, plan(folder), now=NOON + timedelta(days=2))
    record_good(home, "x", made_at=datetime.now(UTC))
    assert backup_late(HttpRequest()) == ()
    monkeypatch.delenv("SCUDERIA_BACKUPS")
    assert backup_late(HttpRequest()) == ()


def test_who_comes_second_notes_no_failure(home, tmp_path, monkeypatch):
    def running(*_: object, **__: object) -> None:
        raise BackupRunning("another")

    monkeypatch.setattr(scheduling, "make_backup", running)
    with pytest.raises(BackupRunning):
        make_scheduled(home, plan(tmp_path), tell=quiet)
    assert read_record(home) == BackupRecord()


def test_a_process_that_dies_is_a_failure_too(home, tmp_path, monkeypatch):
    monkeypatch.setenv("SCUDERIA_HOME", str(home.path))
    assert make_due() == 0  # nobody asked for any
    monkeypatch.setenv("SCUDERIA_BACKUPS", str(tmp_path / "kept"))
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert make_due() == 0
    assert "ended with code 1" in read_record(home).said
    monkeypatch.setattr("sys.executable", "/nowhere")
    assert make_due() == 0  # not due again yet, so nothing is started


def test_what_is_noted_survives_a_file_that_cannot_be_read(home):
    record_failed(home, "full", at=NOON)
    assert read_record(home).failed == NOON
    for text in ("", "{", "[]", '{"strange": 1}'):
        (home.path / "backups.json").write_text(text)
        assert read_record(home) == BackupRecord()


def test_the_worker_asks_whether_one_is_due():
    assert "scuderia.config.backups.schedule:make_due" in {task.call for task in OWN}
