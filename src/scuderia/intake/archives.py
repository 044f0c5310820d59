"""Opens what a user brings (file, stream, gz, zst, zip) as plain bytes, bounded against bombs."""

import gzip
import hashlib
import io
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from scuderia.intake.records import FileUnreadable, Limits

_GZIP, _ZSTD, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_WORKBOOK_PART = "xl/workbook.xml"
_CHUNK = 1 << 20
_HEAD_BYTES = 1 << 20
_WINDOW_BYTES = 1 << 27
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, zstandard.ZstdError)
_UNREADABLE_ZIP = (NotImplementedError, RuntimeError)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes come from: a path or a stream; `name` is for people."""

    name: str
    path: Path | None = None
    stream: BinaryIO | None = None

    @classmethod
    def of_path(cls, path: Path) -> "Source":
        """Return the source that is this file."""
        return cls(path.name[:255], path=path)


@dataclass(slots=True)
class OpenFile:
    """A source on disk, looked into: its digest, how it is packed, and its first plain bytes."""

    name: str
    path: Path
    size: int
    sha256: str
    packing: str
    member: str
    folder: Path
    limits: Limits
    head: bytes = b""
    _raw: list[BinaryIO] = field(default_factory=list)
    _changed_ns: int = 0

    def stream(self) -> io.BufferedReader:
        """Return the plain bytes from their beginning.

        raises   FileUnreadable, now or while reading: broken, or unpacking past the limits
        """
        raw = self.path.open("rb")
        self._raw.append(raw)
        return io.BufferedReader(_Unpacking(self, _unpacked(self, raw), raw), _CHUNK)

    def bytes_read(self) -> int:
        """Return how far into the file on disk the newest stream has come."""
        return self._raw[-1].tell() if self._raw and not self._raw[-1].closed else self.size

    def plain_path(self) -> Path:
        """Return a path to the plain bytes, unpacked into the session's folder where needed."""
        if not self.packing:
            return self.path
        target = self.folder / "plain"
        with self.stream() as stream, target.open("wb") as plain:
            shutil.copyfileobj(stream, plain, _CHUNK)
        return target

    def require_unchanged(self) -> None:
        """Refuse a file that was written to while it was read."""
        now = self.path.stat()
        if (now.st_size, now.st_mtime_ns) != (self.size, self._changed_ns):
            raise FileUnreadable(
                f"{self.name}: it changed while it was read; nothing was imported",
                remedy="Import a copy of it, once it is complete.",
            )

    def close(self) -> None:
        """Close every stream."""
        for raw in self._raw:
            raw.close()


