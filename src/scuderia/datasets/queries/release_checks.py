"""Holds a release against itself: each file, each row, each line, and the root over all of it.

No table and no home is asked: whoever has the folder can check it. What a row should be is known
from its hash, what a line or a card should be from the rows and the facts; so the root, which may
be known from elsewhere, vouches for all of it.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scuderia.basics.errors import BadInput
from scuderia.datasets.engine.release_cards import croissant, data_card
from scuderia.datasets.engine.release_comparison import (
    HashedRow,
    ReadTable,
    compare_lines,
    compare_rows,
)
from scuderia.datasets.engine.release_exports import EXPORTS, preferences
from scuderia.datasets.engine.release_facts import facts_json
from scuderia.datasets.engine.release_faults import Fault, Faults
from scuderia.datasets.engine.release_manifest import (
    CROISSANT_FILE,
    MANIFEST_FILE,
    README_FILE,
    ROW_HASHES_FILE,
    BadManifest,
    Manifest,
    ReleaseFile,
    described,
    read_manifest,
)
from scuderia.datasets.engine.release_table import DATA_FILE, GROUP_ROWS, SCHEMA, rows_of
from scuderia.datasets.engine.releases import ROW_BYTES_MAX, JsonTexts, ReleaseRow, row_json

_MANIFEST_BYTES_MAX = 64 * 2**20
_CHUNK = 2**20
_UNREADABLE = (pa.ArrowException, OSError, ValueError, TypeError, KeyError, AttributeError)
"""What reading a table whose bytes were changed may raise."""


class NoRelease(BadInput):
    """There is no folder of that name."""

    code = "DATA-083"
    remedy = "Name the folder that holds the release's manifest.json."


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """What was checked of a release, and what is not as it was.

    checked        how many files, bytes, rows, row hashes and lines were held against what they
                   should be
    faults         the first of them
    faults_total   how many there are
    """

    folder: str
    version: str
    root: str
    checked: Mapping[str, int]
    faults: tuple[Fault, ...]
    faults_total: int

    @property
    def is_whole(self) -> bool:
        """Say whether nothing differs."""
        return self.faults_total == 0


def check_release(folder: Path, *, version: str = "") -> ReleaseCheck:
    """Check a release, and say what of it is not as it was.

    version   what it should be, where that is known from elsewhere; without it, a release that was
              forged as a whole passes
    raises    NoRelease: there is no such folder
    """
    if not folder.is_dir():
        raise NoRelease(f"{folder} is no folder")
    faults = Faults()
    try:
        manifest = _manifest_of(folder)
    except BadManifest as error:
        faults.add(MANIFEST_FILE, error.message)
        return _told(folder, None, faults)
    if version and version != manifest.version:
        faults.add(MANIFEST_FILE, f"this is {manifest.version}, not {version}")
    unlike = unlike_files(folder, manifest.files, faults)
    table = _read_table(folder, faults)
    listed = _listed_hashes(folder, faults)
    faults.count("rows", len(table.rows))
    faults.count("row hashes", len(listed))
    if len(table.rows) != manifest.rows:
        faults.add(DATA_FILE, f"{len(table.rows):,} rows, not {manifest.rows:,}")
    facts = facts_json(manifest.facts)
    if compare_rows(table.hashed, listed, facts, manifest.root, faults):
        _check_lines(folder, manifest, table, unlike, faults)
    _check_cards(folder, manifest, faults)
    for path in sorted(unlike - faults.files):
        faults.add(path, "its bytes are not those that were released; no row differs")
    return _told(folder, manifest, faults)


def unlike_files(folder: Path, files: Sequence[ReleaseFile], faults: Faults) -> set[str]:
    """Note which files are absent or strange; return those whose bytes are not as listed."""
    listed = {one.path: one for one in files}
    there = set(_paths_in(folder, faults)) - {MANIFEST_FILE}
    for path in sorted(there - listed.keys()):
        faults.add(path, "a file that was not released")
    unlike = set()
    for path, one in sorted(listed.items()):
        if path not in there:
            faults.add(path, "the file is missing")
            continue
        size, digest = _hash_of(folder / path)
        faults.count("files")
        faults.count("bytes", size)
        if (size, digest) != (one.bytes, one.sha256):
            unlike.add(path)
    return unlike


def _told(folder: Path, manifest: Manifest | None, faults: Faults) -> ReleaseCheck:
    return ReleaseCheck(
        folder=str(folder),
        version=manifest.version if manifest else "",
        root=manifest.root.hex() if manifest else "",
        checked=faults.checked,
        faults=tuple(faults.first),
        faults_total=faults.total,
    )


def _manifest_of(folder: Path) -> Manifest:
    path = folder / MANIFEST_FILE
    try:
        if path.is_symlink() or path.stat().st_size > _MANIFEST_BYTES_MAX:
            raise BadManifest("the manifest is no file of its size")
        return read_manifest(path.read_bytes())
    except OSError as error:
        raise BadManifest(f"no manifest: {error.strerror}") from None


def _paths_in(folder: Path, faults: Faults) -> Iterator[str]:
    """Yield the path of each file; a link or what else is no plain file is a fault."""
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(place, name)
            inside = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                faults.add(ascii(inside), "no plain file")
            elif path.is_file():
                yield inside


def _hash_of(path: Path) -> tuple[int, str]:
    digest, size = sha256(), 0
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _read_table(folder: Path, faults: Faults) -> ReadTable:
    """Read the table group by group; note what of it cannot be read, as closely as may be."""
    rows: list[ReleaseRow | None] = []
    hashed: list[HashedRow] = []
    told = JsonTexts()
    try:
        with pq.ParquetFile(folder / DATA_FILE) as file:
            if not file.schema_arrow.equals(SCHEMA):
                faults.add(DATA_FILE, "its columns are not those of a release")
                return ReadTable((), ())
            for group in range(file.num_row_groups):
                of = file.metadata.row_group(group)
                if of.num_rows > GROUP_ROWS or of.total_byte_size > GROUP_ROWS * ROW_BYTES_MAX:
                    faults.add(DATA_FILE, "larger groups of rows than a release has")
                    return ReadTable((), ())
                read = _group_rows(file, group, len(rows), faults)
                rows += read
                hashed += [_hashed(row, told) for row in read]
    except _UNREADABLE:
        faults.add(DATA_FILE, "its frame cannot be read, and so none of its rows")
        return ReadTable((), ())
    return ReadTable(tuple(rows), tuple(hashed))


def _group_rows(file: Any, group: int, before: int, faults: Faults) -> list[ReleaseRow | None]:
    """Return the rows of one group; those that cannot be read are noted, and none."""
    count = file.metadata.row_group(group).num_rows
    try:
        return list(rows_of(_batch(file, group)))
    except _UNREADABLE:
        pass
    bad = [name for name in SCHEMA.names if not _reads(file, group, name)]
    if bad:
        what = f"rows {before + 1:,} to {before + count:,} cannot be read: {', '.join(bad)}"
        faults.add(DATA_FILE, what, at=before + 1)
        return [None] * count
    batch = _batch(file, group)
    return [_one_row(batch, at, before, faults) for at in range(count)]


def _batch(file: Any, group: int) -> Any:
    """Return a group of rows as one batch."""
    batches = file.read_row_group(group).combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=SCHEMA)


def _reads(file: Any, group: int, column: str) -> bool:
    try:
        file.read_row_group(group, columns=[column])
    except _UNREADABLE:
        return False
    return True


def _one_row(batch: Any, at: int, before: int, faults: Faults) -> ReleaseRow | None:
    try:
        return rows_of(batch.take([at]))[0]
    except _UNREADABLE:
        faults.add(DATA_FILE, "the row cannot be read", _key_of(batch, at), before + at + 1)
        return None


def _key_of(batch: Any, at: int) -> str:
    try:
        return str(batch.column(0)[at].as_py())
    except _UNREADABLE:
        return ""


def _hashed(row: ReleaseRow | None, told: JsonTexts) -> HashedRow:
    if row is None:
        return HashedRow("", b"")
    try:
        return HashedRow(row.key, sha256(row_json(row, told)).digest())
    except (BadInput, *_UNREADABLE):  # a row that no release would take is none of this one
        return HashedRow(str(row.key), sha256(b"").digest())


def _listed_hashes(folder: Path, faults: Faults) -> list[HashedRow]:
    """Return what the list of row hashes says; a line that says nothing is a fault."""
    listed = []
    for number, line in enumerate(_lines_of(folder / ROW_HASHES_FILE), 1):
        try:
            said = json.loads(line)
            listed.append(HashedRow(str(said["key"]), bytes.fromhex(said["sha256"])))
        except _UNREADABLE:
            faults.add(ROW_HASHES_FILE, "the line cannot be read", at=number)
            listed.append(HashedRow("", b""))
    return listed


def _lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, each as far as a line may go; none where there is no such file."""
    try:
        with path.open("rb") as source:
            while line := source.readline(2 * ROW_BYTES_MAX):
                yield line
    except OSError:
        return


