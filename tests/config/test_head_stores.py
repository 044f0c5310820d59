"""Where the audit's heads go: a file that must be there, an address that must answer in time."""

import hashlib
import hmac
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scuderia.config import head_stores as here
from scuderia.config.head_stores import (
    TAIL_BYTES,
    FileHeads,
    HeadNotKept,
    WebhookHeads,
    head_stores,
    heads_every,
)
from scuderia.config.home import Home
from scuderia.config.transport import SettingUnread
from scuderia.loop.engine.audit_heads import OutsideHead

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEAD = OutsideHead(7, "f" * 64, AT, "here")
SECRET = b"sixteen bytes of secret"


@pytest.fixture
def outside(tmp_path: Path) -> FileHeads:
    (tmp_path / "home").mkdir()
    path = tmp_path / "mount" / "heads.jsonl"
    path.parent.mkdir()
    path.touch()
    return FileHeads(path, tmp_path / "home")


def test_heads_are_appended_and_read_back(outside: FileHeads):
    later = OutsideHead(9, "e" * 64, AT + timedelta(minutes=5), "here")
    outside.keep(HEAD)
    outside.keep(later)
    assert list(outside.kept()) == [HEAD, later]
    assert len(outside.path.read_text().splitlines()) == 2


def test_the_newest_head_of_a_home_is_read_from_the_files_end(outside: FileHeads):
    assert outside.newest(HEAD.home) is None
    outside.keep(HEAD)
    outside.keep(replace(HEAD, home="there", seq=HEAD.seq + 5))
    assert outside.newest(HEAD.home) == HEAD
    with outside.path.open("a", encoding="utf-8") as file:
        file.write("x" * TAIL_BYTES + "\n")
    assert outside.newest(HEAD.home) is None
    assert HEAD in outside.kept()
    outside.keep(replace(HEAD, seq=HEAD.seq + 1))
    assert outside.newest(HEAD.home) == replace(HEAD, seq=HEAD.seq + 1)


def test_a_line_that_was_never_finished_spoils_no_other(outside: FileHeads):
    outside.path.write_text('{"at":"2026-03-02T09')
    outside.keep(HEAD)
    assert list(outside.kept()) == [HEAD]


def test_a_disk_that_is_not_mounted_is_told_and_no_file_is_made_in_its_place(outside: FileHeads):
    outside.path.unlink()
    with pytest.raises(HeadNotKept, match="No such file"):
        outside.keep(HEAD)
    with pytest.raises(HeadNotKept):
        outside.kept()
    assert not outside.path.exists()


def test_a_file_of_the_home_and_what_is_no_file_are_refused(outside: FileHeads, tmp_path: Path):
    inside = tmp_path / "home" / "heads.jsonl"
    inside.touch()
    for path in (inside, outside.path.with_name("link")):
        if path.name == "link":
            path.symlink_to(inside)
        with pytest.raises(HeadNotKept, match="in the home"):
            FileHeads(path, tmp_path / "home").keep(HEAD)
    os.mkfifo(pipe := outside.path.with_name("pipe"))
    with pytest.raises(HeadNotKept, match="no ordinary file"):
        FileHeads(pipe, tmp_path / "home").keep(HEAD)
    with pytest.raises(HeadNotKept, match="no ordinary file"):
        FileHeads(pipe, tmp_path / "home").kept()


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Listen on loopback; each request is read whole, kept, and answered so."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                with line:
                    request = b""
                    while b"\r\n\r\n" not in request:
                        request += line.recv(4096)
                    told, _, body = request.partition(b"\r\n\r\n")
                    size = int(told.lower().split(b"content-length:")[1].split()[0])
                    while len(body) < size:
                        body += line.recv(4096)
                    requests.append(told + b"\r\n\r\n" + body)
                    try:
                        answer(line)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/heads?a=1", requests
        server.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=10)


