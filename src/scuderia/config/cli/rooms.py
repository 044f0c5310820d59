"""`scuderia rooms`: which rooms there are, and what each of them brings."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from scuderia.basics.rooms import Room
from scuderia.config.rooms import rooms

app = typer.Typer(no_args_is_help=True, help="List the rooms, and what each of them brings.")
PIPE_WIDTH = 200


@app.callback()
def _group() -> None:
    """Stand for the group, so that `list` is typed even while it is alone."""


@app.command("list")
def list_command(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """List the rooms in the order in which they are put together."""
    if as_json:
        typer.echo(json.dumps([brought_by(room) for room in rooms()], indent=2))
        return
    table = Table("room", "pages", "commands", "tasks", "powers", "also", box=None, pad_edge=False)
    for room in rooms():
        brought = brought_by(room)
        table.add_row(
            room.name,
            *(", ".join(brought[part]) or "-" for part in ("nav", "commands", "tasks", "powers")),
            ", ".join(brought["also"]) or "-",
        )
    console = Console()
    console.width = console.width if console.is_terminal else PIPE_WIDTH
    console.print(table)


def brought_by(room: Room) -> dict[str, list[str]]:
    """Return what a room brings, by part, as names; its own name and package are lists of one."""
    also = ("urls", "api", "playbook", "search", "register", "notices", "coming", "clock", "demo")
    return {
        "name": [room.name],
        "package": [room.app],
        "nav": [entry.label for entry in room.nav],
        "places": [place.kind for place in room.places],
        "commands": [command.name for command in room.commands],
        "tasks": [task.name for task in room.tasks],
        "powers": [power.name for power in room.powers],
        "stylesheets": list(room.stylesheets),
        "also": [part for part in also if getattr(room, part)],
    }
