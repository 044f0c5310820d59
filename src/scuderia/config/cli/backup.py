"""`scuderia backup`: one verified file of the whole home, made while it is served."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from scuderia.config.backups.archive import check_archive
from scuderia.config.backups.making import make_backup
from scuderia.config.backups.manifest import Manifest
from scuderia.config.cli.progress import tell_steps
from scuderia.config.home import current_home

app = typer.Typer()


@app.command()
def backup(
    target: Annotated[
        Path | None,
        typer.Argument(help="A folder, or a new file ending in .tar; else the home's `backups`."),
    ] = None,
    *,
    check: Annotated[
        Path | None, typer.Option(help="Make none: read this one from end to end.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a backup of the home, hot and as of one instant, and verify it."""
    if check is not None:
        _show(check, check_archive(check), as_json=as_json)
        return
    home = current_home()
    with tell_steps(quiet=as_json) as tell:
        made = make_backup(home, target or home.backups, tell=tell)
    _show(made.file, made.manifest, as_json=as_json)


def _show(file: Path, manifest: Manifest, *, as_json: bool) -> None:
    if as_json:
        facts = {**asdict(manifest), "made_at": manifest.made_at.isoformat()}
        typer.echo(json.dumps({"file": str(file), **facts}))
        return
    held = f"{len(manifest.parts)} parts, {manifest.size / (1 << 20):.1f} MiB"
    chain = "the audit was not verified: migrations waited" if manifest.waiting else "verified"
    typer.echo(f"{file}: {held}, {manifest.entries} audit entries, {chain}")
