"""Heartbeats are kept whoever writes: in files of the home, or in rows beside the writer's lock."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from scuderia.config.heartbeat_stores import FileHeartbeats, HeartbeatsUnread, ServerHeartbeats
from scuderia.loop.engine.null_stores import HeartbeatsInMemory
from scuderia.loop.nouns import WorkerHeartbeat
from scuderia.loop.operations import workers
from scuderia.loop.ports import HeartbeatStore, registry
from scuderia.loop.queries.workers import list_alive
from tests.loop.factories import NOW

on_server = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


@pytest.fixture(params=["files", "memory", pytest.param("server", marks=on_server)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> HeartbeatStore:
    if request.param == "files":
        return FileHeartbeats(tmp_path / "heartbeats")
    if request.param == "memory":
        return HeartbeatsInMemory()
    request.getfixturevalue("db")
    return ServerHeartbeats()


def told(name: str, minutes: int, incarnation: str = "first") -> WorkerHeartbeat:
    return WorkerHeartbeat(name, incarnation, NOW + timedelta(minutes=minutes), "here", 7)


def test_the_newest_of_every_executor_is_kept(store: HeartbeatStore):
    assert list(store.list_all()) == []
    for one in (told("b", 0), told("a", 1), told("b", 2, "second")):
        store.record(one)
    assert list(store.list_all()) == [told("a", 1), told("b", 2, "second")]


def test_who_was_heard_of_since_is_not_forgotten(store: HeartbeatStore):
    store.record(told("a", 1))
    store.forget("a", until=NOW)
    store.forget("b", until=NOW)
    assert list(store.list_all()) == [told("a", 1)]
    store.forget("a", until=told("a", 1).at)
    assert list(store.list_all()) == []


def test_the_loop_asks_the_store_who_is_alive(store: HeartbeatStore, monkeypatch):
    monkeypatch.setattr(registry, "heartbeats", store)
    monkeypatch.setitem(workers._self, "executor_id", "unnamed")
    workers.record_heartbeat("one", wall=NOW)
    assert workers.is_alive(workers.identity(), wall=NOW + timedelta(seconds=14))
    assert not workers.is_alive(workers.identity(), wall=NOW + workers.STALE_AFTER)
    assert not workers.is_alive("one/before-the-restart", wall=NOW)
    assert list_alive(since=NOW - timedelta(seconds=1)) == {"one"}
    assert workers.list_dead(wall=NOW + workers.STALE_AFTER) == ["one"]


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_waits_for_no_writer(tmp_path: Path):
    server = connection.vendor == "postgresql"
    store = ServerHeartbeats() if server else FileHeartbeats(tmp_path / "heartbeats")
    done = threading.Event()

    def say_alive() -> None:
        store.record(told("a", 0))
        connection.close()
        done.set()

    with transaction.atomic():
        threading.Thread(target=say_alive).start()
        assert done.wait(20)
    assert list(store.list_all()) == [told("a", 0)]


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    store = FileHeartbeats(tmp_path / "file" / "heartbeats")
    with pytest.raises(HeartbeatsUnread):
        store.record(told("a", 0))
    broken = FileHeartbeats(tmp_path)
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(HeartbeatsUnread):
        broken.list_all()
