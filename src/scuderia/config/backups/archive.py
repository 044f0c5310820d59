"""A backup's file: a plain tar of the parts, with the manifest last, so that a cut one has none."""

import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from scuderia.basics.errors import BadInput
from scuderia.config.backups.manifest import (
    BackupDamaged,
    Manifest,
    Part,
    digest_of,
    read_manifest,
)

MANIFEST = "manifest.json"
_MANIFEST_BYTES_MAX = 16 << 20
_CHUNK = 1 << 20


def write_archive(target: Path, folder: Path, manifest: Manifest) -> None:
    """Move every part of `folder` into a new file, to the disk, readable by its owner alone."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for part in manifest.parts:
                with (folder / part.name).open("rb") as stream:
                    archive.addfile(_entry(part.name, part.size, manifest), stream)
                (folder / part.name).unlink()  # its room is needed for the parts that follow
            text = manifest.as_text().encode()
            archive.addfile(_entry(MANIFEST, len(text), manifest), BytesIO(text))
        file.flush()
        os.fsync(file.fileno())


def _entry(name: str, size: int, manifest: Manifest) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(manifest.made_at.timestamp())
    return entry


def check_archive(file: Path) -> Manifest:
    """Read a backup from end to end and return its manifest.

    raises   BadInput: no such file
             BackupDamaged: it names the part that is not what it was
             BackupNewer
    """
    with _opened(file) as (archive, manifest):
        for part in manifest.parts:
            with _member(archive, part) as stream:
                _require_whole(part, *digest_of(stream))
        return manifest


def manifest_of(file: Path) -> Manifest:
    """Return what a backup says of itself, without reading its parts; raises like check_archive."""
    with _opened(file) as (_, manifest):
        return manifest


def unpack_archive(file: Path, folder: Path) -> Manifest:
    """Write the parts into `folder`, each checked as it was written, and return the manifest."""
    with _opened(file) as (archive, manifest):
        for part in manifest.parts:
            target = folder / part.name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _member(archive, part) as stream:
                _write_private(target, stream)
            with target.open("rb") as written:
                _require_whole(part, *digest_of(written))
        return manifest


@contextmanager
def _opened(file: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    """Open a backup whose names are those of its manifest, none of them outside the home."""
    try:
        with tarfile.open(file, mode="r:") as archive:
            manifest = read_manifest(_manifest_text(archive, file))
            names = [part.name for part in manifest.parts]
            strange = [name for name in names if not _is_inside(name)]
            held = sorted(member.name for member in archive.getmembers())
            if strange or held != sorted([*names, MANIFEST]):
                raise BackupDamaged(f"{file} holds other files than its manifest names")
            yield archive, manifest
    except (tarfile.TarError, EOFError) as error:
        raise BackupDamaged(f"{file} cannot be read as a backup: {error}", file=file) from error
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BadInput(
            f"{file} is no file", remedy="Name a backup: a file that `scuderia backup` has made."
        ) from error


def _manifest_text(archive: tarfile.TarFile, file: Path) -> str:
    last = archive.getmembers()[-1:]
    if not last or last[0].name != MANIFEST or last[0].size > _MANIFEST_BYTES_MAX:
        raise BackupDamaged(f"{file} ends without a manifest: it was cut or is no backup")
    with cast("BinaryIO", archive.extractfile(last[0])) as stream:
        return stream.read().decode("utf-8", errors="replace")


def _member(archive: tarfile.TarFile, part: Part) -> BinaryIO:
    member = archive.getmember(part.name)
    if not member.isreg() or member.size != part.size:
        raise BackupDamaged(f"{part.name} is {member.size} bytes and was {part.size}", part=part)
    return cast("BinaryIO", archive.extractfile(member))


def _require_whole(part: Part, size: int, sha256: str) -> None:
    if (size, sha256) != (part.size, part.sha256):
        raise BackupDamaged(f"{part.name} is not what it was when it was copied", part=part.name)


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _write_private(target: Path, stream: BinaryIO) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while chunk := stream.read(_CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