def words(status: str) -> Callable[[socket.socket], None]:
    return lambda line: line.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(SECRET + b"\n")
    return path


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "TRY_S", 0.3)
    monkeypatch.setattr(here, "WAIT_S", 0.01)


def test_a_head_is_posted_signed_and_taken_by_any_success(secret: Path):
    with answering(words("204 No Content")) as (url, requests):
        WebhookHeads(url, secret).keep(HEAD)
    (request,) = requests
    told, _, body = request.partition(b"\r\n\r\n")
    assert told.startswith(b"POST /heads?a=1 HTTP/1.1")
    assert json.loads(body) == {
        "at": AT.isoformat(), "hash": "f" * 64, "home": "here", "seq": 7,
    }  # fmt: skip
    signed = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    assert f"X-Scuderia-Signature: sha256={signed}".encode() in told


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (words("500 No"), "answered 500"),
        (words("302 Found"), "answered 302"),
        (words("199 Odd"), "answered 199"),
        (lambda line: line.close(), "hung up"),
        (lambda line: line.sendall(b"SSH-2.0-x\r\n"), "does not speak HTTP"),
        (lambda line: line.sendall(b"H" * 9000), "no answer"),
    ],
)
def test_whatever_is_no_success_is_tried_a_few_times_and_told(
    secret: Path, answer: Callable[[socket.socket], None], said: str
):
    with answering(answer) as (url, requests), pytest.raises(HeadNotKept, match=said):
        WebhookHeads(url, secret).keep(HEAD)
    assert len(requests) == 3


@pytest.mark.usefixtures("_impatient")
def test_who_drips_an_answer_is_waited_for_no_longer(secret: Path):
    def drip(line: socket.socket) -> None:
        for sign in b"HTTP/1.1 200 OK\r\n":  # a success, for who has the patience
            line.sendall(bytes([sign]))
            time.sleep(0.05)

    with answering(drip) as (url, _), pytest.raises(HeadNotKept, match="no answer within"):
        WebhookHeads(url, secret).keep(HEAD)


def test_a_failure_that_passes_is_none(secret: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(here, "WAIT_S", 0.01)
    answers = iter((words("503 Busy"), words("200 OK")))

    def answer(line: socket.socket) -> None:
        next(answers)(line)

    with answering(answer) as (url, requests):
        WebhookHeads(url, secret).keep(HEAD)
    assert len(requests) == 2


@pytest.mark.parametrize(
    "url",
    ["http://example.org/x", "ftp://127.0.0.1/", "https://", "http://user:word@127.0.0.1/", "no"],
)
def test_an_address_that_is_neither_https_nor_near_is_refused(url: str, secret: Path):
    with pytest.raises(HeadNotKept, match="SCUDERIA_AUDIT_HEADS_URL"):
        WebhookHeads(url, secret).keep(HEAD)


def test_nothing_is_sent_unsigned(tmp_path: Path):
    short = tmp_path / "short"
    short.write_text("too short\n")
    for path in (None, short, tmp_path / "absent"):
        with pytest.raises(HeadNotKept):
            WebhookHeads("http://127.0.0.1:1/", path).keep(HEAD)


def test_the_environment_names_the_places_and_the_interval(tmp_path: Path):
    home = Home(tmp_path)
    assert head_stores({}, home) == ()
    told = {
        here.FILE: "/mnt/heads", here.URL: "https://a.example/key/s3cret", here.SECRET_FILE: "/s",
    }  # fmt: skip
    names = [one.name for one in head_stores(told, home)]
    assert names == ["file /mnt/heads", "webhook https://a.example"]
    assert heads_every({}) == timedelta(minutes=5)
    assert heads_every({here.EVERY: "60"}) == timedelta(minutes=1)
    for bad in ("9", "86401", "x", "-60", "1e3", "٣٠٠"):
        with pytest.raises(SettingUnread):
            heads_every({here.EVERY: bad})
