"""`scuderia fleet nodes` and `node`: where each stands, its state and its history."""

from typing import Annotated

import typer

from scuderia.basics.units import format_duration
from scuderia.fleet.commands.options import (
    As,
    AsJson,
    From,
    Site,
    To,
    Token,
    read_instant,
    read_period,
)
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.queries.amendments import list_amendments
from scuderia.fleet.queries.nodes import get_node, get_timeline, list_nodes
from scuderia.loop.commands.command_actor import command_actor
from scuderia.loop.commands.output import print_facts, print_json, print_table
from scuderia.loop.ports import registry

KEY_SHOWN = 12


def nodes(
    site: Site = None,
    at: Annotated[str | None, typer.Option("--at")] = None,
    as_name: As = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """List every node: where it stands, its state and who holds it."""
    asked_at = read_instant(at, "--at") or registry.clock.now()
    board = list_nodes(command_actor(as_name, token), asked_at, site=site)
    if as_json:
        print_json(board.nodes)
        return
    print_table(
        ["node", "rack", "state", "customer", "since", "cause"],
        (
            (row.place.node, row.place.rack, row.state, row.customer, row.since, row.cause)
            for row in board.nodes
        ),
        empty="No node is on the books yet. Import a trace: scuderia fleet import-faults FILE",
    )


def node(
    name: str,
    start: From = None,
    end: To = None,
    as_name: As = "",
    token: Token = "",
    as_json: AsJson = False,
) -> None:
    """Show one node: its state, and what happened to it."""
    actor, period = command_actor(as_name, token), read_period(start, end, None)
    status = get_node(actor, name, registry.clock.now())
    timeline = get_timeline(actor, name, period.start, period.end)
    if as_json:
        corrected = list_amendments(actor, name)
        print_json({"status": status, "timeline": timeline, "amendments": corrected})
        return
    print_facts(
        {
            "node": name,
            "stands": f"{status.place.site} / {status.place.cluster} / {status.place.rack}",
            "state": "records ended" if status.state is NodeState.UNKNOWN else status.state,
            "held by": status.customer or "nobody",
        }
    )
    print_table(
        ["out from", "to", "for", "planned", "cause", "key"],
        (
            (
                row.start,
                row.end,
                format_duration((row.end or period.end) - row.start),
                row.planned,
                row.cause,
                row.source_key[-KEY_SHOWN:],
            )
            for row in timeline.outages
        ),
        empty="It was never out in this period.",
    )
