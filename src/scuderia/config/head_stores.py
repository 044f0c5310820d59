"""Where heads of the audit chain are kept outside: a file on another disk, or an address."""

import fcntl
import hashlib
import hmac
import http.client
import os
import ssl
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from scuderia.basics.errors import Unable
from scuderia.config.home import Home
from scuderia.config.processes.listen import LOOPBACK
from scuderia.config.transport import SettingUnread
from scuderia.loop.engine.audit_heads import OutsideHead, heads_of, spell_head
from scuderia.loop.ports import HeadStore

FILE = "SCUDERIA_AUDIT_HEADS_FILE"
URL = "SCUDERIA_AUDIT_HEADS_URL"
SECRET_FILE = "SCUDERIA_AUDIT_HEADS_SECRET_FILE"  # noqa: S105 - where it stands, not the secret
EVERY = "SCUDERIA_AUDIT_HEADS_SECONDS"
EVERY_S = 300
EVERY_S_MIN, EVERY_S_MAX = 10, 86_400
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 16, 4_096
TRIES = 3
TRY_S, WAIT_S = 5.0, 1.0
ANSWER_BYTES_MAX = 4_096
NAME_CHARACTERS_MAX = 200
TAIL_BYTES = 65_536
"""How much of a file's end is read before each head that is kept: hundreds of them."""


class HeadNotKept(Unable):
    """A place outside did not take the audit's head, so nothing new is kept there."""

    code = "RUN-021"
    remedy = "See docs/audit.md, heads kept outside: the file must be there, or the address answer."


