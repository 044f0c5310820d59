"""`scuderia fleet import-faults`: a file of outages, all of it or nothing."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.formats import day
from scuderia.fleet.commands.options import AsJson, read_instant
from scuderia.fleet.operations.import_outages import ImportRequest, OnError, import_outages
from scuderia.loop.commands.command_actor import for_actor, now
from scuderia.loop.commands.output import print_json, say


@for_actor
def import_faults(
    file: Annotated[Path, typer.Argument(help="A StepFun trace, or a table of outages.")],
    *,
    fleet_size: Annotated[int, typer.Option("--fleet-size", help="Nodes in the whole fleet.")],
    site: Annotated[str, typer.Option("--site", help="Where the nodes stand.")] = "imported",
    customer: Annotated[str, typer.Option("--customer", help="Who holds new nodes.")] = "fleet",
    on_error: Annotated[OnError, typer.Option("--on-error")] = OnError.ABORT,
    starts_at: Annotated[
        str | None, typer.Option("--starts-at", help="Day 0 [StepFun: 2024-03-30T00:00:00Z].")
    ] = None,
    ends_at: Annotated[
        str | None, typer.Option("--ends-at", help="Until when the file speaks [last record].")
    ] = None,
    as_json: AsJson = False,
    actor: Actor,
) -> None:
    """Import a file of outages, all of it or nothing; the same file again changes nothing."""
    request = ImportRequest(
        path=file,
        fleet_size=fleet_size,
        site=site,
        customer=customer,
        on_error=on_error,
        starts_at=read_instant(starts_at, "--starts-at"),
        ends_at=read_instant(ends_at, "--ends-at"),
    )
    bar = Progress(
        TextColumn("importing"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),  # a pipe gets the error alone, as one JSON object
    )
    with bar:
        task = bar.add_task("importing", total=None)

        def show(done: int, whole: int) -> None:
            bar.update(task, completed=done, total=whole)

        done = import_outages(request, actor=actor, now=now(), on_progress=show)
    if as_json:
        print_json(done)
        return
    for odd in done.odd:
        say(f"Odd: {odd}")
    if not done.changed:
        say(f"{done.file} is on the books already; nothing changed.")
        return
    say(f"Imported {done.outages} outages from {done.records} records of {done.file}.")
    say(f"{done.fleet_size} nodes at {done.site}, {day(done.starts_at)} to {day(done.ends_at)}.")
    if done.known_before:
        say(f"{done.known_before} outages were on the books before; {done.amended} are amended.")
    if done.kept:
        say(f"{done.kept} stay as a person put them, though the file says otherwise.")
    if done.retracted:
        say(f"{done.retracted} were taken off the books by a person, and stay off.")
    if done.quarantine_file:
        say(f"{done.quarantined} bad records, with reasons: {done.quarantine_file}")
    say("Next: scuderia fleet report")
