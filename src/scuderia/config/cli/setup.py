"""`scuderia setup`: make the home folder ready, and say so stage by stage."""

import json
from typing import Annotated

import typer

from scuderia.config import rollback
from scuderia.config.cli.progress import show_stages
from scuderia.config.home import current_home
from scuderia.config.setup import ready_django, require_set_up, set_up

app = typer.Typer()


@app.command()
def setup(
    *,
    accept_tables: Annotated[
        str, typer.Option(help="Why tables that went back behind this home are right all the same.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Create the home folder, its tables and static files; safe to repeat."""
    home = current_home()
    if accept_tables:
        require_set_up(home)
        ready_django()
        rollback.accept_tables(home, accept_tables)
    stages = show_stages(set_up(home), quiet=as_json)
    if as_json:
        typer.echo(json.dumps({"home": str(home.path), "stages": stages}))
    else:
        typer.echo(f"ready: {home.path}")
