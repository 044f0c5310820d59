"""Writes a release: whole under its name, or not at all."""

import fcntl
import io
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version as package_version
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from scuderia.basics.errors import Refused, Unable
from scuderia.datasets.engine.release_cards import croissant, data_card
from scuderia.datasets.engine.release_exports import EXPORTS, preferences
from scuderia.datasets.engine.release_facts import ReleaseFacts, facts_json
from scuderia.datasets.engine.release_faults import Faults
from scuderia.datasets.engine.release_manifest import (
    CROISSANT_FILE,
    MANIFEST_FILE,
    README_FILE,
    ROW_HASHES_FILE,
    ReleaseFile,
    described,
    manifest_text,
    read_manifest,
)
from scuderia.datasets.engine.release_table import DATA_FILE, GROUP_ROWS, batch_of, table_writer
from scuderia.datasets.engine.releases import (
    JsonTexts,
    ReleaseRow,
    in_order,
    release_root,
    row_json,
    version_of,
)
from scuderia.datasets.queries.release_checks import unlike_files

_WAITING_MAX = 8
_MADE_BY = ("scuderia", "pyarrow")


class FolderTaken(Refused):
    """The folder holds something else, so nothing was written into it."""

    code = "DATA-084"
    remedy = "Name a folder that is not there yet; a release is never written over."


class ReleaseNotWritten(Unable):
    """The disk did not take the release, so there is none."""

    code = "DATA-085"
    remedy = "Make room, or name a folder that may be written, then release again."


@dataclass(frozen=True, slots=True)
class WrittenRelease:
    """A release as it lies in its folder.

    is_new   whether it was written now; the very same lay there before otherwise
    """

    folder: str
    version: str
    root: str
    rows: int
    files: int
    bytes: int
    is_new: bool


def write_release(rows: Iterable[ReleaseRow], facts: ReleaseFacts, folder: Path) -> WrittenRelease:
    """Write a release into a folder that is not there yet; the same rows give the same bytes.

    It is written beside the folder and takes its name once all of it is on the disk, so a full disk
    or a kill leaves no half of it. The very same release in the folder is left as it is.

    raises   UnreleasableRow, BadReleaseFacts: what is wrong, by row and field; nothing is written
             FolderTaken: something else lies there
             ReleaseNotWritten: the disk did not take it
    """
    ordered = in_order(rows)
    facts_json(facts)
    folder = folder.absolute()
    _refuse_other(folder)
    try:
        with _beside(folder) as fresh:
            root, files = _fill(fresh, ordered, facts)
            is_new = _take_name(fresh, folder)
    except OSError as error:
        raise ReleaseNotWritten(f"{folder}: {error.strerror or error}") from None
    return WrittenRelease(
        folder=str(folder),
        version=version_of(root),
        root=root.hex(),
        rows=len(ordered),
        files=len(files),
        bytes=sum(one.bytes for one in files),
        is_new=is_new,
    )


class _Sink(io.RawIOBase):
    """A file that is hashed as it is written, in a thread of its own.

    What one of its calls raises is raised by `later` or `done`.
    """

    def __init__(self, folder: Path, path: str) -> None:
        super().__init__()
        self._path, self._size, self._digest = path, 0, sha256()
        (folder / path).parent.mkdir(exist_ok=True)
        self._file = (folder / path).open("xb", buffering=0)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._waiting: deque[Future[Any]] = deque()

    def writable(self) -> bool:
        """Say that it is written."""
        return True

    def tell(self) -> int:
        """Return how much was written."""
        return self._size

    def write(self, raw: Any) -> int:
        """Write all of it."""
        view = memoryview(raw).cast("B")
        if self.closed:  # a writer of tables that is thrown away still tries to write its end
            return len(view)
        self._digest.update(view)
        at = 0
        while at < len(view):
            at += self._file.write(view[at:])
        self._size += len(view)
        return len(view)

    def later(self, call: Callable[[Any], object], of: object) -> None:
        """Have `call(of)` made by the thread, after what it was given before."""
        while len(self._waiting) >= _WAITING_MAX:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(call, of))

    def done(self) -> ReleaseFile:
        """Wait for the thread and for the disk; return what was written."""
        for call in self._waiting:
            call.result()
        os.fsync(self._file.fileno())
        return ReleaseFile(self._path, self._size, self._digest.hexdigest())

    def close(self) -> None:
        """End the thread and close the file, whatever was written."""
        if not self.closed:
            self._thread.shutdown(cancel_futures=True)
            self._file.close()
        super().close()


