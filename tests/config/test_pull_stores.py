"""A pull of the brake holds at once, whoever writes to the books, and is booked once."""

import json
import sqlite3
import threading
from pathlib import Path
from uuid import UUID

import pytest
from django.db import OperationalError

from scuderia.config.pull_stores import FilePulls, PullsUnread
from scuderia.loop.models.actions import Action
from scuderia.loop.models.audit import AuditEntry
from scuderia.loop.models.brakes import Brake
from scuderia.loop.models.effects import Effect
from scuderia.loop.nouns import ActionState, BrakeScope, PulledBrake, StepWord
from scuderia.loop.operations import actions, audit, brakes
from scuderia.loop.operations.decisions import Braked
from scuderia.loop.ports import registry
from scuderia.loop.queries.brakes import brakes_on, list_brakes
from tests.config.test_set_up import scuderia
from tests.loop.conftest import cast, hall  # noqa: F401 - fixtures
from tests.loop.factories import NOW, later, person, valves
from tests.loop.test_acting import OMAR, approve, file

LENA = person("lena")
ALL = {"scope": BrakeScope.ALL, "value": ""}


def pulled(number=1, stops=BrakeScope.ALL, value=""):
    return PulledBrake(UUID(int=number), stops, value, "smoke", OMAR, later(number))


@pytest.fixture
def store(hall, tmp_path):  # noqa: F811
    registry.pulls = FilePulls(tmp_path / "pulls")
    return registry.pulls


@pytest.fixture
def busy(store, monkeypatch):
    """Let somebody write to the books for ever; return what ends it."""

    def locked(_pulled, _now):
        raise OperationalError("database is locked")

    monkeypatch.setattr(brakes, "_book", locked)
    return monkeypatch.undo


def test_what_was_pulled_is_read_back_oldest_first_until_it_is_forgotten(tmp_path):
    store = FilePulls(tmp_path / "pulls")
    assert store.pending() == ()
    second, first = pulled(2, BrakeScope.SCOPE, "customer:acme"), pulled(1)
    store.pull(second)
    store.pull(first)
    assert FilePulls(tmp_path / "pulls").pending() == (first, second)
    store.forget(first.id)
    store.forget(first.id)
    assert store.pending() == (second,)


def test_nobody_pulls_between_a_claims_question_and_its_commit(tmp_path):
    store, done = FilePulls(tmp_path / "pulls"), threading.Event()

    def pull() -> None:
        store.pull(pulled())
        done.set()

    with store.hold() as hold:
        hold.take()
        puller = threading.Thread(target=pull)
        puller.start()
        assert not done.wait(0.2)
        assert store.pending() == ()
    puller.join(timeout=10)
    assert store.pending() == (pulled(),)


@pytest.mark.parametrize("text", ["", "{", '{"id": "x"}', '{"stops": "all"}'])
def test_a_pull_that_cannot_be_read_is_never_taken_for_none(tmp_path, text):
    (tmp_path / "pulls").mkdir()
    (tmp_path / "pulls" / "1.json").write_text(text)
    with pytest.raises(PullsUnread):
        FilePulls(tmp_path / "pulls").pending()


