"""`scuderia freeze decision`: what the gate answered, and what became of it."""

from typing import Annotated
from uuid import UUID

import typer

from scuderia.basics.actors import Actor
from scuderia.freeze.commands.envelopes import OF, ByOwnWord, Out, Signed, deliver
from scuderia.freeze.operations.envelopes import sealed_decision
from scuderia.freeze.queries.gate_decisions import GateDecisionRow, get_decision
from scuderia.loop.commands.command_actor import AsJson, for_actor, now
from scuderia.loop.commands.output import cell, say

app = typer.Typer(cls=ByOwnWord, no_args_is_help=True, add_completion=False)


@app.callback()
def decision() -> None:
    """Show an answer of the gate (`decision ID`), or check a signed one (`decision verify`)."""


@app.command(OF)
@for_actor
def of_decision(
    decision_id: Annotated[UUID, typer.Argument(metavar="ID", help="The decision_id.")],
    *,
    out: Out = None,
    envelope: Signed = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Show one answer of the gate: to who asked for it, and to who reads everything."""
    at = now()
    deliver(
        lambda: sealed_decision(actor=actor, decision_id=decision_id, now=at),
        lambda: get_decision(actor, at, decision_id),
        _say,
        out=out,
        signed=envelope,
        as_json=as_json,
    )


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
