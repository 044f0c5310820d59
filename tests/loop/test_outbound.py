"""One request leaves, to a host that was allowed, within bounds, and no redirect is followed."""

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from scuderia.loop.operations.outbound import (
    ANSWER_BYTES_MAX,
    HostNotAllowed,
    NotSent,
    OutboundAnswer,
    OutboundRequest,
    allowed_address,
    send,
)


@contextmanager
def listening(status=200, body=b"{}", headers=()):
    """Serve on loopback; yields its host and port, and what it was sent."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append((self.command, self.path, sent, dict(self.headers)))
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_GET = answer  # noqa: N815 - http.server's names

        def log_message(self, *said):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_request_arrives_as_it_was_written():
    with listening(201, b"taken") as (host, seen):
        request = OutboundRequest("PATCH", f"http://{host}/a/b?c=1", b"{}", {"X-A": "b"})
        assert send(request, allowed=[host]) == OutboundAnswer(201, b"taken")
    ((method, path, body, headers),) = seen
    assert (method, path, body, headers["X-A"]) == ("PATCH", "/a/b?c=1", b"{}", "b")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://api.example.com/x", ["example.com"]),
        ("https://example.com.evil.org/", ["example.com"]),
        ("https://example.com@evil.org/", ["example.com"]),
        ("https://user@example.com/", ["example.com"]),
        ("https://example.com:8443/", ["example.com"]),
        ("https://example.com/", ["example.com:8443"]),
        ("http://example.com/", ["example.com"]),
        ("http://example.com/", ["example.com:80"]),
        ("http://127.0.0.1:9/", []),
        ("ftp://127.0.0.1/", ["127.0.0.1"]),
        ("file:///etc/passwd", [""]),
        ("https:///x", [""]),
        ("https://[::1", ["[::1"]),
        ("https://example.com:x/", ["example.com"]),
        ("https://example.com/" + "a" * 2_000, ["example.com"]),
        ("", [""]),
    ],
)
def test_nothing_leaves_to_a_host_that_nobody_allowed(url, allowed):
    with pytest.raises(HostNotAllowed):
        send(OutboundRequest("POST", url), allowed=allowed)


def test_a_host_is_allowed_whatever_the_case_and_with_its_own_port():
    assert allowed_address("https://API.example.com/x", ["Api.Example.com"]).path == "/x"
    assert allowed_address("https://example.com:443/x", ["example.com"]).path == "/x"
    assert allowed_address("https://example.com:8443/x", ["example.com:8443"]).port == 8443


def test_a_redirect_is_an_answer_and_is_not_followed():
    with listening() as (other, unseen):
        with listening(302, headers=[("Location", f"http://{other}/")]) as (host, _):
            answer = send(OutboundRequest("POST", f"http://{host}/"), allowed=[host, other])
        assert (answer.status, answer.is_success, answer.may_be_tried_again) == (302, False, False)
    assert not unseen


def test_no_more_of_an_answer_is_read_than_the_bound():
    with listening(500, b"x" * (2 * ANSWER_BYTES_MAX)) as (host, _):
        answer = send(OutboundRequest("POST", f"http://{host}/"), allowed=[host])
    assert (len(answer.body), answer.may_be_tried_again) == (ANSWER_BYTES_MAX, True)


def test_who_never_ends_an_answer_is_hung_up_on():
    end = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            line, _ = server.accept()
            with line:
                line.sendall(b"HTTP/1.1 200 OK\r\n")
                while not end.wait(0.02):
                    try:
                        line.sendall(b"X: y\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        host = f"127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(NotSent):
            send(OutboundRequest("POST", f"http://{host}/"), allowed=[host], within_s=0.3)
        end.set()
        thread.join()


@pytest.mark.parametrize("headers", [{"X-A": "b\r\nX-B: c"}, {"X\nA": "b"}])
def test_a_header_holds_no_second_one(headers):
    with listening() as (host, seen):
        with pytest.raises(NotSent):
            send(OutboundRequest("POST", f"http://{host}/", b"", headers), allowed=[host])
        with pytest.raises(NotSent):
            send(OutboundRequest("POST", f"http://{host}/a b\u00e9"), allowed=[host])
    assert not seen


def test_a_host_that_does_not_listen_is_told():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(NotSent):
        send(OutboundRequest("POST", f"http://{host}/"), allowed=[host])
