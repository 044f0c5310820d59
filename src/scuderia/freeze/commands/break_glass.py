"""`scuderia freeze break-glass`: let one update through a zone, by two people."""

from typing import Annotated
from uuid import UUID

import typer

from scuderia.basics.actors import Actor
from scuderia.fleet.operations.descriptions import expand_nodes
from scuderia.freeze.nouns import GlassAsked
from scuderia.freeze.operations import break_glass
from scuderia.freeze.queries.asked_updates import read_length, read_update
from scuderia.freeze.queries.break_glass import GlassRow, glass_ids, list_break_glass
from scuderia.loop.commands.command_actor import AsJson, Reason, for_actor, now
from scuderia.loop.commands.ids import full_id
from scuderia.loop.commands.output import cell, print_json, print_rows, say, short

app = typer.Typer(no_args_is_help=True, help="One update through a zone: two people, once.")

GlassId = Annotated[str, typer.Argument(metavar="ID", help="The break-glass's id, or its end.")]


@app.command("request")
@for_actor
def request_command(
    *,
    update_class: Annotated[str, typer.Option(help="firmware, driver, host_os, fabric ...")],
    node: Annotated[list[str], typer.Option(help="A node, or node[001-128]; may be repeated.")],
    start: Annotated[str, typer.Option(help='E.g. "2026-07-24 00:30 America/Los_Angeles".')],
    duration: Annotated[str, typer.Option(help="How long the work takes at most, e.g. 45m.")],
    bake: Annotated[str, typer.Option(help="How long it is watched afterwards.")] = "0s",
    rollback: Annotated[str, typer.Option(help="How long taking it back takes.")] = "0s",
    life: Annotated[
        str, typer.Option("--for", help="When all of it is over, from now on: 5m to 4h.")
    ],
    reason: Reason,
    ticket: Annotated[str, typer.Option(help="Where it is told why.")],
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Ask that one update be let through every zone that stops it; another person approves."""
    update = read_update(
        nodes=expand_nodes(node), update_class=update_class, start=start, duration=duration,
        bake=bake, rollback=rollback,
    )  # fmt: skip
    minutes = int(read_length(life).total_seconds() // 60)
    asked = GlassAsked(update=update, minutes=minutes, reason=reason, ticket=ticket)
    row = break_glass.request_break_glass(actor=actor, asked=asked, now=now())
    _tell(row, "waits for another person until", as_json=as_json)


@app.command("approve")
@for_actor
def approve_command(
    glass: GlassId, *, reason: Reason, actor: Actor, as_json: AsJson = False
) -> None:
    """Say yes to somebody else's."""
    row = break_glass.approve_break_glass(
        actor=actor, glass_id=_id(glass, actor), reason=reason, now=now()
    )
    _tell(row, f"may be used by {row.requested_by} until", as_json=as_json)


@app.command("use")
@for_actor
def use_command(glass: GlassId, *, actor: Actor, as_json: AsJson = False) -> None:
    """Break it, once; then the gate lets exactly this update through until it expires."""
    row = break_glass.use_break_glass(actor=actor, glass_id=_id(glass, actor), now=now())
    _tell(row, "is broken: the gate lets this update through until", as_json=as_json)


@app.command("list")
@for_actor
def list_command(
    *,
    past: Annotated[bool, typer.Option("--past", help="Those that have expired too.")] = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """List them, the last asked for first."""
    print_rows(
        list_break_glass(actor, now(), past=past),
        {
            "break-glass": lambda row: short(row.id),
            "state": lambda row: row.state.value,
            "for": lambda row: row.update_class,
            "nodes": lambda row: len(row.nodes),
            "customers": lambda row: row.customers,
            "from (UTC)": lambda row: row.starts_at,
            "expires (UTC)": lambda row: row.expires_at,
            "by": lambda row: row.requested_by,
            "approved by": lambda row: row.approved_by,
            "ticket": lambda row: row.ticket,
        },
        empty="no glass is broken, or waits for it",
        as_json=as_json,
    )


def _tell(row: GlassRow, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    say(f"break-glass {short(row.id)} {words} {cell(row.expires_at)} UTC")
    say(f"  {row.update_class} on {len(row.nodes):,} nodes of {', '.join(row.customers)}")


def _id(text: str, actor: Actor) -> UUID:
    return full_id(text, lambda: glass_ids(actor), noun="break-glass")
