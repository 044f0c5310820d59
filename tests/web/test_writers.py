"""Of many that wait to write few hold threads; reads and the brake wait for none of them."""

import json
import threading

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import resolve

from scuderia.loop.operations import people
from scuderia.web import writers
from scuderia.web.writers import BoundedWriters


@pytest.fixture
def one_room(settings, monkeypatch):
    """Let one writer wait at a time, and the next not long."""
    settings.WRITERS_AT_ONCE = 1
    monkeypatch.setattr(writers, "PATIENCE_S", 0.01)


def asked(method, path):
    request = getattr(RequestFactory(), method)(path)
    request.resolver_match = resolve(path)
    return request


class Waiting:
    """A view that waits until it is let go, with the middleware's question before it."""

    def __init__(self):
        self.inside, self.go = threading.Event(), threading.Event()
        self.middleware = BoundedWriters(self)

    def __call__(self, request):
        refused = self.middleware.process_view(request, None, (), {})
        if refused is not None:
            return refused
        if request.path == "/api/v1/crew/run":
            self.inside.set()
            self.go.wait(timeout=30)
        return HttpResponse("done")


@pytest.mark.usefixtures("one_room")
def test_reads_and_the_brake_pass_while_a_writer_waits_and_another_writer_is_told():
    view, answers = Waiting(), []
    first = threading.Thread(
        target=lambda: answers.append(view.middleware(asked("post", "/api/v1/crew/run")))
    )
    first.start()
    assert view.inside.wait(timeout=30)
    assert view.middleware(asked("get", "/api/v1/queue")).content == b"done"
    for urgent in ("/api/v1/brakes", "/brake/set"):
        assert view.middleware(asked("post", urgent)).content == b"done"
    told = view.middleware(asked("post", "/api/v1/grants"))
    assert (told.status_code, told.headers["Retry-After"]) == (503, "1")
    assert json.loads(told.content)["code"] == "WEB-011"
    view.go.set()
    first.join(timeout=30)
    assert answers[0].content == b"done"
    assert view.middleware(asked("post", "/api/v1/grants")).content == b"done", (
        "there is room again"
    )


@pytest.mark.usefixtures("one_room")
def test_a_view_that_fails_makes_room_too():
    def fails(request):
        middleware.process_view(request, None, (), {})
        raise ZeroDivisionError

    middleware = BoundedWriters(fails)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            middleware(asked("post", "/api/v1/grants"))


@pytest.mark.parametrize(
    ("error", "busy"),
    [
        (OperationalError("database is locked"), True),
        (OperationalError("canceling statement due to lock timeout"), True),
        (OperationalError("disk I/O error"), False),
        (ZeroDivisionError("database is locked"), False),
    ],
)
def test_a_database_that_is_held_is_told_from_one_that_is_broken(error, busy):
    assert writers.is_busy(error) is busy


@pytest.mark.django_db
def test_the_api_says_that_others_write_instead_of_speaking_of_a_bug(client, monkeypatch):
    def held(*_args, **_named):
        raise OperationalError("database is locked")

    monkeypatch.setattr(people, "authenticate_token", held)
    answer = client.get("/api/v1/queue", headers={"Authorization": "Bearer scd_x_y"})
    assert (answer.status_code, answer.json()["code"]) == (503, "WEB-011")
