"""`scuderia freeze decision`: what the gate answered, and what became of it."""

from typing import Annotated
from uuid import UUID

import typer

from scuderia.basics.actors import Actor
from scuderia.freeze.queries.gate_decisions import GateDecisionRow, get_decision
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.output import cell, print_json, say

app = typer.Typer(add_completion=False)


@app.command()
@for_actor
def decision(
    decision_id: Annotated[UUID, typer.Argument(metavar="ID", help="The decision_id.")],
    *,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Show one answer of the gate: to who asked for it, and to who reads everything."""
    row = get_decision(actor, now(), decision_id)
    if as_json:
        print_json(row)
        return
    _say(row)


def _say(row: GateDecisionRow) -> None:
    what = f"update {row.key}" if row.key else f"{row.update_class or 'a batch'} update"
    word = "allowed" if row.allowed else "refused"
    say(f"{word} at {cell(row.at)} UTC to {row.asked_by}: {what} on {len(row.nodes):,} nodes")
    for one in row.reasons:
        say(f"  zone {one.zone}: {one.words}" if one.zone else f"  {one.words}")
    if row.report is None:
        say("  nothing was reported of how it ended")
        return
    ended = f"{row.report.outcome.value}, ended {cell(row.report.ended_at)} UTC"
    say(f"  {ended}, says {row.report.reported_by}")
