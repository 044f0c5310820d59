"""`scuderia freeze bundle export`: a signed, expiring file from which a deployer decides alone."""

from pathlib import Path
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.freeze.commands.envelopes import write_whole
from scuderia.freeze.operations.bundle_exports import export_bundle
from scuderia.freeze.queries.asked_updates import read_length
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.output import print_done

app = typer.Typer(add_completion=False)


@app.command()
@for_actor
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    *,
    lasts: Annotated[str, typer.Option(help="How long it may be decided from, e.g. 72h.")] = "72h",
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Issue a bundle of the zones; whoever holds it pins the key that `GET /gate/key` tells."""
    sealed = export_bundle(actor=actor, lasts=read_length(lasts), now=now())
    write_whole(file, sealed)
    words = f"{file} may be decided from for {lasts}: {len(sealed):,} bytes"
    print_done({"file": str(file), "bytes": len(sealed)}, words, as_json=as_json)
