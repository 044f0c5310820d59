"""`scuderia search`: pages and subjects by name, as the search of the control room finds them."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.loop.commands.command_actor import AsJson, for_actor
from scuderia.loop.commands.output import print_json, print_table, say
from scuderia.web.search import HITS_MAX, find

app = typer.Typer(no_args_is_help=True, help="Find pages and subjects by name.")


@app.command("search")
@for_actor
def search(
    text: Annotated[list[str], typer.Argument(help="A name, or words of a title.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=HITS_MAX, help="At most so many.")] = 20,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Find the pages and subjects that the words name and the person may read."""
    found = find(actor, " ".join(text), limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(
        ["title", "kind", "page", "detail"],
        ((hit.title, hit.kind, hit.url, hit.detail) for hit in found.hits),
        empty="nothing that you may read is called that",
    )
    if found.more:
        say("There is more: another word narrows it.")
