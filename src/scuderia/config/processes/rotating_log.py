"""A log of bounded size: what a process writes is piped here, and full files are set aside."""

import os
import threading
from pathlib import Path
from typing import IO

BYTES_MAX = 10_000_000
FILES_MAX = 5
_CHUNK = 65_536


class RotatingLog:
    """One log and its older files, `NAME.1` the newest of them; safe to write from many threads.

    bytes_max   a file is set aside at the end of the line that reaches this; in the midst of one
                that would make it twice as long
    files_max   how many files there are at most, the one being written among them

    set_aside   how often it was

    A disk that is full never stops who writes: what could not be written is counted, and told in
    the log as soon as it can be.
    """

    def __init__(
        self, path: Path, *, bytes_max: int = BYTES_MAX, files_max: int = FILES_MAX
    ) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._files_max = files_max
        self._lock = threading.Lock()
        self._lost = 0
        self.set_aside = 0

    def copy(self, stream: IO[bytes]) -> None:
        """Copy a pipe until everyone who could write to it has let go of it."""
        with stream:
            while chunk := os.read(stream.fileno(), _CHUNK):
                self.write(chunk)

    def write(self, chunk: bytes) -> bool:
        """Append, and say whether the disk took it; a line that began in a file ends there."""
        with self._lock:
            try:
                self._append(chunk)
            except OSError:
                self._lost += len(chunk)
                return False
            return True

    def _append(self, chunk: bytes) -> None:
        if self._lost:
            self._write(b"\n%d bytes could not be logged\n" % self._lost)
            self._lost = 0
        size = self._size() + len(chunk)
        head, newline, rest = chunk.partition(b"\n")
        if size > self._bytes_max and (newline or size > 2 * self._bytes_max):
            self._write(head + newline)
            self._set_aside()
            chunk = rest
        self._write(chunk)

    def _write(self, chunk: bytes) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(chunk)

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _set_aside(self) -> None:
        for number in range(self._files_max - 1, 0, -1):
            newer = self._aside(number - 1) if number > 1 else self._path
            if newer.exists():
                newer.replace(self._aside(number))
        self.set_aside += 1

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
