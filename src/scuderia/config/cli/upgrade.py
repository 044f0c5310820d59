"""`scuderia upgrade`: bring a home to this release, with a backup made first."""

import json
from typing import Annotated

import typer

from scuderia.config.cli.progress import show_stages
from scuderia.config.home import current_home
from scuderia.config.setup import require_set_up, set_up

app = typer.Typer()


@app.command()
def upgrade(
    *,
    keep_before: Annotated[
        bool, typer.Option("--backup/--no-backup", help="Whether a backup is made first.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Back up, then migrate; a home that is of this release already is left as it is."""
    home = current_home()
    require_set_up(home)
    stages = show_stages(set_up(home, keep_before=keep_before), quiet=as_json)
    if as_json:
        typer.echo(json.dumps({"home": str(home.path), "stages": stages}))
    else:
        typer.echo(f"ready: {home.path}")
