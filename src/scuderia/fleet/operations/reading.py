"""Reads a file of outages from disk, bounded: which format it is, its digest, its records."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scuderia.fleet.engine.traces.records import Trace, TraceUnreadable
from scuderia.fleet.engine.traces.stepfun import parse_stepfun
from scuderia.fleet.engine.traces.tables import LINE_BYTES_MAX, Line, parse_csv, parse_jsonl

JSON_BYTES_MAX = 64 * 1024 * 1024
FILE_BYTES_MAX = 1024 * 1024 * 1024
_CHUNK = 1024 * 1024
_UTF8_MARK = b"\xef\xbb\xbf"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")

Progress = Callable[[int, int], None]
"""Told (done, whole) in bytes or records; must not raise."""


@dataclass(frozen=True, slots=True)
class TraceFile:
    """A file that was read: its name, the SHA-256 of its bytes, and what it holds."""

    name: str
    sha256: str
    trace: Trace


def read_trace(path: Path, *, starts_at: int, on_progress: Progress) -> TraceFile:
    """Read the file in whichever of the three formats it is.

    raises   TraceUnreadable: absent, empty, too big, not text, or no trace at all
    """
    try:
        size = path.stat().st_size
        if not path.is_file() or size > FILE_BYTES_MAX:
            raise _unreadable(path, "it is no plain file of at most 1 GiB")
        digest = _digest(path)
        with path.open("rb") as stream:
            trace = _parse(path, stream, size, starts_at, on_progress)
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be opened") from None
    return TraceFile(path.name[:255], digest, trace)


def _parse(path: Path, stream: BinaryIO, size: int, starts_at: int, report: Progress) -> Trace:
    head = stream.read(_CHUNK)
    if b"\0" in head or head.startswith(_WIDE_MARKS):
        raise _unreadable(path, "it is not UTF-8 text (NUL bytes or another encoding)")
    body = head.removeprefix(_UTF8_MARK).lstrip()
    if not body:
        raise _unreadable(path, "it is empty")
    stream.seek(len(_UTF8_MARK) if head.startswith(_UTF8_MARK) else 0)
    try:
        if body.startswith(b"["):
            if size > JSON_BYTES_MAX:
                raise _unreadable(path, "a JSON trace may have 64 MiB; write CSV or JSONL instead")
            text = stream.read().decode("utf-8")
            report(size, size)
            return parse_stepfun(_without_nul(path, text), starts_at=starts_at)
        lines = _lines(path, stream, size, report)
        return parse_jsonl(lines) if body.startswith(b"{") else parse_csv(lines)
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"byte {error.start} is not UTF-8") from None
    except TraceUnreadable as error:
        if path.name in error.message:
            raise
        raise TraceUnreadable(f"{path.name}: {error.message}", remedy=error.remedy) from None


def _lines(path: Path, stream: BinaryIO, size: int, report: Progress) -> Iterator[Line]:
    """Yield lines of bounded length; the rest of an over-long one is passed over unread."""
    number, done = 0, 0
    while chunk := stream.readline(LINE_BYTES_MAX + 1):
        number += 1
        done += len(chunk)
        too_long = len(chunk) > LINE_BYTES_MAX and not chunk.endswith(b"\n")
        text = chunk.decode("utf-8", errors="ignore" if too_long else "strict")
        while too_long and not chunk.endswith(b"\n"):
            chunk = stream.readline(_CHUNK)
            done += len(chunk)
            if not chunk:
                break
        yield Line(number, _without_nul(path, text).rstrip("\r\n"), too_long)
        report(done, size)


def _without_nul(path: Path, text: str) -> str:
    if "\0" in text:
        raise _unreadable(path, "it holds NUL bytes")
    return text


def _digest(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()


def _unreadable(path: Path, reason: str) -> TraceUnreadable:
    return TraceUnreadable(f"{path.name} was not read: {reason}", file=path.name)
