"""`scuderia restore`: the home of a backup in an empty folder, or in the place of another."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from scuderia.config.backups.restoring import restore_home
from scuderia.config.cli.progress import tell_steps
from scuderia.config.home import current_home

app = typer.Typer()


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    *,
    home_folder: Annotated[
        Path | None, typer.Option("--home", help="Where to; else as for every command.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Set aside what is there, within the folder.")
    ] = False,
    brake: Annotated[
        bool, typer.Option(help="Pull the brake on everything until a person lets go of it.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Verify a backup, put its home in place, and say in its audit that it was restored."""
    if home_folder is not None:
        os.environ["SCUDERIA_HOME"] = str(home_folder.expanduser().resolve())
    home = current_home()
    with tell_steps(quiet=as_json) as tell:
        done = restore_home(home, file, replace=replace, pull_brake=brake, tell=tell)
    os.environ["SCUDERIA_HOME"] = str(home.path)
    if as_json:
        told = {
            "home": str(home.path),
            "backup_of": done.manifest.made_at.isoformat(),
            "entry": done.entry,
            "aside": str(done.aside) if done.aside else None,
            "brake": brake,
        }
        typer.echo(json.dumps(told))
        return
    typer.echo(f"restored: {home.path}, as of {done.manifest.made_at:%Y-%m-%d %H:%M:%S} UTC")
    typer.echo(f"  audit entry {done.entry} tells of it; what was done since then is not there")
    if done.aside:
        typer.echo(f"  what was there before lies in {done.aside}")
    if brake:
        typer.echo("  the brake is on: look, then `scuderia brake off --reason ...`")
