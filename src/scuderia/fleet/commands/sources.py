"""`scuderia fleet sources`: what each source last said, and since when it is silent."""

from scuderia.fleet.queries.sources import list_sources
from scuderia.loop.commands.listing import listing

sources = listing(
    "List the sources, until when each has spoken, and since when it is silent.",
    list_sources,
    {
        "source": lambda row: row.source,
        "spoke until": lambda row: row.spoke_at,
        "silent since": lambda row: row.silent_since or "it answers",
        "nodes": lambda row: row.nodes,
        "error": lambda row: row.error,
    },
    empty="No source was ever read.",
)
