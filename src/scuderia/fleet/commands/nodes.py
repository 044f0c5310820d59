"""`scuderia fleet nodes` and `node`: where each stands, its state and its history."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.units import format_duration
from scuderia.fleet.commands.options import (
    AsJson,
    From,
    Site,
    To,
    read_instant,
    read_period,
)
from scuderia.fleet.nouns import NodeState
from scuderia.fleet.queries.amendments import list_amendments
from scuderia.fleet.queries.nodes import get_node, get_timeline, list_nodes
from scuderia.loop.commands.command_actor import for_actor
from scuderia.loop.commands.output import print_facts, print_json, print_rows, print_table
from scuderia.loop.ports import registry

KEY_SHOWN = 12


@for_actor
def nodes(
    site: Site = None,
    at: Annotated[str | None, typer.Option("--at")] = None,
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """List every node: where it stands, its state and who holds it."""
    asked_at = read_instant(at, "--at") or registry.clock.now()
    board = list_nodes(actor, asked_at, site=site)
    print_rows(
        board.nodes,
        {
            "node": lambda row: row.place.node,
            "rack": lambda row: row.place.rack,
            "state": lambda row: row.state,
            "customer": lambda row: row.customer,
            "since": lambda row: row.since,
            "cause": lambda row: row.cause,
        },
        empty="No node is on the books yet. Import a trace: scuderia fleet import-faults FILE",
        as_json=as_json,
    )


@for_actor
def node(
    name: str,
    start: From = None,
    end: To = None,
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Show one node: its state, and what happened to it."""
    period = read_period(start, end, None)
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
