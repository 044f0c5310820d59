"""`scuderia fleet sources`: what each source last said, and since when it is silent."""

from scuderia.fleet.commands.options import As, AsJson, Token
from scuderia.fleet.queries.sources import list_sources
from scuderia.loop.commands.command_actor import command_actor
from scuderia.loop.commands.output import print_json, print_table


def sources(as_name: As = "", token: Token = "", as_json: AsJson = False) -> None:
    """List the sources, until when each has spoken, and since when it is silent."""
    found = list_sources(command_actor(as_name, token))
    if as_json:
        print_json(found)
        return
    print_table(
        ["source", "spoke until", "silent since", "nodes", "error"],
        (
            (row.source, row.spoke_at, row.silent_since or "it answers", row.nodes, row.error)
            for row in found
        ),
        empty="No source was ever read.",
    )
