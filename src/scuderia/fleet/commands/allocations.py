"""`scuderia fleet allocate`, `deallocate` and `allocations`: who holds which node, and when."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.clock import parse_instant
from scuderia.fleet.commands.options import (
    AsJson,
    DryRun,
    Nodes,
    WhyCorrected,
    read_instant,
)
from scuderia.fleet.operations.allocations import allocate_nodes, deallocate_nodes
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.fleet.queries.allocations import list_allocations
from scuderia.loop.commands.command_actor import for_actor, now
from scuderia.loop.commands.output import print_done, print_rows


@for_actor
def allocate(
    nodes: Nodes,
    *,
    customer: Annotated[str, typer.Option(help="Who is to hold them.")],
    start: Annotated[str, typer.Option("--from", help="The first instant.")],
    end: Annotated[
        str | None, typer.Option("--to", help="The instant after the last; else it lasts.")
    ] = None,
    dry_run: DryRun = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Have a customer hold nodes from an instant on, or over a stretch; all of them or none."""
    done = allocate_nodes(
        actor=actor,
        nodes=expand_nodes(nodes),
        customer=customer,
        start=parse_instant(start, field="--from"),
        end=read_instant(end, "--to"),
        now=now(),
        dry_run=dry_run,
    )
    would = "would hold" if dry_run else "holds"
    print_done(
        {"allocated": done.added, "unchanged": done.unchanged, "dry_run": dry_run},
        f"{customer} {would} {done.added} more nodes; {done.unchanged} it held just so.",
        as_json=as_json,
    )


@for_actor
def deallocate(
    nodes: Nodes,
    *,
    end: Annotated[str, typer.Option("--to", help="The instant after the last it was held.")],
    reason: WhyCorrected = "",
    dry_run: DryRun = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """End what nodes are held by; an end that stood, or a hold that never was, wants a reason."""
    ended = deallocate_nodes(
        actor=actor,
        nodes=expand_nodes(nodes),
        end=parse_instant(end, field="--to"),
        reason=reason,
        now=now(),
        dry_run=dry_run,
    )
    print_done(
        {"ended": ended, "dry_run": dry_run},
        f"{ended} allocations {'would end' if dry_run else 'end'} at {end}.",
        as_json=as_json,
    )


@for_actor
def allocations(
    *,
    customer: Annotated[str | None, typer.Option(help="Only this customer's.")] = None,
    node: Annotated[str | None, typer.Option(help="Only of this node.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 1_000,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """List who held which node, and when."""
    print_rows(
        list_allocations(actor, customer=customer, node=node, limit=limit),
        {
            "node": lambda row: row.node,
            "customer": lambda row: row.customer,
            "from": lambda row: row.start,
            "to": lambda row: row.end or "lasts",
        },
        empty="Nobody holds anything. Allocate nodes: scuderia fleet allocate NODE",
        as_json=as_json,
    )
