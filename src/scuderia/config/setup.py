"""Set-up: the home folder, its secret, static files, tables and run store; safe to repeat."""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import StringIO

from scuderia.basics.errors import Unable
from scuderia.config.backups.making import make_backup
from scuderia.config.backups.schedule import backup_folder
from scuderia.config.databases import DatabaseSilent, runs_address, tables_url
from scuderia.config.home import Home, read_secret, write_private
from scuderia.config.home_identity import make_identity, refuse_incomplete
from scuderia.config.owner import make_owner
from scuderia.config.processes.home_lock import refuse_served
from scuderia.config.releases import (
    applied_heads,
    refuse_newer_tables,
    require_tables_of_this_release,
    waiting_migrations,
)
from scuderia.config.rollback import note_head, refuse_rolled_back


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a long command; `run` returns, in a few words, what it came to."""

    name: str
    run: Callable[[], str]


class NotSetUp(Unable):
    """The home folder has not been set up, so nothing can be served from it."""

    code = "RUN-001"
    remedy = "Run `scuderia setup`, or name the right folder with --home."


class HomeUnusable(Unable):
    """The home folder cannot be created or written."""

    code = "RUN-002"
    remedy = "Name a folder you may write with --home or SCUDERIA_HOME, or free its disk."


def set_up(home: Home, *, keep_before: bool = True) -> tuple[Stage, ...]:
    """Return the stages of set-up; each does what is missing and finds the rest there.

    keep_before   whether a backup is made before tables that were in use are migrated
    """
    os.umask(0o077)  # what is made here is its owner's alone
    makers: tuple[tuple[str, Callable[[Home], str]], ...] = (
        ("home folder", make_folders),
        ("secret key", _make_secret),
        ("chart script", _write_charts),
        ("tables", partial(_migrate, keep_before=keep_before)),
        ("run store", _prepare_runs),
        ("owner", make_owner),
        ("home id", _identify),
    )
    return stages_in_turn(home, makers)


def stages_in_turn(
    home: Home, makers: Iterable[tuple[str, Callable[[Home], str]]]
) -> tuple[Stage, ...]:
    """Return stages of which one home makes one at a time, whoever else sets it up meanwhile."""
    return tuple(Stage(name, partial(_in_turn, make, home)) for name, make in makers)


def _in_turn(make: Callable[[Home], str], home: Home) -> str:
    """Make one stage, one set-up at a time: a second one finds what the first has made.

    raises   HomeUnusable
    """
    try:
        home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (home.path / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return make(home)
    except OSError as error:
        raise HomeUnusable(f"{home.path}: {error}", home=home.path) from error


def require_set_up(home: Home) -> None:
    """Raise NotSetUp unless `set_up` has come to its end here, SecretKeyEmpty for an empty key.

    raises   also DatabaseMissing, ForeignDatabase, RestoreUnfinished
    """
    refuse_incomplete(home)
    if not read_secret(home) or not (home.runs.exists() or runs_address()):
        raise NotSetUp(f"{home.path} is not set up", home=home.path)


def require_tables(home: Home) -> None:
    """Raise TablesBehind, TablesAhead or TablesRolledBack unless these tables are to be served."""
    with _reaching_server():
        require_tables_of_this_release()
        refuse_rolled_back(home)


@contextmanager
def _reaching_server() -> Iterator[None]:
    """Say in our words when the database server cannot be reached; a file's trouble stays its own.

    raises   DatabaseSilent
    """
    from django.db import OperationalError

    try:
        yield
    except OperationalError as error:
        if not tables_url():
            raise
        raise DatabaseSilent(str(error).strip()[:500]) from error


def _identify(home: Home) -> str:
    note_head(home)
    return make_identity(home)


def make_folders(home: Home) -> str:
    """Make the home's folders, in a home whose databases belong together."""
    refuse_incomplete(home)
    there = home.logs.is_dir()
    home.path.chmod(0o700)
    for folder in (home.static, home.logs):
        folder.mkdir(exist_ok=True, mode=0o700)
    return f"{home.path} {'was there' if there else 'made'}"


def _make_secret(home: Home) -> str:
    if home.secret_key.exists() and home.secret_key.read_text(encoding="utf-8").strip():
        home.secret_key.chmod(0o600)
        return "was there"
    write_private(home.secret_key, secrets.token_urlsafe(64) + "\n")
    return "made"


def _write_charts(home: Home) -> str:
    from scuderia.web.charts import write_bundle

    path = write_bundle(home.static)
    return f"{path.stat().st_size // 1024} KiB"


def _migrate(home: Home, *, keep_before: bool) -> str:
    from django.core.management import call_command

    ready_django()
    said = StringIO()
    with _reaching_server():
        refuse_newer_tables()
        if "loop" in applied_heads():
            refuse_rolled_back(home)
        kept = _keep_before(home) if keep_before else ""
        call_command("migrate", interactive=False, verbosity=1, stdout=said)
    if home.database.exists():
        home.database.chmod(0o600)
    applied = said.getvalue().count("... OK")
    return f"{kept}{applied} migrations applied" if applied else "up to date"


def _keep_before(home: Home) -> str:
    """Make a backup of a home that was in use and whose tables are about to be changed.

    raises   HomeInUse: it is served
    """
    if not (home.path / "owner").exists() or not waiting_migrations():  # never set up to its end
        return ""
    refuse_served(home)
    folder = backup_folder(home, os.environ)
    made = make_backup(home, folder, tell=lambda *_: None, label="before-upgrade")
    return f"backup {made.file}; "


def _prepare_runs(home: Home) -> str:
    from scuderia.config.wiring import runs_url
    from scuderia.connectors.dbos.store import prepare_store

    there = home.runs.exists()
    prepare_store(runs_url())
    if runs_address():
        return "in PostgreSQL"
    return "was there" if there else "made"


def ready_django() -> None:
    """Load settings and tables' classes, once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scuderia.config.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
