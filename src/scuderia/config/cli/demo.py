"""`scuderia demo`: set up a living fleet with sixty days of history, and serve it."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.errors import BadInput
from scuderia.basics.rooms import RecordedDemo
from scuderia.config.cli.progress import show_stages
from scuderia.config.cli.serve import Port, serve_everything
from scuderia.config.demo import demo_stages, read_cast
from scuderia.config.home import Home, current_home
from scuderia.config.processes.listen import DEFAULT_PORT, address, require_free

app = typer.Typer()
HOST = "127.0.0.1"


@app.command()
def demo(  # noqa: PLR0913 - Typer's options are arguments
    *,
    port: Port = DEFAULT_PORT,
    speed: Annotated[
        float | None, typer.Option(min=1, max=3600, help="Fleet seconds per second; 60 at first.")
    ] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only set it up.")] = False,
    healthy: Annotated[
        bool, typer.Option("--healthy", help="A fleet that never fails: nothing to propose.")
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option("--from", help="Live through a file of outages: a StepFun trace or a table."),
    ] = None,
    fleet_size: Annotated[
        int | None, typer.Option(help="With --from: nodes of the fleet, spares not counted.")
    ] = None,
    spares: Annotated[int, typer.Option(help="With --from: spare nodes beside the fleet.")] = 12,
    as_of: Annotated[
        str, typer.Option(help="With --from: where time begins, a date or a day of the file.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="With --no-serve: one object.")] = False,
) -> None:
    """Set up a living demo fleet with its crew and cast, and serve it; keeps what is there."""
    home = current_home()
    recorded = _recorded(file, fleet_size, spares, as_of)
    if recorded and healthy:
        raise BadInput(
            "--healthy and --from exclude each other: a recorded fleet fails as it did.",
            remedy="Leave one of them out.",
        )
    if not no_serve:
        require_free(HOST, port)
    stages = show_stages(
        demo_stages(home, speed=speed, healthy=healthy, recorded=recorded), quiet=as_json
    )
    if as_json:
        cast = [{"name": one.name, "role": one.role, "scope": one.scope} for one in read_cast(home)]
        typer.echo(json.dumps({"home": str(home.path), "stages": stages, "cast": cast}))
    elif no_serve:
        _show_cast(home)
    if not no_serve:
        serve_everything(
            home,
            HOST,
            port,
            allow_network=False,
            crew_every_s=0,
            when_open=lambda: _welcome(home, port),
        )


def _recorded(
    file: Path | None, fleet_size: int | None, spares: int, as_of: str
) -> RecordedDemo | None:
    if file is None:
        if fleet_size is not None or as_of:
            raise BadInput(
                "--fleet-size and --as-of belong to --from.", remedy="Name a file: --from FILE."
            )
        return None
    if fleet_size is None:
        raise BadInput(
            f"{file.name} names only nodes that failed.",
            remedy="Give the size of the whole fleet: --fleet-size 400.",
        )
    if not file.is_file():
        raise BadInput(f"There is no file {file}.", remedy="Give a StepFun trace or a table.")
    return RecordedDemo(file.resolve(), fleet_size, spares, as_of)


def _welcome(home: Home, port: int) -> None:
    sys.stdout.write(f"\nScuderia is open: {address(HOST, port)}\n")
    _show_cast(home)
    sys.stdout.write("Stop with Ctrl-C; `make demo` takes it up again where it stopped.\n")
    sys.stdout.flush()


def _show_cast(home: Home) -> None:
    sys.stdout.write("Sign in as one of the demo cast:\n")
    for one in read_cast(home):
        sys.stdout.write(f"  {one.name:<6} {one.password:<17} {one.role:<9} {one.full_name}\n")
    sys.stdout.write(f"(kept in {home.path / 'demo-cast.json'}, for you alone)\n")
    sys.stdout.flush()
