"""`scuderia datasets release`: a project's items with what is believed of each, as a folder."""

from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.datasets.operations.project_releases import ReleaseAsked, release_project
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.output import print_json, say

app = typer.Typer(help="Release a project.")


@app.command("datasets release")
@for_actor
def release(
    name: Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")],
    *,
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    label: Annotated[str, typer.Option(help="What people call it.")] = "1",
    min_judgments: Annotated[
        int | None, typer.Option(min=1, help="That an item must have; else the project's number.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="Whom to believe; auto is chosen on gold or on votes held out.")
    ] = "auto",
    license_id: Annotated[str, typer.Option("--license", help="E.g. cc-by-4.0.")] = "other",
    creator: Annotated[str, typer.Option(help="Who answers for it.")] = "",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Write a release whole or not at all; from the same books it is the same, byte for byte."""
    asked = ReleaseAsked(
        label=label, min_judgments=min_judgments, method=method, license=license_id, creator=creator
    )
    done = release_project(actor=actor, name=name, folder=out, asked=asked, now=now())
    if as_json:
        print_json(done)
        return
    written = done.release
    say(f"{written.version}: {written.rows:,} rows in {written.files} files, {written.folder}")
    if done.left_out:
        say(f"{done.left_out:,} items have too few judgments and are left out.")
    if not written.is_new:
        say("The very same release lay there already.")
    say(f"Check it: scuderia datasets verify {written.folder}")
