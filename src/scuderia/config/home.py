"""The one folder that holds all state, and the paths inside it."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from scuderia.basics.errors import Unable

DEFAULT_HOME = Path("~/.scuderia")


class SecretKeyEmpty(Unable):
    """The home's secret key is empty, so nothing signed with it could be trusted."""

    code = "RUN-013"
    remedy = (
        "Put the key back from a copy, or run `scuderia setup` for a new one: all sign in anew."
    )


@dataclass(frozen=True, slots=True)
class Home:
    """Paths under SCUDERIA_HOME; `database_url` is empty on the embedded default (SQLite)."""

    path: Path

    @property
    def database(self) -> Path:
        """Operational state (SQLite, WAL)."""
        return self.path / "scuderia.sqlite3"

    @property
    def runs(self) -> Path:
        """The runner's own SQLite file, apart from Django's so that neither locks the other."""
        return self.path / "runs.sqlite3"

    @property
    def pulls(self) -> Path:
        """Pulls of the brake, each a file until the database tells of it."""
        return self.path / "pulls"

    @property
    def heartbeats(self) -> Path:
        """Which workers are alive, each a file."""
        return self.path / "heartbeats"

    @property
    def secret_key(self) -> Path:
        """Django's secret, made at set-up, readable by its owner alone."""
        return self.path / "secret-key"

    @property
    def identity(self) -> Path:
        """Which home this is, and where its tables are; written when set-up first ends."""
        return self.path / "home-id"

    @property
    def head(self) -> Path:
        """How far the audit had come: tables that tell of less were put back past us."""
        return self.path / "audit-head"

    @property
    def unfinished(self) -> Path:
        """Is there while a restore puts its files in the place of others."""
        return self.path / "restore-unfinished"

    @property
    def backups(self) -> Path:
        """Backups that nobody named another folder for."""
        return self.path / "backups"

    @property
    def static(self) -> Path:
        """Static files written at set-up, the chart bundle among them."""
        return self.path / "static"

    @property
    def logs(self) -> Path:
        """Logs of the supervised processes."""
        return self.path / "logs"


def current_home() -> Home:
    """Return the home named by SCUDERIA_HOME, else ~/.scuderia."""
    named = os.environ.get("SCUDERIA_HOME", "")
    return Home(Path(named).expanduser().resolve() if named else DEFAULT_HOME.expanduser())


def read_secret(home: Home) -> str:
    """Return the home's secret key; "" where none was made yet.

    raises   SecretKeyEmpty
    """
    if not home.secret_key.exists():
        return ""
    secret = home.secret_key.read_text(encoding="utf-8").strip()
    if not secret:
        raise SecretKeyEmpty(f"{home.secret_key} is empty", path=home.secret_key)
    return secret


def write_private(path: Path, text: str) -> None:
    """Write a file whole and to the disk, readable by its owner alone."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
