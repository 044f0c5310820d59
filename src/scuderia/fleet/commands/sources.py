"""`scuderia fleet sources`: what each source last said, and since when it is silent."""

from scuderia.basics.actors import Actor
from scuderia.fleet.commands.options import AsJson
from scuderia.fleet.queries.sources import list_sources
from scuderia.loop.commands.command_actor import for_actor
from scuderia.loop.commands.output import print_rows


@for_actor
def sources(*, actor: Actor, as_json: AsJson = False) -> None:
    """List the sources, until when each has spoken, and since when it is silent."""
    found = list_sources(actor)
    print_rows(
        found,
        {
            "source": lambda row: row.source,
            "spoke until": lambda row: row.spoke_at,
            "silent since": lambda row: row.silent_since or "it answers",
            "nodes": lambda row: row.nodes,
            "error": lambda row: row.error,
        },
        empty="No source was ever read.",
        as_json=as_json,
    )
