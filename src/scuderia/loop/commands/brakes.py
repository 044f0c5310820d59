"""`scuderia brake`: stop every agent, or one agent, kind or scope; and let go again."""

from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.errors import BadInput
from scuderia.loop.commands.command_actor import AsJson, Reason, for_actor, now
from scuderia.loop.commands.output import print_done, print_json, print_table
from scuderia.loop.nouns import BrakeScope
from scuderia.loop.operations.brakes import lift_brake, set_brake
from scuderia.loop.queries.brakes import list_brakes

app = typer.Typer(no_args_is_help=True, help="Stop agents at once; undo and un-drain stay open.")

AgentName = Annotated[str, typer.Option(help="Only this agent.")]
KindName = Annotated[str, typer.Option(help="Only this kind of action.")]
ScopeName = Annotated[str, typer.Option(help="Only this scope, kind:name.")]
BY_HAND = "pulled from the command line"
LET_GO = "let go from the command line"


@app.command("on")
@for_actor
def on(
    *,
    agent: AgentName = "",
    kind: KindName = "",
    scope: ScopeName = "",
    reason: Reason = BY_HAND,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Stop everything, or only what is named."""
    what, value = _what(agent, kind, scope)
    set_brake(
        actor=actor,
        scope=what,
        value=value,
        reason=reason or BY_HAND,
        now=now(),
    )
    _report(what, value, on=True, as_json=as_json)


@app.command("off")
@for_actor
def off(
    *,
    agent: AgentName = "",
    kind: KindName = "",
    scope: ScopeName = "",
    reason: Reason = LET_GO,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Let go of the brake on everything, or on what is named."""
    what, value = _what(agent, kind, scope)
    lift_brake(actor=actor, scope=what, value=value, reason=reason or LET_GO, now=now())
    _report(what, value, on=False, as_json=as_json)


@app.command("status")
@for_actor
def status(
    *,
    past: Annotated[bool, typer.Option("--past", help="Lifted brakes too.")] = False,
    actor: Actor,
    as_json: AsJson = False,
) -> None:
    """Show what is stopped, by whom and why."""
    rows = list_brakes(actor, on_only=not past)
    if as_json:
        print_json({"on": any(row.lifted_at is None for row in rows), "brakes": rows})
        return
    print_table(
        ["stops", "which", "by", "since", "reason", "lifted"],
        (
            (row.stops, row.value or "all", row.set_by, row.set_at, row.reason, row.lifted_at)
            for row in rows
        ),
        empty="no brake is on",
    )


def _what(agent: str, kind: str, scope: str) -> tuple[BrakeScope, str]:
    named = {BrakeScope.AGENT: agent, BrakeScope.KIND: kind, BrakeScope.SCOPE: scope}
    given = [(what, value) for what, value in named.items() if value]
    if len(given) > 1:
        raise BadInput("a brake stops one thing", remedy="Give one of --agent, --kind, --scope.")
    return given[0] if given else (BrakeScope.ALL, "")


def _report(what: BrakeScope, value: str, *, on: bool, as_json: bool) -> None:
    words = f"brake {'on' if on else 'off'}: {what.value} {value}".rstrip()
    print_done({"on": on, "stops": what, "value": value}, words, as_json=as_json)
