"""`scuderia brake`: stop every agent, or one agent, kind or scope; and let go again."""

from collections.abc import Callable
from typing import Annotated

import typer

from scuderia.basics.actors import Actor
from scuderia.basics.errors import BadInput
from scuderia.loop.commands.command_actor import AsJson, Reason, for_actor, handed, now
from scuderia.loop.commands.output import print_done, print_json, print_table
from scuderia.loop.nouns import BrakeScope
from scuderia.loop.operations.brakes import BrakeChange, lift_brake, set_brake
from scuderia.loop.queries.brakes import list_brakes

app = typer.Typer(no_args_is_help=True, help="Stop agents at once; undo and un-drain stay open.")


def _stopped(
    agent: Annotated[str, typer.Option(help="Only this agent.")] = "",
    kind: Annotated[str, typer.Option(help="Only this kind of action.")] = "",
    scope: Annotated[str, typer.Option(help="Only this scope, kind:name.")] = "",
) -> tuple[BrakeScope, str]:
    """Return what a brake stops, everything where nothing is named."""
    named = {BrakeScope.AGENT: agent, BrakeScope.KIND: kind, BrakeScope.SCOPE: scope}
    given = [(what, value) for what, value in named.items() if value]
    if len(given) > 1:
        raise BadInput("a brake stops one thing", remedy="Give one of --agent, --kind, --scope.")
    return given[0] if given else (BrakeScope.ALL, "")


def _pull(says: str, change: BrakeChange, *, on: bool, usually: str) -> Callable[..., None]:
    """Return the command that sets or lifts a brake; `usually`: the reason where none is given."""

    def command(
        *,
        stopped: tuple[BrakeScope, str],
        reason: Reason = usually,
        actor: Actor,
        as_json: AsJson = False,
    ) -> None:
        what, value = stopped
        change(actor=actor, scope=what, value=value, reason=reason or usually, now=now())
        words = f"brake {'on' if on else 'off'}: {what.value} {value}".rstrip()
        print_done({"on": on, "stops": what, "value": value}, words, as_json=as_json)

    command.__doc__ = says
    return for_actor(handed("stopped", _stopped)(command))


app.command("on")(
    _pull(
        "Stop everything, or only what is named.",
        set_brake,
        on=True,
        usually="pulled from the command line",
    )
)
app.command("off")(
    _pull(
        "Let go of the brake on everything, or on what is named.",
        lift_brake,
        on=False,
        usually="let go from the command line",
    )
)


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
