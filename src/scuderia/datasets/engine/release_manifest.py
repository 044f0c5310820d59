"""The manifest: what a release holds, file by file, under a digest of its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from scuderia.basics.canonical import sha256_of
from scuderia.basics.errors import BadInput
from scuderia.datasets.engine.release_facts import (
    BadReleaseFacts,
    ReleaseFacts,
    facts_from_json,
    facts_json,
)
from scuderia.datasets.engine.releases import version_of

MANIFEST_FILE = "manifest.json"
ROW_HASHES_FILE = "row-hashes.jsonl"
README_FILE = "README.md"
CROISSANT_FILE = "croissant.json"
FORMAT = "scuderia.release/1"
FILES_MAX = 1_000


class BadManifest(BadInput):
    """The manifest is none, or says what does not fit together."""

    code = "DATA-082"
    remedy = "Take the release anew from where it was made."


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file of a release, by its path inside it."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read.

    root       of the Merkle tree over the facts and the rows
    undecided   how many rows prefer nothing (ties, labels, ratings): no preference has their line
    made_by    package to version
    digest     the SHA-256 of the rest of the manifest, as canonical JSON
    """

    root: bytes
    version: str
    rows: int
    facts: ReleaseFacts
    files: tuple[ReleaseFile, ...]
    undecided: int
    made_by: Mapping[str, str]
    digest: str


def manifest_text(
    root: bytes,
    rows: int,
    facts: ReleaseFacts,
    files: Sequence[ReleaseFile],
    undecided: int,
    made_by: Mapping[str, str],
) -> str:
    """Return the manifest as it is written."""
    told: dict[str, object] = {
        "format": FORMAT,
        "root": root.hex(),
        "version": version_of(root),
        "rows": rows,
        "facts": facts_json(facts),
        "files": [
            {"path": one.path, "bytes": one.bytes, "sha256": one.sha256}
            for one in sorted(files, key=lambda one: one.path)
        ],
        "undecided": undecided,
        "made_by": dict(made_by),
    }
    return json.dumps({**told, "digest": sha256_of(told)}, indent=1, sort_keys=True) + "\n"


def read_manifest(raw: bytes) -> Manifest:
    """Return what a manifest says, if it still is what was written.

    raises   BadManifest: it is no manifest, or was changed since
    """
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadManifest("the manifest is no JSON") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise BadManifest(f"the manifest is not of the format {FORMAT}")
    rest = {name: value for name, value in told.items() if name != "digest"}
    try:
        digest = sha256_of(rest)
    except (ValueError, RecursionError):
        raise BadManifest("the manifest says what no manifest says") from None
    if told.get("digest") != digest:
        raise BadManifest(f"the manifest was changed: its digest is {digest}, not as it says")
    try:
        manifest = _manifest(rest, digest)
    except BadReleaseFacts as error:
        raise BadManifest(f"the manifest's facts: {error.message}") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadManifest("the manifest lacks what every manifest says") from None
    if told["version"] != manifest.version:
        raise BadManifest(f"the root stands for {manifest.version}, not for {told['version']!r}")
    return manifest


def _manifest(told: Mapping[str, object], digest: str) -> Manifest:
    root = bytes.fromhex(cast("str", told["root"]))
    files = cast("list[dict[str, object]]", told["files"])
    if len(files) > FILES_MAX:
        raise BadManifest(f"the manifest names more than {FILES_MAX:,} files")
    return Manifest(
        root=root,
        version=version_of(root),
        rows=int(cast("int", told["rows"])),
        facts=facts_from_json(told["facts"]),
        files=tuple(
            ReleaseFile(str(one["path"]), int(cast("int", one["bytes"])), str(one["sha256"]))
            for one in files
        ),
        undecided=int(cast("int", told["undecided"])),
        made_by={name: str(of) for name, of in cast("dict[str, str]", told["made_by"]).items()},
        digest=digest,
    )


def described(files: Sequence[ReleaseFile]) -> list[ReleaseFile]:
    """Return the files that the Croissant metadata describes, by path: those that hold rows."""
    aside = {README_FILE, CROISSANT_FILE, ROW_HASHES_FILE, MANIFEST_FILE}
    return sorted((one for one in files if one.path not in aside), key=lambda one: one.path)
