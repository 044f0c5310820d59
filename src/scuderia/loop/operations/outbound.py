"""Sends one bounded HTTP request to a host that an admin allowed, and to no other.

A redirect is an answer, never followed. Whoever asks bounds how often; nothing is tried twice here.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from scuderia.basics.errors import Refused, Unable

LOOPBACK = ("127.0.0.1", "::1", "localhost")
WITHIN_S = 10.0
ANSWER_BYTES_MAX = 65_536
URL_CHARACTERS_MAX = 2_000


class HostNotAllowed(Refused):
    """The address is of a host that nobody allowed, so nothing was sent there."""

    code = "LOOP-045"
    remedy = "Have an admin allow the host by name; only https leaves this machine."


class NotSent(Unable):
    """The other side did not answer in time, or not in HTTP."""

    code = "LOOP-046"
    remedy = "See that the host answers from here; what asked tries again a few times."


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """One request; `headers` beside Content-Length and Host."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboundAnswer:
    """The answer: its status, and no more than ANSWER_BYTES_MAX of its body."""

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the other side took it."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's successes

    @property
    def may_be_tried_again(self) -> bool:
        """Whether the same request may succeed later: it is the other side that failed."""
        return self.status >= 500 or self.status in (408, 425, 429)  # noqa: PLR2004 - HTTP's


def allowed_address(url: str, allowed: Collection[str]) -> SplitResult:
    """Return the parts of an address that may be sent to.

    allowed   hosts as `host`, or `host:port` where the port is not https's own
    raises    HostNotAllowed
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise HostNotAllowed("that is no address") from None
    is_near = parts.scheme == "http" and host in LOOPBACK
    if not (parts.scheme == "https" or is_near) or parts.username or len(url) > URL_CHARACTERS_MAX:
        raise HostNotAllowed("the address is neither https nor this machine's own http")
    name = f"[{host}]" if ":" in host else host
    named = name if port in (None, 443) else f"{name}:{port}"
    if not host or named not in {one.lower() for one in allowed}:
        raise HostNotAllowed(f"nothing is sent to {named[:100]!r}", host=named[:100])
    return parts


def send(
    request: OutboundRequest, *, allowed: Collection[str], within_s: float = WITHIN_S
) -> OutboundAnswer:
    """Send the request and return the answer, all of it within so many seconds of the connection.

    raises   HostNotAllowed, NotSent
    """
    parts = allowed_address(request.url, allowed)
    host, port = parts.hostname or "", parts.port
    line: http.client.HTTPConnection = (
        http.client.HTTPSConnection(
            host, port, timeout=within_s, context=ssl.create_default_context()
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=within_s)
    )
    late = threading.Event()
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        line.connect()
        end = threading.Timer(within_s, _hang_up, [line.sock, late])  # whoever drips loses
        end.start()
        try:
            line.request(request.method, path, request.body, dict(request.headers))
            answer = line.getresponse()
            told = OutboundAnswer(answer.status, answer.read(ANSWER_BYTES_MAX))
        finally:
            end.cancel()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotSent(f"{host}: {str(error)[:200] or type(error).__name__}") from None
    finally:
        line.close()
    if late.is_set():  # a torn answer reads like a whole one
        raise NotSent(f"{host}: no answer within {within_s:g} s")
    return told


def _hang_up(line: socket.socket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
