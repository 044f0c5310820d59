"""Restoring: a backup is checked, made ready aside within the home, then put in its place."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from scuderia.basics.actors import Actor
from scuderia.basics.clock import SystemClock
from scuderia.basics.errors import BadInput, Refused
from scuderia.basics.subjects import EVERYTHING
from scuderia.config.backups.archive import check_archive, unpack_archive
from scuderia.config.backups.making import Tell, folder_to_disk
from scuderia.config.backups.manifest import BackupNewer, Manifest
from scuderia.config.backups.server import (
    RUNS,
    TABLES,
    holds_tables,
    restore_dump,
    server_databases,
)
from scuderia.config.backups.snapshots import ASIDE, BackupUnsound
from scuderia.config.home import Home, write_private
from scuderia.config.owner import owner_of
from scuderia.config.processes.home_lock import alone
from scuderia.config.releases import release, unknown_heads
from scuderia.config.rollback import note_head
from scuderia.config.setup import make_folders, ready_django, set_up

_DRAFT = ".restoring-"
_STAYS = frozenset({"backups", "backups.json", "lost+found"})


class HomeOccupied(Refused):
    """The folder to restore into holds something already, which was left as it is."""

    code = "HOME-005"
    remedy = (
        "Name an empty folder with --home, or add --replace: what is there is set aside in the"
        " folder, not deleted."
    )


@dataclass(frozen=True, slots=True)
class Restored:
    """A home that was put in its place.

    entry   the number of the audit's entry that tells of it
    aside   where what was there before lies now; None where nothing was
    """

    manifest: Manifest
    entry: int
    aside: Path | None


def restore_home(
    home: Home, file: Path, *, replace: bool, pull_brake: bool, tell: Tell
) -> Restored:
    """Put the home of a backup in place, and have its audit and its brake tell of it.

    Nothing of the folder is touched before the backup was read whole and its audit verified.
    To be called once in a process that has not readied Django: it is readied on the new files.

    raises   BackupDamaged, BackupNewer, BackupUnsound, HomeInUse, HomeOccupied, BadInput
    """
    tell("backup", "reading it")
    _refuse_other_databases(check_archive(file))
    with _folder_of(home), alone(home):
        _refuse_occupied(home, replace=replace)
        for left in home.path.glob(f"{_DRAFT}*"):  # by a restore that was killed
            shutil.rmtree(left)
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT, dir=home.path))
        try:
            manifest = unpack_archive(file, draft)
            for name, url in server_databases():
                tell(name, "put into the database")
                restore_dump(draft / name, url)
                (draft / name).unlink()
            entry = _take_up(Home(draft), manifest, pull_brake=pull_brake, tell=tell)
            tell("home", "put in place")
            aside = _put_in_place(home, draft)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return Restored(manifest, entry, aside)


def _take_up(home: Home, manifest: Manifest, *, pull_brake: bool, tell: Tell) -> int:
    """Bring the unpacked home to this release, and say in its audit that it was restored."""
    os.environ["SCUDERIA_HOME"] = str(home.path)
    make_folders(home)
    ready_django()
    from django.db import connections

    if unknown := unknown_heads(dict(manifest.migrations)):
        raise BackupNewer(
            f"made by scuderia {manifest.release} with {', '.join(unknown)}; this is {release()}"
        )
    for stage in set_up(home, keep_before=False)[1:]:
        tell(stage.name, stage.run())
    tell("check", "the audit's chain")
    entry = _told_in_the_audit(owner_of(home), manifest, pull_brake=pull_brake)
    note_head(home)
    connections.close_all()
    return entry


def _told_in_the_audit(owner: Actor, manifest: Manifest, *, pull_brake: bool) -> int:
    from django.db import transaction

    from scuderia.loop.nouns import BrakeScope, PulledBrake
    from scuderia.loop.operations import audit
    from scuderia.loop.ports import registry

    verdict = audit.verify()
    if not verdict.holds:
        raise BackupUnsound(f"the audit of the backup does not hold: {verdict.said}")
    said = f"restored from the backup of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"
    now = registry.clock.now()
    with transaction.atomic():
        entry = audit.record(
            owner,
            "home.restored",
            subject=f"home:{manifest.home_id}",
            at=now,
            reason=f"{said}; what was done since then is not told here",
            detail={
                "backup_of": manifest.made_at.isoformat(),
                "restored_at": SystemClock().now().isoformat(),
                "entries": manifest.entries,
                "head": manifest.head,
                "by_release": manifest.release,
            },
            lineage=frozenset({EVERYTHING}),
        )
    if pull_brake:
        reason = f"{said}: see what was done since then, then let go"
        registry.pulls.pull(PulledBrake(uuid4(), BrakeScope.ALL, "", reason, owner, now))
    return entry


def _refuse_other_databases(manifest: Manifest) -> None:
    """Refuse a backup whose tables or runs were elsewhere, and a database that is not empty."""
    dumped = {part.name for part in manifest.parts} & {TABLES, RUNS}
    named = dict(server_databases())
    for name in sorted(dumped - set(named)):
        raise BadInput(
            f"{name} is of a PostgreSQL database, and none is named for it",
            remedy="Name an empty one with SCUDERIA_DATABASE_URL, or SCUDERIA_RUNS_URL for runs.",
        )
    for name in sorted(set(named) - dumped):
        raise BadInput(
            f"the backup has no {name}: it was made of files of the home",
            remedy="Unset SCUDERIA_DATABASE_URL and SCUDERIA_RUNS_URL.",
        )
    for name, url in named.items():
        if holds_tables(url):
            raise HomeOccupied(
                f"the database for {name} holds tables already",
                remedy="Create an empty database and name that one: nothing in it is replaced.",
            )


@contextmanager
def _folder_of(home: Home) -> Iterator[None]:
    """Make the home's folder where there is none, and leave none behind what fails."""
    made = not home.path.exists()
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if made:
            shutil.rmtree(home.path, ignore_errors=True)
        raise


def _there(home: Home) -> list[Path]:
    """Return what a restore would set aside."""
    return [
        path
        for path in sorted(home.path.iterdir())
        if path.name not in _STAYS
        and not path.name.endswith(".lock")
        and not path.name.startswith((_DRAFT, ASIDE))
    ]


def _refuse_occupied(home: Home, *, replace: bool) -> None:
    there = _there(home)
    if there and not replace:
        raise HomeOccupied(f"{home.path} holds {there[0].name} and more", home=home.path)


def _put_in_place(home: Home, draft: Path) -> Path | None:
    """Set aside what is there and move the draft's files in; in between, nothing starts here."""
    there = _there(home)
    write_private(home.unfinished, "run `scuderia restore` again, with --replace\n")
    folder_to_disk(home.path)
    aside = home.path / f"{ASIDE}{SystemClock().now():%Y%m%dT%H%M%S%fZ}" if there else None
    if aside is not None:
        aside.mkdir(mode=0o700)
        for path in there:
            if path != home.unfinished:
                path.rename(aside / path.name)
    for path in sorted(draft.iterdir()):
        if not path.name.endswith(".lock"):
            path.rename(home.path / path.name)
    folder_to_disk(home.path)
    home.unfinished.unlink()
    folder_to_disk(home.path)
    return aside
