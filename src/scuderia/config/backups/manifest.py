"""What a backup says of itself: its parts with their digests, when and from which home it is."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, BinaryIO

from scuderia.basics.canonical import sha256_of
from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import Refused, Unable

FORMAT = 1
SQLITE, POSTGRESQL = "sqlite", "postgresql"
_CHUNK = 1 << 20


class BackupDamaged(Unable):
    """A backup is not what it was when it was made, so nothing of it was put back."""

    code = "BACKUP-001"
    remedy = "Take another copy of it, or an older one; `scuderia backup --check FILE` reads one."


class BackupNewer(Refused):
    """The backup was made by a newer release, whose tables this one cannot read."""

    code = "BACKUP-002"
    remedy = "Install the release that the message names, or a newer one, and restore with it."


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the home, by its path within it, as it was copied."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that a backup says of itself.

    made_at      the instant, by the machine's clock, that every part is of
    home_id      which home; "" for one that was set up before homes had an id
    tables       where the tables were: "sqlite" or "postgresql"
    migrations   the newest migration that was applied, by app
    entries      the audit's last number, and its hash; the chain was verified up to there
    waiting      how many migrations waited; then the chain was left unverified
    """

    made_at: AwareDatetime
    home_id: str
    release: str
    tables: str
    migrations: Mapping[str, str]
    entries: int
    head: str
    waiting: int
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts)

    def as_text(self) -> str:
        """Return the manifest as it is written, with the digest of itself."""
        facts = {**asdict(self), "format": FORMAT, "made_at": self.made_at.isoformat()}
        return json.dumps({**facts, "sha256": sha256_of(facts)}, indent=2) + "\n"


def read_manifest(text: str) -> Manifest:
    """Read what `as_text` wrote.

    raises   BackupDamaged, BackupNewer
    """
    try:
        facts = json.loads(text)
        if facts.pop("sha256") != sha256_of(facts):
            raise BackupDamaged("its manifest was changed")
        if facts.pop("format") > FORMAT:
            raise BackupNewer(f"made by scuderia {facts.get('release', '?')}")
        return _manifest(facts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupDamaged(f"its manifest cannot be read: {error}") from error


def digest_of(stream: BinaryIO) -> tuple[int, str]:
    """Return how many bytes a stream holds from here on, and their SHA-256."""
    size, digest = 0, sha256()
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest()


def _manifest(facts: dict[str, Any]) -> Manifest:
    parts: Iterable[Mapping[str, Any]] = facts.pop("parts")
    return Manifest(
        made_at=parse_instant(facts.pop("made_at"), field="made_at"),
        parts=tuple(Part(**part) for part in parts),
        **facts,
    )
