"""`scuderia fleet shared-parts`: the switches, power feeds and storage that nodes hang on."""

from scuderia.fleet.queries.shared_part_access import list_shared_parts
from scuderia.loop.commands.command_actor import now
from scuderia.loop.commands.listing import listing

shared_parts = listing(
    "List the switches, feeds and storage, and how many nodes hang on each.",
    lambda actor: list_shared_parts(actor, now()),
    {"part": lambda row: row.part, "nodes": lambda row: row.nodes},
    empty="Nothing is said of what nodes hang on: scuderia fleet node hang NODE switch:S",
)