@dataclass(frozen=True, slots=True)
class FileHeads:
    """A file that is there already, on a disk that is not the home's; a line a head.

    It is never created: where its disk is not mounted it is absent, and that is said.
    """

    path: Path
    home: Path

    @property
    def name(self) -> str:
        """Return how it is called."""
        return f"file {self.path}"[:NAME_CHARACTERS_MAX]

    def keep(self, head: OutsideHead) -> None:
        """Append the head, to the disk."""
        line = f"{spell_head(head)}\n".encode()
        try:
            if self.path.resolve().is_relative_to(self.home):
                raise HeadNotKept(f"{self.path} is in the home: who loses that loses both")
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_NONBLOCK)
            try:
                _append(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise HeadNotKept(error.strerror or "it cannot be used") from error

    def newest(self, home: str) -> OutsideHead | None:
        """Return the last of this home's among the newest lines."""
        mine = [one for one in self._read(TAIL_BYTES) if one.home == home]
        return mine[-1] if mine else None

    def kept(self) -> Iterable[OutsideHead]:
        """Return its heads."""
        return self._read()

    def _read(self, tail_bytes: int | None = None) -> tuple[OutsideHead, ...]:
        if self.path.exists() and not self.path.is_file():  # a pipe would be waited for
            raise HeadNotKept("it is no ordinary file")
        try:
            with self.path.open("rb") as file:
                if tail_bytes is not None:
                    file.seek(max(0, file.seek(0, os.SEEK_END) - tail_bytes))
                return tuple(heads_of(line.decode(errors="replace") for line in file))
        except OSError as error:
            raise HeadNotKept(error.strerror or "it cannot be used") from error


@dataclass(frozen=True, slots=True)
class WebhookHeads:
    """An address that takes a head as JSON by POST, signed with a secret that both know.

    The signature is the header `X-Scuderia-Signature: sha256=HEX`, HMAC-SHA256 over the body.
    Redirects are not followed; only an answer of 200 to 299 counts.
    """

    url: str
    secret_file: Path | None

    @property
    def name(self) -> str:
        """Return how it is called, without what stands behind its host: it may be a secret."""
        parts = urlsplit(self.url)
        return f"webhook {parts.scheme}://{parts.hostname or ''}"[:NAME_CHARACTERS_MAX]

    def keep(self, head: OutsideHead) -> None:
        """Send the head, a few times if need be."""
        parts, body = self._address(), spell_head(head).encode()
        signature = hmac.new(self._secret(), body, hashlib.sha256).hexdigest()
        said = ""
        for number in range(TRIES):
            time.sleep(WAIT_S * number)
            try:
                status = _post(parts, body, signature)
            except TimeoutError:
                said = f"no answer within {TRY_S:g} s"
                continue
            except (OSError, ValueError, http.client.HTTPException) as error:
                said = str(error) or type(error).__name__
                continue
            if 200 <= status < 300:  # noqa: PLR2004 - HTTP's successes
                return
            said = f"it answered {status}"
        raise HeadNotKept(f"{said[:300]}, {TRIES} times")

    def newest(self, home: str) -> None:
        """Return none: it takes them alone."""

    def kept(self) -> Iterable[OutsideHead]:
        """Return none: it takes them alone; see `audit verify --heads`."""
        return ()

    def _address(self) -> SplitResult:
        parts = urlsplit(self.url)
        near = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or parts.username or not (parts.scheme == "https" or near):
            raise HeadNotKept(f"{URL} is neither https nor this machine's own http")
        return parts

    def _secret(self) -> bytes:
        if self.secret_file is None:
            raise HeadNotKept(f"{SECRET_FILE} is not set, so that nothing could be signed")
        try:
            with self.secret_file.open("rb") as file:
                secret = file.read(SECRET_BYTES_MAX).strip()
        except OSError as error:
            raise HeadNotKept(f"{self.secret_file}: {error.strerror}") from error
        if len(secret) < SECRET_BYTES_MIN:
            raise HeadNotKept(f"{self.secret_file} holds fewer than {SECRET_BYTES_MIN} bytes")
        return secret


def head_stores(environment: Mapping[str, str], home: Home) -> tuple[HeadStore, ...]:
    """Return the places that the environment names; what is wrong with one it says itself."""
    found: list[HeadStore] = []
    if path := environment.get(FILE, ""):
        found.append(FileHeads(Path(path).expanduser().absolute(), home.path.resolve()))
    if url := environment.get(URL, ""):
        secret = environment.get(SECRET_FILE, "")
        found.append(WebhookHeads(url, Path(secret).expanduser() if secret else None))
    return tuple(found)


def heads_every(environment: Mapping[str, str]) -> timedelta:
    """Return how long it is from one telling to the next.

    raises   SettingUnread
    """
    said = environment.get(EVERY, "") or str(EVERY_S)
    known = said.isascii() and said.isdecimal() and len(said) < 9  # noqa: PLR2004 - no huge number
    if not known or not EVERY_S_MIN <= int(said) <= EVERY_S_MAX:
        raise SettingUnread(f"{EVERY} is no number from {EVERY_S_MIN} to {EVERY_S_MAX}: {said!r}")
    return timedelta(seconds=int(said))


def _append(descriptor: int, line: bytes) -> None:
    """Write a whole line behind what is there, also behind a line that was never finished."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise HeadNotKept("it is no ordinary file")
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    if os.write(descriptor, line) != len(line):
        raise HeadNotKept("its disk took a part of the line alone")
    os.fsync(descriptor)


def _post(parts: SplitResult, body: bytes, signature: str) -> int:
    """Send one request and return the answer's status, all within TRY_S but for the name's look-up.

    Only the answer's first line is read, and no slower than that: whoever drips loses.
    """
    deadline = time.monotonic() + TRY_S
    host, port = parts.hostname or "", parts.port
    line: http.client.HTTPConnection = (
        http.client.HTTPSConnection(host, port, timeout=TRY_S, context=ssl.create_default_context())
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=TRY_S)
    )
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        line.request("POST", path, body, {
            "Content-Type": "application/json", "X-Scuderia-Signature": f"sha256={signature}",
        })  # fmt: skip
        return _status(line, deadline)
    finally:
        line.close()


def _status(line: http.client.HTTPConnection, deadline: float) -> int:
    answer = b""
    while b"\n" not in answer:
        left = deadline - time.monotonic()
        if left <= 0 or len(answer) > ANSWER_BYTES_MAX:
            raise TimeoutError
        line.sock.settimeout(left)
        chunk = line.sock.recv(ANSWER_BYTES_MAX)
        if not chunk:
            raise ConnectionResetError("it hung up without an answer")
        answer += chunk
    first = answer.split(b"\n", 1)[0].split()
    if len(first) < 2 or not first[0].startswith(b"HTTP/1."):  # noqa: PLR2004 - protocol, status
        raise ValueError(f"it does not speak HTTP: {first[:1]!r}")
    return int(first[1])