class _ZstdFrames:
    """Reads zstd frames to their end; the library's own reader takes a cut file for a whole one.

    The input goes in by 2 KiB, so that one read gives at most about 64 MiB of a bomb.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._machine = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
        self._frame = self._machine.decompressobj()
        self._plain = b""
        self._is_within = True

    def read(self, size: int, /) -> bytes:
        while not self._plain:
            packed = (self._frame.unused_data if self._frame.eof else b"") or self._raw.read(2_048)
            if not packed:
                if self._is_within:
                    raise EOFError("it breaks off in the middle of a frame")
                return b""
            if self._frame.eof:
                self._frame = self._machine.decompressobj()
            self._plain = self._frame.decompress(packed)
            self._is_within = not self._frame.eof
        given, self._plain = self._plain[:size], self._plain[size:]
        return given

    def close(self) -> None:
        self._raw.close()


class _Unpacking(io.RawIOBase):
    """Plain bytes of a packed file; counts both sides, and turns a broken stream into words."""

    def __init__(self, file: OpenFile, plain: _Readable, raw: BinaryIO) -> None:
        super().__init__()
        self._file, self._plain, self._raw, self._out = file, plain, raw, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        try:
            data = self._plain.read(len(buffer))
        except _BROKEN as error:
            raise FileUnreadable(
                f"{self._file.name}: its {self._file.packing or 'byte'} stream is broken: {error}",
                remedy="Fetch or pack the file again; nothing was imported.",
            ) from None
        if self._raw.tell() > self._file.size:  # it grows while it is read, perhaps for ever
            self._file.require_unchanged()
        buffer[: len(data)] = data
        self._out += len(data)
        self._refuse_bomb()
        return len(data)

    def _refuse_bomb(self) -> None:
        limits, read = self._file.limits, max(1, self._raw.tell())
        said = ""
        if self._out > limits.unpacked_bytes:
            said = f"it holds more than {limits.unpacked_bytes} bytes"
        elif self._file.packing and self._out > max(
            limits.unpack_free_bytes, limits.unpack_ratio * read
        ):
            said = f"it unpacks to more than {limits.unpack_ratio} times its size"
        if said:
            remedy = "Split the file into smaller ones, and pack them anew."
            raise FileUnreadable(f"{self._file.name}: {said}", remedy=remedy)

    def close(self) -> None:
        if not self.closed:
            self._plain.close()
            self._raw.close()
        super().close()


@contextmanager
def open_source(
    source: Source, *, member: str = "", limits: Limits | None = None
) -> Iterator[OpenFile]:
    """Put the source on disk if it is a stream, look at its packing and head, clean up after.

    member   which file of a zip with several
    raises   FileUnreadable: absent, empty, no plain file, broken, too large, packed twice
    """
    bounds = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="scuderia-intake-") as folder:
        file = _looked_into(source, member, Path(folder), bounds)
        try:
            with file.stream() as stream:
                file.head = stream.read(_HEAD_BYTES)
            if not file.head:
                raise FileUnreadable(f"{file.name}: it is empty", remedy="Give a file with rows.")
            if file.packing and file.head[:4] != _ZIP and _packing(file.head):
                raise FileUnreadable(
                    f"{file.name}: it is packed twice", remedy="Unpack it once, and try again."
                )
            yield file
        finally:
            file.close()


def _looked_into(source: Source, member: str, folder: Path, limits: Limits) -> OpenFile:
    try:
        path = _on_disk(source, folder, limits)
        facts = path.stat()
        with path.open("rb") as stream:
            packing = _packing(stream.read(4))
        digest = _digest(path)
    except OSError as error:
        raise FileUnreadable(f"{source.name}: {error.strerror or 'it cannot be opened'}") from None
    file = OpenFile(source.name, path, facts.st_size, digest, packing, "", folder, limits)
    file._changed_ns = facts.st_mtime_ns  # noqa: SLF001 - its own module makes it
    if packing == "zip":
        file.packing, file.member = _zip_member(file, member)
    return file


def _on_disk(source: Source, folder: Path, limits: Limits) -> Path:
    if source.path is not None:
        mode = source.path.stat().st_mode
        if stat.S_ISREG(mode):
            return source.path
        if not stat.S_ISFIFO(mode):
            raise FileUnreadable(f"{source.name}: it is no file", remedy="Give a file, or - .")
        with source.path.open("rb") as stream:
            return _spooled(source.name, stream, folder, limits)
    if source.stream is None:
        raise FileUnreadable(f"{source.name}: there is nothing to read")
    return _spooled(source.name, source.stream, folder, limits)


def _spooled(name: str, stream: BinaryIO, folder: Path, limits: Limits) -> Path:
    target, written = folder / "stream", 0
    with target.open("wb") as spool:
        while chunk := stream.read(_CHUNK):
            written += len(chunk)
            if written > limits.unpacked_bytes:
                said = f"{name}: it holds more than {limits.unpacked_bytes} bytes"
                raise FileUnreadable(said, remedy="Split it into smaller files.")
            spool.write(chunk)
    return target


def _digest(path: Path) -> str:
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            sha.update(chunk)
    return sha.hexdigest()


def _packing(head: bytes) -> str:
    if head.startswith(_GZIP):
        return "gzip"
    if head.startswith(_ZSTD):
        return "zstd"
    return "zip" if head.startswith((_ZIP, _EMPTY_ZIP)) else ""


def _zip_member(file: OpenFile, wanted: str) -> tuple[str, str]:
    """Return ("", "") for a workbook, else ("zip", the one file to read)."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    except _BROKEN as error:
        raise FileUnreadable(f"{file.name}: its zip directory is broken: {error}") from None
    if _WORKBOOK_PART in names:
        return "", ""
    files = [name for name in names if not name.startswith("__MACOSX/")]
    if wanted in files:
        return "zip", wanted
    if len(files) == 1 and not wanted:
        return "zip", files[0]
    listed = ", ".join(files[:8]) + (", …" if len(files) > 8 else "")  # noqa: PLR2004
    raise FileUnreadable(
        f"{file.name}: it holds {len(files)} files: {listed or 'none'}",
        remedy="Say which one: --member NAME." if files else "Give a zip with one file in it.",
    )


def _unpacked(file: OpenFile, raw: BinaryIO) -> _Readable:
    if file.packing == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if file.packing == "zstd":
        return _ZstdFrames(raw)
    if file.packing != "zip":
        return raw
    try:
        return zipfile.ZipFile(raw).open(file.member)
    except (*_BROKEN, *_UNREADABLE_ZIP) as error:
        raise FileUnreadable(
            f"{file.name}: {file.member} cannot be unpacked: {error}",
            remedy="Unpack it yourself (is it encrypted?), and import what was in it.",
        ) from None
