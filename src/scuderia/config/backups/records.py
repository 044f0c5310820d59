"""What became of the last backups, left in the home for pages and for monitoring to read."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scuderia.basics.clock import AwareDatetime, parse_instant
from scuderia.basics.errors import BadInput
from scuderia.config.home import Home, write_private


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """The last good backup, and the last try that failed since; "" where there is none."""

    good_at: str = ""
    file: str = ""
    failed_at: str = ""
    said: str = ""

    @property
    def good(self) -> AwareDatetime | None:
        """When the last good one was made."""
        return _instant(self.good_at)

    @property
    def failed(self) -> AwareDatetime | None:
        """When the last try failed, if none has gone well since."""
        return _instant(self.failed_at)


def read_record(home: Home) -> BackupRecord:
    """Return what is known of the home's backups; nothing where the file cannot be read."""
    try:
        return BackupRecord(**json.loads(_file(home).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return BackupRecord()


def record_good(home: Home, file: str, *, made_at: AwareDatetime) -> None:
    """Note a backup that was verified; failures before it are past."""
    _write(home, BackupRecord(made_at.isoformat(), file))


def record_failed(home: Home, said: str, *, at: AwareDatetime) -> None:
    """Note that a backup was tried and is not there."""
    _write(home, replace(read_record(home), failed_at=at.isoformat(), said=said[:500]))


def _write(home: Home, record: BackupRecord) -> None:
    with suppress(OSError):  # a full disk is told of by the backup itself
        write_private(_file(home), json.dumps(asdict(record)) + "\n")


def _file(home: Home) -> Path:
    return home.path / "backups.json"


def _instant(text: str) -> AwareDatetime | None:
    with suppress(BadInput):
        return parse_instant(text, field="instant") if text else None
    return None