def _fill(
    folder: Path, rows: Sequence[ReleaseRow], facts: ReleaseFacts
) -> tuple[bytes, list[ReleaseFile]]:
    """Write every file of the release; return its root, and the files but for the manifest."""
    files, hashes, undecided = _write_rows(folder, rows)
    root = release_root(facts_json(facts), hashes)
    of = (facts, version_of(root), len(rows))
    cards = {
        README_FILE: data_card(*of, undecided),
        CROISSANT_FILE: croissant(*of, described(files)),
    }
    files += [_write_text(folder, path, text) for path, text in cards.items()]
    made_by = {name: package_version(name) for name in _MADE_BY}
    manifest = manifest_text(root, len(rows), facts, files, undecided, made_by)
    files.append(_write_text(folder, MANIFEST_FILE, manifest))
    for place in {folder, *((folder / one.path).parent for one in files)}:
        _sync_folder(place)
    return root, files


def _write_rows(
    folder: Path, rows: Sequence[ReleaseRow]
) -> tuple[list[ReleaseFile], list[bytes], int]:
    """Write what holds rows; return the files, the rows' hashes, and how many prefer nothing."""
    told, hashes = JsonTexts(), list[bytes]()
    prefer = 0
    with ExitStack() as open_files:
        sinks = {
            path: open_files.enter_context(_Sink(folder, path))
            for path in (DATA_FILE, ROW_HASHES_FILE, *EXPORTS)
        }
        table = table_writer(sinks[DATA_FILE])
        for at in range(0, len(rows), GROUP_ROWS):
            block = rows[at : at + GROUP_ROWS]
            found = [sha256(row_json(row, told)).digest() for row in block]
            hashes += found
            sinks[DATA_FILE].later(table.write_batch, batch_of(block))
            sinks[ROW_HASHES_FILE].later(sinks[ROW_HASHES_FILE].write, _hash_lines(block, found))
            said = list(preferences(block, told))
            prefer += len({one.key for one in said})
            for path, line in EXPORTS.items():
                raw = "".join([line(one) for one in said]).encode()
                sinks[path].later(sinks[path].write, raw)
        sinks[DATA_FILE].later(lambda writer: writer.close(), table)
        files = [sink.done() for sink in sinks.values()]
    return files, hashes, len(rows) - prefer


def _hash_lines(rows: Sequence[ReleaseRow], hashes: Sequence[bytes]) -> bytes:
    return "".join(
        [
            f'{{"key":{encode_basestring(row.key)},"sha256":"{one.hex()}"}}\n'
            for row, one in zip(rows, hashes, strict=True)
        ]
    ).encode()


def _write_text(folder: Path, path: str, text: str) -> ReleaseFile:
    with _Sink(folder, path) as sink:
        sink.write(text.encode())
        return sink.done()


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Make a hidden folder beside `folder`, which is gone afterwards unless it was renamed.

    What a killed release left there is taken away: nobody holds its lock any more.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    begins = f".{folder.name}.partial-"
    for left in folder.parent.glob(f"{_literal(begins)}*"):
        with suppress(OSError), _locked(left):
            shutil.rmtree(left)
    fresh = Path(tempfile.mkdtemp(prefix=begins, dir=folder.parent))
    try:
        with _locked(fresh):
            fresh.chmod(0o755)
            yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, or raise BlockingIOError."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(held)


def _literal(begins: str) -> str:
    """Return a pattern that matches these letters alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in begins)


def _refuse_other(folder: Path) -> None:
    """Refuse before anything is made where no release can come to lie.

    raises   FolderTaken
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FolderTaken(f"{folder} is no folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST_FILE).is_file():
        raise FolderTaken(f"{folder} holds something that is no release")


def _take_name(fresh: Path, folder: Path) -> bool:
    """Give the fresh release its name; return False where the very same lies there already.

    raises   FolderTaken: another one does, or something else
    """
    try:
        fresh.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        manifest = (fresh / MANIFEST_FILE).read_bytes()
        faults = Faults()
        there = folder / MANIFEST_FILE
        if not there.is_file() or there.read_bytes() != manifest:
            raise FolderTaken(f"{folder} holds another release") from None
        unlike = unlike_files(folder, read_manifest(manifest).files, faults)
        if unlike or faults.total:
            raise FolderTaken(
                f"{folder} holds this release, damaged",
                remedy="Have `scuderia datasets verify` name what differs; release elsewhere.",
            ) from None
        return False
    _sync_folder(folder.parent)
    return True


def _sync_folder(folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
