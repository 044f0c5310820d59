"""`scuderia backup`: one verified file of the whole home, made while it is served."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.clock import SystemClock
from scuderia.config.backups.archive import check_archive
from scuderia.config.backups.making import make_backup
from scuderia.config.backups.manifest import Manifest
from scuderia.config.backups.records import BackupRecord, record_good
from scuderia.config.backups.schedule import (
    backup_folder,
    make_scheduled,
    read_schedule,
    require_timely,
    told,
)
from scuderia.config.cli.progress import tell_steps
from scuderia.config.home import current_home
from scuderia.config.processes.parent_watch import watch_parent

app = typer.Typer()


@app.command()
def backup(
    target: Annotated[
        Path | None,
        typer.Argument(help="A folder, or a new file ending in .tar; else SCUDERIA_BACKUPS."),
    ] = None,
    *,
    check: Annotated[
        Path | None, typer.Option(help="Make none: read this one from end to end.")
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Make none: say how old the last good one is.")
    ] = False,
    scheduled: Annotated[
        bool, typer.Option("--scheduled", help="Make the one that is due, and remove old ones.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a backup of the home, hot and as of one instant, and verify it."""
    home, schedule = current_home(), read_schedule(os.environ)
    if check is not None:
        _show(check, check_archive(check), as_json=as_json)
    elif status:
        _show_status(require_timely(home, schedule, now=SystemClock().now()), as_json=as_json)
    else:
        watch_parent()
        with tell_steps(quiet=as_json) as tell:
            if scheduled and schedule is not None:
                made = make_scheduled(home, schedule, tell=tell)
            else:
                made = make_backup(home, target or backup_folder(home, os.environ), tell=tell)
                record_good(home, str(made.file), made_at=made.manifest.made_at)
        _show(made.file, made.manifest, as_json=as_json)


def _show_status(record: BackupRecord, *, as_json: bool) -> None:
    words = told(record, now=SystemClock().now())
    typer.echo(json.dumps({**asdict(record), "told": words}) if as_json else words)


def _show(file: Path, manifest: Manifest, *, as_json: bool) -> None:
    if as_json:
        facts = {**asdict(manifest), "made_at": manifest.made_at.isoformat()}
        typer.echo(json.dumps({"file": str(file), **facts}))
        return
    held = f"{len(manifest.parts)} parts, {manifest.size / (1 << 20):.1f} MiB"
    chain = "the audit was not verified: migrations waited" if manifest.waiting else "verified"
    typer.echo(f"{file}: {held}, {manifest.entries} audit entries, {chain}")
