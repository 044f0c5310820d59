"""Several writers on one PostgreSQL: the audit is one chain, and no rule is asked too early."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from scuderia.basics.actors import Actor, ActorKind
from scuderia.basics.ids import new_id
from scuderia.config.pull_stores import ServerPulls
from scuderia.loop.engine.audit_chain import GENESIS
from scuderia.loop.models.audit import AuditEntry, AuditHead
from scuderia.loop.models.brakes import Brake
from scuderia.loop.models.triggers import install, remove
from scuderia.loop.nouns import BrakeScope, PulledBrake
from scuderia.loop.operations import audit
from scuderia.loop.operations.brakes import book_pulls
from scuderia.loop.operations.patience import waiting_at_most
from scuderia.loop.ports import registry
from scuderia.loop.queries.brakes import brakes_on

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="needs PostgreSQL: run `make test-postgres`",
    ),
    pytest.mark.django_db(transaction=True),
]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WRITERS, EACH = 4, 40


@pytest.fixture(autouse=True)
def _flushable(transactional_db):
    yield
    with connection.schema_editor() as editor:
        remove(editor)
    AuditEntry.objects.all().delete()
    AuditHead.objects.all().delete()
    with connection.schema_editor() as editor:
        install(editor)


def together(*calls: Callable[[], None]) -> list[BaseException]:
    failed: list[BaseException] = []

    def run(call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    return failed


def write(name: str) -> None:
    for number in range(EACH):
        with transaction.atomic():
            audit.record(Actor(ActorKind.PERSON, name), "test.wrote", subject="*", at=NOW)
            if number % 5 == 0:
                audit.record(Actor(ActorKind.PERSON, name), "test.again", subject="*", at=NOW)


def test_four_writers_make_one_chain_without_fork_or_gap():
    before = audit.verify().head
    assert together(*(lambda name=f"w{n}": write(name) for n in range(WRITERS))) == []
    verdict = audit.verify(before if before.hash != GENESIS else None)
    assert verdict.holds, verdict.said
    written = AuditEntry.objects.filter(verb__startswith="test.").count()
    assert written == WRITERS * (EACH + EACH // 5)
    seqs = list(AuditEntry.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert AuditEntry.objects.values("previous").distinct().count() == len(seqs)


def test_a_question_asked_in_a_transaction_still_holds_when_it_commits():
    limit, asked = 3, threading.Barrier(WRITERS)

    def write_if_room() -> None:
        asked.wait(timeout=30)
        with transaction.atomic():
            if AuditEntry.objects.filter(verb="test.room").count() < limit:
                audit.record(Actor(ActorKind.PERSON, "w"), "test.room", subject="*", at=NOW)

    def twice() -> None:
        write_if_room()
        write_if_room()

    assert together(*[twice] * WRITERS) == []
    assert AuditEntry.objects.filter(verb="test.room").count() == limit


def test_a_writer_that_waits_too_long_gives_up_and_its_connection_works_on():
    holds, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            holds.set()
            done.wait(timeout=30)

    def wait() -> None:
        assert holds.wait(timeout=30)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            with pytest.raises(DatabaseError, match="lock timeout"), transaction.atomic():
                pass
        finally:
            done.set()
        assert AuditEntry.objects.filter(verb="nothing").count() == 0
        write("after")

    assert together(hold, wait) == []


def test_a_brake_is_pulled_while_another_writes_without_end(monkeypatch):
    monkeypatch.setattr(registry, "pulls", ServerPulls())
    holds, done = threading.Event(), threading.Event()
    by = Actor(ActorKind.PERSON, "omar", "token")
    pulled = PulledBrake(new_id(), BrakeScope.ALL, "", "smoke", by, NOW)

    def hold() -> None:
        with transaction.atomic():
            holds.set()
            done.wait(timeout=30)

    def pull() -> None:
        assert holds.wait(timeout=30)
        try:
            ServerPulls().pull(pulled)
            assert ServerPulls().pending() == (pulled,)
            assert [one.reason for one in brakes_on(agent="", kind="", targets=())] == ["smoke"]
            with pytest.raises(OperationalError), waiting_at_most(0.05):
                book_pulls(now=NOW)
        finally:
            done.set()

    assert together(hold, pull) == []
    assert book_pulls(now=NOW) == 1
    assert book_pulls(now=NOW) == 0
    assert Brake.objects.get().set_by == "person:omar"
    assert AuditEntry.objects.filter(verb="brake.set").count() == 1


def test_nobody_pulls_between_a_claims_question_and_its_commit(monkeypatch):
    store, asked, done = ServerPulls(), threading.Event(), threading.Event()
    by = Actor(ActorKind.PERSON, "omar")

    def claim() -> None:
        with store.hold() as hold, transaction.atomic():
            hold.take()
            assert store.pending() == ()
            asked.set()
            assert not done.wait(timeout=0.3)

    def pull() -> None:
        assert asked.wait(timeout=30)
        store.pull(PulledBrake(new_id(), BrakeScope.ALL, "", "smoke", by, NOW))
        done.set()

    assert together(claim, pull) == []
    assert len(store.pending()) == 1