def _check_lines(
    folder: Path, manifest: Manifest, table: ReadTable, unlike: set[str], faults: Faults
) -> None:
    """Hold each export against what its rows say; line by line only where its hash differs."""
    rows = [row for row in table.rows if row is not None]
    listed = {one.path: one.sha256 for one in manifest.files}
    for path, line in EXPORTS.items():
        digest, lines = sha256(), 0
        for one in preferences(rows, JsonTexts()):
            raw = line(one).encode()
            digest.update(raw)
            lines += raw.count(b"\n")
        faults.count("lines", lines)
        if path in unlike or digest.hexdigest() != listed.get(path):
            expected = (
                (one.key, part)
                for one in preferences(rows, JsonTexts())
                for part in line(one).encode().splitlines(keepends=True)
            )
            compare_lines(path, _lines_of(folder / path), expected, faults)


def _check_cards(folder: Path, manifest: Manifest, faults: Faults) -> None:
    """Hold the cards against what the facts say."""
    of = (manifest.facts, manifest.version, manifest.rows)
    cards = {
        README_FILE: data_card(*of, manifest.undecided),
        CROISSANT_FILE: croissant(*of, described(manifest.files)),
    }
    for path, text in cards.items():
        lines = [("", line) for line in text.encode().splitlines(keepends=True)]
        faults.count("lines", compare_lines(path, _lines_of(folder / path), lines, faults))