@pytest.mark.django_db
@pytest.mark.usefixtures("cast")
class TestInTheLoop:
    def test_a_pull_is_booked_at_once_where_nobody_writes(self, store):
        brakes.set_brake(actor=OMAR, **ALL, reason="smoke", now=NOW)
        assert store.pending() == ()
        assert Brake.objects.get().set_by == "person:omar"
        assert AuditEntry.objects.get(verb="brake.set").at == NOW

    @pytest.mark.parametrize(
        ("scope", "value"),
        [
            (BrakeScope.ALL, ""),
            (BrakeScope.AGENT, "plumber"),
            (BrakeScope.KIND, "hall.turn_valves"),
            (BrakeScope.SCOPE, "hall:hall-acme"),
        ],
    )
    def test_a_pull_holds_while_somebody_writes(self, busy, scope, value):
        action = approve(file("v1", to=3))
        actions.begin_action(action, now=NOW)
        brakes.set_brake(actor=OMAR, scope=scope, value=value, reason="smoke", now=later(1))
        assert not Brake.objects.exists()
        assert [row.reason for row in list_brakes(LENA)] == ["smoke"]
        assert actions.run_step(action, 0, now=later(1)) is StepWord.STOP
        assert Action.objects.get().said.endswith("by person:omar: smoke")
        assert not Effect.objects.exists()

    @pytest.mark.parametrize(
        ("scope", "value"),
        [
            (BrakeScope.AGENT, "baker"),
            (BrakeScope.KIND, "hall.restore_valves"),
            (BrakeScope.SCOPE, "customer:birch"),
        ],
    )
    def test_a_pull_stops_what_it_names_alone(self, busy, scope, value):
        brakes.set_brake(actor=OMAR, scope=scope, value=value, reason="smoke", now=NOW)
        assert brakes_on(agent="plumber", kind="hall.turn_valves", targets=valves("v1")) == []

    def test_a_pull_that_is_booked_while_one_asks_is_missed_by_nobody(self, store, busy):
        brakes.set_brake(actor=OMAR, **ALL, reason="smoke", now=NOW)
        busy()
        pending = store.pending

        class Booking:
            def pending(self):
                found = pending()
                registry.pulls = store
                brakes.book_pulls(now=NOW)
                return found

        for ask in (lambda: list_brakes(LENA), lambda: brakes_on(agent="", kind="", targets=())):
            registry.pulls = Booking()
            assert [one.reason for one in ask()] == ["smoke"]

    def test_nothing_is_approved_while_a_pull_waits_for_the_books(self, busy):
        proposal = file("v1", to=3)
        brakes.set_brake(actor=OMAR, **ALL, reason="smoke", now=NOW)
        with pytest.raises(Braked):
            approve(proposal)

    def test_what_waited_is_booked_once_as_it_was_pulled(self, store, busy):
        brakes.set_brake(actor=OMAR, **ALL, reason="smoke", now=NOW)
        waiting = store.pending()
        busy()
        assert brakes.book_pulls(now=later(1)) == 1
        for one in waiting:  # killed after the books were told and before the file was gone
            store.pull(one)
        assert brakes.book_pulls(now=later(2)) == 1
        assert store.pending() == ()
        booked = Brake.objects.get()
        assert (booked.set_at, booked.reason) == (NOW, "smoke")
        assert AuditEntry.objects.filter(verb="brake.set").count() == 1
        assert audit.verify().holds

    def test_who_lets_go_lets_go_of_what_waited_too(self, store, busy):
        brakes.set_brake(actor=OMAR, **ALL, reason="smoke", now=NOW)
        busy()
        brakes.lift_brake(actor=LENA, **ALL, reason="over", now=later(1))
        assert (list_brakes(LENA), store.pending()) == ((), ())

    def test_a_store_that_cannot_be_read_lets_nothing_be_done(self, hall, store):  # noqa: F811
        action = approve(file("v1", to=3))
        actions.begin_action(action, now=NOW)
        store.folder.mkdir()
        (store.folder / "1.json").write_text("{")
        assert actions.run_step(action, 0, now=NOW) is StepWord.UNKNOWN
        assert not hall.world.happened
        (store.folder / "1.json").unlink()
        assert actions.run_step(action, 0, now=NOW) is StepWord.DONE
        assert actions.finish_action(action, now=NOW) is ActionState.DONE


@pytest.mark.slow
@pytest.mark.long
def test_the_brake_is_pulled_while_another_process_writes_without_end(tmp_path: Path):
    home = tmp_path / "home"
    assert scuderia(home, "setup").returncode == 0
    writer = sqlite3.connect(home / "scuderia.sqlite3", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        done = scuderia(home, "brake", "on", "--reason", "smoke")
        assert (done.returncode, done.stderr) == (0, "")
        status = json.loads(scuderia(home, "brake", "status", "--json").stdout)
        assert [row["reason"] for row in status["brakes"]] == ["smoke"]
    finally:
        writer.execute("ROLLBACK")
    assert scuderia(home, "brake", "off", "--reason", "over").returncode == 0
    assert json.loads(scuderia(home, "brake", "status", "--json").stdout)["on"] is False
    assert json.loads(scuderia(home, "audit", "verify", "--json").stdout)["holds"] is True
