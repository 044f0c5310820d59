"""`scuderia serve`: everything on one machine, or one kind of process alone."""

import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Annotated

import typer

from scuderia.config.demo import demo_task_seconds
from scuderia.config.home import Home, current_home
from scuderia.config.processes.home_lock import serving
from scuderia.config.processes.listen import (
    DEFAULT_PORT,
    address,
    await_answer,
    require_free,
    require_loopback,
)
from scuderia.config.processes.parent_watch import watch_by_children, watch_parent
from scuderia.config.processes.sole_copy import refuse_copy, sole_copy
from scuderia.config.processes.supervisor import Supervised, Supervisor
from scuderia.config.setup import require_set_up, require_tables

app = typer.Typer(invoke_without_command=True, help="Serve the control room, until stopped.")

Port = Annotated[int, typer.Option(min=1, max=65535, help="Where the control room listens.")]
Host = Annotated[str, typer.Option(help="The address it listens on.")]
AllowNetwork = Annotated[bool, typer.Option("--allow-network", help="Let other machines reach it.")]
CrewEvery = Annotated[
    float, typer.Option(min=0, help="Seconds between crew rounds; 0 chooses by the home.")
]
CREW_ROUNDS, AUDIT_HEADS = "crew rounds", "export audit head"


@app.callback()
def serve(
    context: typer.Context,
    *,
    port: Port = DEFAULT_PORT,
    host: Host = "127.0.0.1",
    allow_network: AllowNetwork = False,
    crew_every: CrewEvery = 0,
) -> None:
    """Serve pages and run the worker, restarting what crashes, until Ctrl-C or SIGTERM."""
    if context.invoked_subcommand is None:
        home = current_home()
        require_set_up(home)
        serve_everything(home, host, port, allow_network=allow_network, crew_every_s=crew_every)


@app.command("web")
def serve_web(
    *,
    port: Port = DEFAULT_PORT,
    host: Host = "127.0.0.1",
    allow_network: AllowNetwork = False,
) -> None:
    """Serve pages and the JSON API alone."""
    watch_parent()
    require_loopback(host, allow_network=allow_network)
    require_free(host, port)
    home = _ready_home()
    with serving(home), sole_copy(home):
        from scuderia.config.processes.web import run_web

        watch_by_children()
        run_web(host, port)


@app.command("worker")
def serve_worker(*, crew_every: CrewEvery = 0) -> None:
    """Carry out approved actions, poll the fleet and have the crew look; no pages."""
    watch_parent()
    home = current_home()
    require_set_up(home)
    with serving(home):
        _ready_home()
        from scuderia.config.processes.worker import run_worker

        with sole_copy(home):
            run_worker(_task_seconds(home, crew_every))


def serve_everything(
    home: Home,
    host: str,
    port: int,
    *,
    allow_network: bool,
    crew_every_s: float,
    when_open: Callable[[], None] | None = None,
) -> None:
    """Supervise the web and worker processes until told to stop."""
    require_loopback(host, allow_network=allow_network)
    require_free(host, port)
    flags = ["--host", host, "--port", str(port), *(["--allow-network"] if allow_network else [])]
    children = [
        Supervised("web", ["serve", "web", *flags], home),
        Supervised("worker", ["serve", "worker", "--crew-every", str(crew_every_s)], home),
    ]
    supervisor = Supervisor(children, say=_say)

    def greet() -> None:
        if await_answer(host, port, within_s=60, given_up=lambda: supervisor.is_stopping):
            open_word = when_open or (
                lambda: _say(f"the control room is open: {address(host, port)}")
            )
            open_word()
        elif not supervisor.is_stopping:
            _say(f"web: no answer within 60 s; its log: {home.logs / 'web.log'}")

    refuse_copy(home)
    with serving(home):
        threading.Thread(target=greet, name="greet", daemon=True).start()
        supervisor.run()


def _ready_home() -> Home:
    from scuderia.config.setup import ready_django

    home = current_home()
    require_set_up(home)
    os.umask(0o077)
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    ready_django()
    require_tables(home)
    return home


def _task_seconds(home: Home, crew_every_s: float) -> dict[str, float]:
    """Return how often tasks are due here: as asked, else as the demo wants, else as usual."""
    from scuderia.config.head_stores import heads_every

    every_s = heads_every(os.environ).total_seconds()
    seconds = demo_task_seconds(home) | {AUDIT_HEADS: every_s}
    return seconds | {CREW_ROUNDS: crew_every_s} if crew_every_s else seconds


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
